/* The files that come with Parley, as bytes in the program: console, demo shop, embed script, openapi.yaml. Made by
 * tools/embed-web. */
#ifndef PARLEY_API_PUBLIC_WEB_H
#define PARLEY_API_PUBLIC_WEB_H

struct web_file {
    const char *name;                 /* "console/index.html" */
    const char *bytes, *packed, *end; /* as it is, up to `packed`; by gzip, up to `end` */
};
extern const struct web_file web_files[]; /* a NULL name ends it */

#endif
