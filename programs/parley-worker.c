/* parley-worker: runs one plugin release. parleyd starts it as `parley-worker --channel FD`; nobody else does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plugins/worker.h"

int main(int argc, char **argv) {
    char *end;
    long fd = argc == 3 && strcmp(argv[1], "--channel") == 0 ? strtol(argv[2], &end, 10) : -1;
    if (fd < 3 || *end) {
        fputs("parley-worker is started by parleyd: parley-worker --channel FD\n", stderr);
        return 2;
    }
    return worker_run((int)fd);
}
