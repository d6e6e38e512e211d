/* `parley journal`: works on the files, whether a server runs on them or not. */
#ifndef PARLEY_PROGRAMS_PARLEY_JOURNAL_H
#define PARLEY_PROGRAMS_PARLEY_JOURNAL_H

#include "programs/parley/call.h"

enum exit_code act_journal_verify(struct call *call);
enum exit_code act_journal_export(struct call *call);
enum exit_code act_journal_tail(struct call *call);
enum exit_code act_journal_stats(struct call *call);

#endif
