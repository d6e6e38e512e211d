/* These numbers are in journals and checkpoints on disk: a change here breaks every installation. */
#include "core/base/unit.h"

#include <criterion/criterion.h>

Test(unit, ids_are_frozen_for_ever) {
    static const char digits[] = "0123456789";
    char long_text[251] = {0};
    for (int i = 0; i < 250; i++) long_text[i] = digits[i % 10];
    const struct {
        const char *text;
        struct unit_id id;
    } vectors[] = {
        /* The first two are XXH3_128bits' published values for seed 0; lengths fall into each of its ranges. */
        {"", {0x6001c324468d497fu, 0x99aa06d3014798d8u}},
        {"a", {0xe6c632b61e964e1fu, 0xa96faf705af16834u}},
        {"customer-1", {0x7c39b98932813f85u, 0x1334ec0bff0e8007u}},
        {"Größe-Ü", {0x4e3b0fe0afdc53cdu, 0xee24c2d312bb36eau}},
        {"f47ac10b-58cc-4372-a567-0e02b2c3d479", {0xbae3aaa3af2008ddu, 0xaa0ef5570042d8fcu}},
        {long_text, {0xbaa80fc00b9b7d9eu, 0xec863ff84637195du}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        cr_expect(unit_eq(unit_of(text_of(vectors[i].text)), vectors[i].id), "%s", vectors[i].text);
}

Test(unit, only_the_bytes_count) {
    char padded[] = "xxcustomer-1yy";
    cr_expect(unit_eq(unit_of(text_n(padded + 2, 10)), unit_of(TEXT("customer-1"))));
    cr_expect_not(unit_eq(unit_of(TEXT("customer-1")), unit_of(TEXT("Customer-1"))));
    cr_expect_not(unit_eq(unit_of(TEXT("customer-1")), unit_of(TEXT("customer-1 "))));
}

Test(unit, no_text_is_the_empty_text) {
    cr_expect(unit_eq(unit_of(TEXT_NONE), unit_of(TEXT(""))));
}
