/* `parley recommendations`: how good they are, on files or on the shop's own past; and the catalogue that they are made from. */
#ifndef PARLEY_PROGRAMS_PARLEY_RECOMMENDATIONS_H
#define PARLEY_PROGRAMS_PARLEY_RECOMMENDATIONS_H

#include "programs/parley/call.h"

enum exit_code
recommendations_evaluate(struct call *call);              /* --train and --test, --file, or neither: the server's own */
enum exit_code recommendations_import(struct call *call); /* a CSV file or Shopify's product JSON, a part at a time */

#endif
