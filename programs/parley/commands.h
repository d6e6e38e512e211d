/* The commands as a table: reading it is reading the command line. Help and suggestions come out of it. */
#ifndef PARLEY_PROGRAMS_PARLEY_COMMANDS_H
#define PARLEY_PROGRAMS_PARLEY_COMMANDS_H

#include "programs/parley/call.h"

extern const struct command commands[]; /* by resource; one without a resource ends it */

/* The command of these words and how many of them name it (1 or 2). NULL where there is none. */
const struct command *command_find(int argc, char **argv, int *words);
bool command_is_resource(const char *word);
/* The word of the table that is nearest to what was typed, among resources, or among a resource's verbs where it is
 * not NULL. NULL where none is near. */
const char *command_nearest(const char *resource, const char *typed);

/* All resources; a resource's commands (false where there is no such resource); one command. */
void help_all(FILE *out);
bool help_resource(const char *resource, FILE *out);
void help_command(const struct command *command, FILE *out);

#endif
