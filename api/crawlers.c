#include "api/crawlers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buffer.h"

static const char built_in[] =
#include "api/crawlers_built_in.inc"
    ;

enum { WORD_MOST = 64 };

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}
/* Product names as browsers and crawlers write them; everything else stands between words. */
static bool in_word(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool is_word(struct text t) {
    for (size_t i = 0; i < t.n; i++)
        if (!in_word(t.at[i])) return false;
    return t.n > 0 && t.n <= WORD_MOST;
}

static int read_file(struct buffer *out, const char *path, struct error *error) {
    FILE *file = fopen(path, "re");
    if (!file) return error_set(error, ERR_IO, "bots.file: cannot read %s: %s", path, strerror(errno));
    size_t got;
    do {
        got = fread(buffer_reserve(out, 4096), 1, 4096, file);
        out->n += got;
    } while (got);
    int rc = ferror(file) ? error_set(error, ERR_IO, "bots.file: cannot read %s", path) : 0;
    fclose(file);
    return rc;
}

/* Each line's word into the map. `lines` outlives the map. */
static int add_lines(struct crawlers *crawlers, struct text lines, struct error *error) {
    static char present;
    struct text line, comment;
    for (int number = 1; lines.n; number++) {
        text_cut(lines, '\n', &line, &lines);
        text_cut(line, '#', &line, &comment);
        line = text_trim(line);
        if (!line.n) continue;
        if (!is_word(line))
            return error_set(error, ERR_INVALID, "bots.file, line %d: '%.*s' is not one word of at most %d letters",
                             number, TEXT_ARGS(line), WORD_MOST);
        map_put(&crawlers->known, line, &present);
    }
    return 0;
}

int crawlers_open(struct crawlers *crawlers, const char *file, struct error *error) {
    struct buffer words = {0};
    size_t n;
    *crawlers = (struct crawlers){0};
    int rc = *file ? read_file(&words, file, error) : 0;
    size_t own = words.n; /* first, so that its lines are numbered as in the file */
    buffer_cstr(&words, "\n");
    buffer_cstr(&words, built_in);
    crawlers->words = buffer_take(&words, &n);
    for (size_t i = 0; i < n; i++) crawlers->words[i] = lower(crawlers->words[i]);
    if (rc == 0) rc = add_lines(crawlers, text_n(crawlers->words, own), error);
    if (rc == 0) rc = add_lines(crawlers, text_n(crawlers->words + own, n - own), error);
    return rc;
}

void crawlers_close(struct crawlers *crawlers) {
    map_free(&crawlers->known);
    free(crawlers->words);
    *crawlers = (struct crawlers){0};
}

static bool known(const struct crawlers *crawlers, struct text word) {
    char lowered[WORD_MOST];
    if (word.n > sizeof lowered) return false;
    for (size_t i = 0; i < word.n; i++) lowered[i] = lower(word.at[i]);
    for (size_t i = 1; i <= word.n; i++)
        if ((i == word.n || lowered[i] == '-') && map_get(&crawlers->known, text_n(lowered, i))) return true;
    return false;
}

bool crawlers_match(const struct crawlers *crawlers, struct text user_agent) {
    for (size_t i = 0, from; i < user_agent.n; i++) {
        for (from = i; i < user_agent.n && in_word(user_agent.at[i]); i++)
            ;
        if (i > from && known(crawlers, text_n(user_agent.at + from, i - from))) return true;
    }
    return false;
}
