/* Where everything of ABI 1.0 lies, by the header that this is compiled with: once by that of 1.0, once by today's. */
#include "tests/abi/layout.h"

#include <parley/plugin.h>

#define FROZEN(type)         {"sizeof(" #type ")", sizeof(type), 0},
#define MEMBER(type, member) {#type "." #member, offsetof(type, member), sizeof(((type *)0)->member)},
#define VALUE(name)          {#name, (size_t)(name), 0},

static const struct layout all[] = {
#include "tests/abi/1.0/layout.inc"
};

const struct layout *LAYOUT_NAME(size_t *n) {
    *n = sizeof all / sizeof *all;
    return all;
}
