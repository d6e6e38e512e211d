#include "core/plugins/worker_library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/plugins/elf.h"
#include "core/plugins/sealed.h"
#include "core/plugins/worker_route.h"

/* A descriptor and its tables as ABI 1.0 had them: nothing smaller can be right. */
enum {
    DESCRIPTOR_LEAST = offsetof(struct parley_plugin, rolled_back) + sizeof(void *),
    ROUTE_LEAST = offsetof(struct parley_route, handle) + sizeof(void *),
    MIGRATION_LEAST = offsetof(struct parley_migration, script) + sizeof(void *),
};

static int check_abi(const struct parley_plugin *p, struct error *error) {
    if (p->magic != PARLEY_MAGIC)
        return error_set(error, ERR_INVALID,
                         "parley_plugin_v1 has the wrong magic 0x%08x: it is not made by PARLEY_PLUGIN()", p->magic);
    if (p->abi_major != PARLEY_ABI_MAJOR || p->abi_minor > PARLEY_ABI_MINOR)
        return error_set(error, ERR_INVALID, "it needs plugin ABI %d.%d; this Parley has %d.%d", p->abi_major,
                         p->abi_minor, PARLEY_ABI_MAJOR, PARLEY_ABI_MINOR);
    if (p->size < DESCRIPTOR_LEAST || p->size > sizeof *p)
        return error_set(error, ERR_INVALID, "its descriptor has %u bytes; ABI %d.%d has %zu", p->size, p->abi_major,
                         p->abi_minor, sizeof *p);
    if (p->route_size < ROUTE_LEAST || p->migration_size < MIGRATION_LEAST)
        return error_set(error, ERR_INVALID, "its routes or migrations have the wrong size (%d, %d bytes)",
                         p->route_size, p->migration_size);
    return 0;
}

/* The bundle's version, or for a development release of it, as 1.2.0-dev.7, that without the last part: it is the seventh build on the
 * way to 1.2.0, and the code says where it is going. */
static bool is_version(struct text bundle, const char *said) {
    struct text number = bundle;
    while (number.n && number.at[number.n - 1] >= '0' && number.at[number.n - 1] <= '9') number.n--;
    if (number.n < bundle.n && text_ends(number, TEXT("-dev.")) && text_is(text_n(number.at, number.n - 5), said))
        return true;
    return text_is(bundle, said);
}

static int check_names(const struct parley_plugin *p, struct text name, struct text version, struct error *error) {
    if (!name.at && p->name && p->version) return 0;
    if (!p->name || !text_is(name, p->name))
        return error_set(error, ERR_INVALID, "it calls itself '%s'; the bundle says '%.*s'",
                         p->name ? p->name : "(nothing)", TEXT_ARGS(name));
    if (!p->version || !is_version(version, p->version))
        return error_set(error, ERR_INVALID, "its version is '%s'; the bundle says '%.*s'",
                         p->version ? p->version : "(nothing)", TEXT_ARGS(version));
    return 0;
}

static int check_callbacks(const struct parley_plugin *p, struct error *error) {
    if (!p->host)
        return error_set(error, ERR_INVALID, "it has no place for the host's table: PARLEY_PLUGIN(..., &parley)");
    if (!p->export_customer)
        return error_set(error, ERR_INVALID,
                         "it has no export_customer: a customer could not see what it holds about her");
    if (!p->forget_customer)
        return error_set(error, ERR_INVALID, "it has no forget_customer: a customer could not have her data erased");
    if (p->subscribes_n && !p->on_event)
        return error_set(error, ERR_INVALID, "it subscribes to events but has no on_event");
    return 0;
}

/* Anybody's route is nobody else's: it has no customer, and trusts nobody. */
static bool audience_valid(int audience) {
    return audience == PARLEY_HOOK || (audience & (PARLEY_SHOPPER | PARLEY_STAFF) && !(audience & PARLEY_HOOK));
}

static int check_tables(const struct parley_plugin *p, struct error *error) {
    for (size_t i = 0; i < p->routes_n; i++) {
        const struct parley_route *route = (const void *)((const char *)p->routes + i * p->route_size);
        if (!route->method || !route_template_valid(route->path) || !route->handle || !audience_valid(route->audience))
            return error_set(error, ERR_INVALID,
                             "route %zu (%s) lacks a method, a valid path, an audience or a function", i,
                             route->path ? route->path : "no path");
    }
    int before = 0;
    for (size_t i = 0; i < p->migrations_n; i++) {
        const struct parley_migration *migration = (const void *)((const char *)p->migrations + i * p->migration_size);
        if (migration->number <= before || !migration->script)
            return error_set(error, ERR_INVALID, "migration %d is out of order or has no script", migration->number);
        before = migration->number;
    }
    return 0;
}

int library_seal(int fd, struct error *error) {
    if (sealed(fd)) return 0;
    int copy = sealed_copy(fd, 0);
    bool moved = copy >= 0 && dup2(copy, fd) == fd;
    int code = moved ? 0 : error_set(error, ERR_IO, "its library cannot be copied into memory: %m");
    if (copy >= 0) close(copy);
    return code;
}

int library_check(int fd, struct text also, struct error *error) {
    struct stat what;
    struct elf elf;
    struct error wrong = {0};
    if (!sealed(fd) || fstat(fd, &what) != 0)
        return error_set(error, ERR_INVALID, "its library is no sealed file in memory");
    size_t n = (size_t)what.st_size;
    void *bytes = n ? mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    if (bytes == MAP_FAILED) return error_set(error, ERR_IO, "its library cannot be mapped: %m");
    int code = elf_read(&elf, text_n(bytes, n), &wrong);
    if (code == 0) code = elf_allow(&elf, also, &wrong);
    if (code) error_set(error, code, "its library %s", wrong.detail);
    if (bytes) munmap(bytes, n);
    return code;
}

int library_load(struct parley_plugin *plugin, int fd, struct text name, struct text version, struct error *error) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    /* Called directly: uv_dlopen is RTLD_LAZY, and a missing symbol would then show in the middle of a request. */
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) return error_set(error, ERR_INVALID, "it does not load: %s", dlerror());
    const struct parley_plugin *found = dlsym(object, "parley_plugin_v1");
    if (!found)
        return error_set(error, ERR_INVALID,
                         "it has no symbol parley_plugin_v1: it is not a plugin, or for another major ABI");
    return library_take(plugin, found, name, version, error);
}

int library_take(struct parley_plugin *plugin, const struct parley_plugin *found, struct text name, struct text version,
                 struct error *error) {
    int rc = check_abi(found, error);
    if (rc < 0) return rc;
    *plugin = (struct parley_plugin){0};
    memcpy(plugin, found, found->size);
    rc = check_names(plugin, name, version, error);
    if (rc == 0) rc = check_callbacks(plugin, error);
    if (rc == 0) rc = check_tables(plugin, error);
    return rc;
}
