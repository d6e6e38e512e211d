#include "core/plugins/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

bool sealed(int fd) {
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & SEALS) == SEALS;
}

static int above(int fd, int least) {
    if (fd < 0 || fd >= least) return fd;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, least);
    close(fd);
    return copy;
}

static int fill(int copy, int file) {
    struct stat what;
    off_t from = 0;
    if (fstat(file, &what) != 0) return -1;
    while (from < what.st_size) {
        ssize_t n = sendfile(copy, file, &from, (size_t)(what.st_size - from));
        if (n == 0) errno = EIO; /* it was cut short meanwhile */
        if (n <= 0) return -1;
    }
    return fcntl(copy, F_ADD_SEALS, SEALS);
}

int sealed_copy(int file, int least) {
    int copy = above(memfd_create("parley-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING), least);
    if (copy < 0 || fill(copy, file) == 0) return copy;
    int why = errno;
    close(copy);
    errno = why;
    return -1;
}
