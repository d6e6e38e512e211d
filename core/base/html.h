/* The one escaper for all HTML that Parley writes. Any thread. */
#ifndef PARLEY_CORE_BASE_HTML_H
#define PARLEY_CORE_BASE_HTML_H

#include "core/base/buffer.h"

/* `text` as it stands between tags or in a quoted attribute. Control characters that XML has no place for become blanks. */
void html_escape(struct buffer *out, struct text text);
/* The address is one of http or https, or a path of this server ("/a", not "//a" or "/\a"): fit for href and src once it is escaped. */
bool html_link_safe(struct text address);

#endif
