/* `parley demo setup`: what the demo shop puts on trial. What is there already stays as it is. */
#ifndef PARLEY_PROGRAMS_PARLEY_DEMO_H
#define PARLEY_PROGRAMS_PARLEY_DEMO_H

#include "programs/parley/call.h"

enum exit_code demo_setup(struct call *call);

#endif
