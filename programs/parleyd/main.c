/* parleyd: reads its configuration, opens what it keeps, serves, and ends in order. Wiring only. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cors.h"
#include "core/base/secret.h"
#include "programs/parleyd/parleyd.h"

extern char **environ;

static int complain(const struct error *error) {
    fprintf(stderr, "parleyd: %s\n", error->detail);
    return error->code == ERR_INVALID ? 2 : 1;
}

static void print(struct buffer *out) {
    fwrite(out->at, 1, out->n, stdout);
    buffer_free(out);
}

/* "GET /admin/v1/features/{key} manager,analyst,agent 0", a line for each. Role admin, which may do everything, is not named. */
static void print_routes(struct buffer *out) {
    for (size_t i = 0; i < api_tables_n; i++)
        for (const struct route *r = api_tables[i]; r->handle; r++) {
            buffer_printf(out, "%s %s ", method_names[r->method], r->template);
            size_t before = out->n;
            for (unsigned role = ROLE_ADMIN << 1; role <= ROLE_BROWSER; role <<= 1)
                if (r->roles & role) buffer_printf(out, "%s%s", out->n > before ? "," : "", role_name((enum role)role));
            if (out->n == before) buffer_cstr(out, r->roles ? "admin" : "-");
            buffer_printf(out, " %zu\n", r->max_body);
        }
}

/* --version, --help, --print-routes, --print-config, --check-config: true where that was all that was asked for. */
static bool asked_to_print(const struct config *config) {
    struct buffer out = {0};
    if (config_flag(config, "version"))
        buffer_cstr(&out, "parleyd " PARLEY_VERSION "\n");
    else if (config_flag(config, "help"))
        config_help(&parleyd_schema, &out);
    else if (config_flag(config, "print-routes"))
        print_routes(&out);
    else if (config_flag(config, "print-config"))
        config_print(config, &out);
    else if (config_flag(config, "check-config"))
        buffer_cstr(&out, "the configuration is right\n");
    else
        return false;
    print(&out);
    return true;
}

/* That the files of keys can be read: later they are read again each time. */
static int check_keys(const struct config *config, struct error *error) {
    struct trust trust;
    struct trust_options options = options_trust(config);
    int rc = secret_init() < 0 ? ERR_INTERNAL : trust_load(&trust, &options, error);
    if (rc == 0) trust_free(&trust);
    return rc;
}

/* What loading alone cannot see: values that only make sense together. */
static int check(const struct config *config, struct log *log, struct error *error) {
    char host[256];
    int port;
    size_t token = strlen(config_text(config, "admin-token"));
    int rc = options_log(config, log, error);
    if (rc == 0) rc = options_listen(config, host, sizeof host, &port, error);
    if (rc == 0 && token > 0 && token < TOKEN_LEAST)
        rc = error_set(error, ERR_INVALID, "admin-token: it has %zu characters; at least %d", token, TOKEN_LEAST);
    struct steer_rules rules;
    if (rc == 0) rc = options_steer(config, &rules, error);
    if (rc == 0) rc = cors_check(text_of(config_text(config, "cors.origins")), error);
    if (rc == 0) rc = check_keys(config, error);
    int64_t ring = config_size(config, "exposures.ring");
    if (rc == 0 && (ring & (ring - 1)))
        rc = error_set(error, ERR_INVALID, "exposures.ring = %lld: it must be a power of two", (long long)ring);
    return rc;
}

int main(int argc, char **argv) {
    struct config config = {0};
    struct error error = {0};
    struct log log;
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    /* One heap that does not give back and take again what groups of events come and go with: each time would interrupt
     * the other core. */
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    int rc = config_load(&config, &parleyd_schema, argc, argv, environ, &error);
    if (rc == 0 && !config_flag(&config, "help")) rc = check(&config, &log, &error);
    int status = 0;
    if (rc < 0)
        status = complain(&error);
    else if (!asked_to_print(&config))
        status = parleyd_run(&config, &log, argv[0]);
    config_free(&config);
    return status;
}
