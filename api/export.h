/* Everything Parley holds of a customer, as one JSON document that is sent while it is read: keys, traits, preferences, contacts, what each
 * plugin holds (retired ones too), and every row of the journal. Loop thread. */
#ifndef PARLEY_API_EXPORT_H
#define PARLEY_API_EXPORT_H

#include "api/app.h"

/* Answers the request. `keys` are of one person, the first names her; they live as long as the request. */
void export_reply(struct request *request, const struct text *keys, size_t n);

#endif
