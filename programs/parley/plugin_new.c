/* A new plugin's folder: small, whole, and passing its test from the start. What is written stands in templates/. */
#include <errno.h>
#include <fcntl.h>
#include <parley/plugin.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json_write.h"
#include "programs/parley/actions.h"

enum { NAME_MOST = 40 };

static const struct {
    const char *name, *text;
} templates[] = {
#include "programs/parley/templates.inc"
};

/* Where each of them goes; @ is the plugin's name. */
static const struct {
    const char *template, *path;
} files[] = {
    {"plugin.json", "plugin.json"}, {"plugin.c", "@.c"},
    {"plugin_test.c", "@_test.c"},  {"widget.js", "web/@.js"},
    {"meson.build", "meson.build"}, {"README.md", "README.md"},
    {"gitignore", ".gitignore"},
};

static const char *template_named(const char *name) {
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (!strcmp(templates[i].name, name)) return templates[i].text;
    return NULL;
}

/* It becomes a file's name, a part of a custom element's and of URLs. */
static bool is_name(const char *name) {
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n && n <= NAME_MOST && !name[n] && name[0] >= 'a' && name[0] <= 'z' && name[n - 1] != '-';
}

/* "product-wishes" is "Product wishes". */
static const char *title_of(struct call *call, const char *name) {
    char *title = arena_cstr(&call->arena, text_of(name));
    for (char *c = title; *c; c++)
        if (*c == '-') *c = ' ';
    title[0] = (char)(title[0] - 'a' + 'A');
    return title;
}

static const char *value_of(struct call *call, struct text key, const char *name) {
    if (text_is(key, "NAME")) return name;
    if (text_is(key, "TITLE")) return title_of(call, name);
    if (text_is(key, "ABI")) return arena_printf(&call->arena, "%d, %d", PARLEY_ABI_MAJOR, PARLEY_ABI_MINOR).at;
    return NULL;
}

/* The text with its @NAMES@ filled in. */
static void fill_in(struct call *call, const char *text, const char *name, struct buffer *out) {
    for (struct text rest = text_of(text), before, key, after; rest.n;) {
        const char *value = NULL;
        bool found = text_cut(rest, '@', &before, &rest);
        buffer_text(out, before);
        if (found && text_cut(rest, '@', &key, &after)) value = value_of(call, key, name);
        if (value) {
            buffer_cstr(out, value);
            rest = after;
        } else if (found)
            buffer_byte(out, '@');
    }
}

static int write_file(const char *path, struct text bytes, struct error *error) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool whole = fd >= 0 && write(fd, bytes.at, bytes.n) == (ssize_t)bytes.n;
    int code = whole ? 0 : error_set(error, ERR_IO, "%s cannot be written: %m", path);
    if (fd >= 0) close(fd);
    return code;
}

static int write_files(struct call *call, const char *folder, const char *name, struct json_writer *w,
                       struct error *error) {
    int code = 0;
    for (size_t i = 0; !code && i < sizeof files / sizeof *files; i++) {
        struct text before, after;
        bool named = text_cut(text_of(files[i].path), '@', &before, &after);
        struct text file =
            arena_printf(&call->arena, "%.*s%s%.*s", TEXT_ARGS(before), named ? name : "", TEXT_ARGS(after));
        struct buffer out = {0};
        fill_in(call, template_named(files[i].template), name, &out);
        code = write_file(arena_printf(&call->arena, "%s/%s", folder, file.at).at, buffer_view(&out), error);
        buffer_free(&out);
        json_text(w, file);
    }
    return code;
}

static int make_folders(struct call *call, const char *folder, struct error *error) {
    if (mkdir(folder, 0755) != 0) {
        if (errno == EEXIST)
            return error_set(error, ERR_CONFLICT, "%s is there already; nothing was written. --dir says another place",
                             folder);
        return error_set(error, ERR_IO, "%s cannot be made: %m", folder);
    }
    const char *web = arena_printf(&call->arena, "%s/web", folder).at;
    return mkdir(web, 0755) == 0 ? 0 : error_set(error, ERR_IO, "%s cannot be made: %m", web);
}

static void tell(struct call *call, const char *name, const char *folder, struct text files_json) {
    if (call->output == OUTPUT_TABLE) {
        printf("%s is a plugin that says hello. Look at %s/%s.c, then:\n\n"
               "  cd %s\n"
               "  parley plugin test   # builds it and runs its test\n"
               "  parley plugin dev    # runs it on a server for development, again after each save\n",
               folder, folder, name, folder);
        return;
    }
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "name", text_of(name));
    json_put_text(&w, "folder", text_of(folder));
    json_put_raw(&w, "files", files_json);
    json_close_object(&w);
    show(call, buffer_view(&out));
    buffer_free(&out);
}

enum exit_code act_plugin_new(struct call *call) {
    const char *name = call_argument(call, "NAME"), *folder = call_flag(call, "--dir");
    struct buffer list = {0};
    struct json_writer w;
    struct error error = {0};
    if (!is_name(name)) {
        fprintf(stderr,
                "parley: '%s' is no name for a plugin: lower-case letters, digits and hyphens, a letter first, at most "
                "%d\n",
                name, NAME_MOST);
        return EXIT_USAGE;
    }
    if (!folder) folder = name;
    json_writer_init(&w, &list);
    json_open_array(&w);
    int code = make_folders(call, folder, &error);
    if (!code) code = write_files(call, folder, name, &w, &error);
    json_close_array(&w);
    if (code)
        fprintf(stderr, "parley: %s\n", error.detail);
    else
        tell(call, name, folder, buffer_view(&list));
    buffer_free(&list);
    return !code ? EXIT_OK : code == ERR_CONFLICT ? EXIT_CONFLICT : EXIT_FAILED;
}
