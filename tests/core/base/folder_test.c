#include <criterion/criterion.h>
#include <errno.h>

#include "core/base/folder.h"

Test(folder, one_that_is_there_is_synced_and_one_that_is_not_says_so) {
    cr_expect_eq(folder_sync("/tmp"), 0);
    cr_expect_eq(folder_sync("/tmp/no such folder"), -1);
    cr_expect_eq(errno, ENOENT);
    cr_expect_eq(folder_sync_of("/tmp/whatever"), 0);
    cr_expect_eq(folder_sync_of("here"), 0);
    cr_expect_eq(folder_sync_of("/at-the-root"), 0);
    cr_expect_eq(folder_sync_of("/tmp/no such folder/whatever"), -1);
}
