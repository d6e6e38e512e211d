/* Where everything of an ABI lies, by the header that this is compiled with: once by that of its day, once by today's. */
#include "tests/abi/layout.h"

#include <parley/plugin.h>

#define FROZEN(type)         {"sizeof(" #type ")", sizeof(type), 0},
#define MEMBER(type, member) {#type "." #member, offsetof(type, member), sizeof(((type *)0)->member)},
#define VALUE(name)          {#name, (size_t)(name), 0},

static const struct layout all[] = {
#include LAYOUT_LIST
};

const struct layout *LAYOUT_NAME(size_t *n) {
    *n = sizeof all / sizeof *all;
    return all;
}
