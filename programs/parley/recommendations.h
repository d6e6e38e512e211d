/* `parley recommendations`: how good they are, on files or on the shop's own past. */
#ifndef PARLEY_PROGRAMS_PARLEY_RECOMMENDATIONS_H
#define PARLEY_PROGRAMS_PARLEY_RECOMMENDATIONS_H

#include "programs/parley/call.h"

enum exit_code
recommendations_evaluate(struct call *call); /* --train and --test, --file, or neither: the server's own */

#endif
