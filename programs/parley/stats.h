/* `parley stats`. */
#ifndef PARLEY_PROGRAMS_PARLEY_STATS_H
#define PARLEY_PROGRAMS_PARLEY_STATS_H

/* argv[0] is "stats". Reads one request or an array of them as JSON from stdin, writes the answers to stdout as one
 * line. Returns the exit status: 0 answered (a wrong request within an array is answered in its place), 1 the input
 * is not JSON, its only request is wrong, or reading or writing failed, 2 usage. */
int command_stats(int argc, char **argv);

#endif
