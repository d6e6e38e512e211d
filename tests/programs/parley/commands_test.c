#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "programs/parley/commands.h"

static const struct command *find(const char *first, const char *second, int *words) {
    char *argv[] = {(char *)(uintptr_t)first, (char *)(uintptr_t)second};
    return command_find(second ? 2 : 1, argv, words);
}

Test(commands, are_found_by_resource_and_verb_or_by_one_word) {
    int words = 0;
    cr_assert_str_eq(find("features", "kill", &words)->path, "/admin/v1/features/{KEY}/kill");
    cr_assert_eq(words, 2);
    cr_assert_str_eq(find("evaluate", "anna", &words)->path, "/admin/v1/evaluate");
    cr_assert_eq(words, 1);
    cr_assert_null(find("features", NULL, &words));
    cr_assert_null(find("features", "explode", &words));
}

Test(commands, plugin_is_its_own_plural) {
    int words = 0;
    cr_assert_eq(find("plugins", "activate", &words), find("plugin", "activate", &words));
    cr_assert(command_is_resource("plugins"));
    cr_assert_str_eq(command_nearest("plugins", "activat"), "activate");
}

Test(commands, near_misses_are_suggested) {
    cr_assert_str_eq(command_nearest(NULL, "feature"), "features");
    cr_assert_str_eq(command_nearest(NULL, "experimnets"), "experiments");
    cr_assert_str_eq(command_nearest("experiments", "strat"), "start");
    cr_assert_null(command_nearest(NULL, "bananas"));
}

/* A table's mistake shows when somebody first types the command; this types all of them. */
Test(commands, every_place_in_a_path_is_an_argument_of_its_command) {
    for (const struct command *c = commands; c->resource; c++) {
        cr_assert(c->help && *c->help && c->run, "%s %s", c->resource, c->verb);
        for (const char *at = c->path ? strchr(c->path, '{') : NULL; at; at = strchr(at + 1, '{')) {
            char name[32] = "";
            sscanf(at, "{%31[^}]}", name);
            cr_assert(strstr(c->arguments, name), "%s %s: {%s} is no argument", c->resource, c->verb, name);
        }
    }
}

Test(commands, no_two_have_the_same_words) {
    for (const struct command *a = commands; a->resource; a++)
        for (const struct command *b = a + 1; b->resource; b++)
            cr_assert(strcmp(a->resource, b->resource) || !a->verb || !b->verb || strcmp(a->verb, b->verb), "%s %s",
                      a->resource, a->verb);
}

Test(commands, help_names_each_of_them) {
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    help_all(out);
    fflush(out);
    for (const struct command *c = commands; c->resource; c++) {
        cr_assert(strstr(text, c->resource), "%s", c->resource);
        if (c->verb) cr_assert(strstr(text, c->verb), "%s %s", c->resource, c->verb);
    }
    fclose(out);
    free(text);
}
