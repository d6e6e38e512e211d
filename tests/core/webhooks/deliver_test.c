#include "core/webhooks/deliver.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "core/base/secret.h"

static bool is_public(const char *address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) return deliver_is_public((struct sockaddr *)&v4);
    cr_assert_eq(inet_pton(AF_INET6, address, &v6.sin6_addr), 1, "%s", address);
    return deliver_is_public((struct sockaddr *)&v6);
}

/* The example of the specification's reference libraries. */
Test(deliver, a_signature_is_that_of_standard_webhooks) {
    char signature[DELIVER_SIGNATURE_ROOM];
    secret_init();
    cr_assert(deliver_sign(signature, TEXT("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), TEXT("msg_p5jXN8AQM9LWM0D4loKWxJek"),
                           1614265330, TEXT("{\"test\": 2432232314}")));
    cr_expect_str_eq(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    cr_expect_not(deliver_sign(signature, TEXT("not base64!"), TEXT("id"), 1, TEXT("{}")));
}

Test(deliver, addresses_inside_are_not_public_however_they_are_written) {
    static const char *const inside[] = {
        "127.0.0.1",   "0.0.0.0",   "10.1.2.3",   "100.64.0.1",  "169.254.169.254", "172.16.0.1",      "172.31.255.255",
        "192.168.1.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1",       "255.255.255.255", "::1",
        "::",          "fe80::1",   "fd00::1",    "ff02::1",     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2001:db8::1", "2001::1",
    };
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) cr_expect_not(is_public(inside[i]), "%s", inside[i]);
    static const char *const outside[] = {"1.1.1.1",         "172.32.0.1",     "100.128.0.1", "192.0.3.1",
                                          "2606:4700::1111", "::ffff:1.1.1.1", "2a00::1"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) cr_expect(is_public(outside[i]), "%s", outside[i]);
}

Test(deliver, an_address_is_http_without_a_user) {
    static const char *const wrong[] = {"", "shop.example", "ftp://shop.example", "https://u:p@shop.example/",
                                        "https://"};
    struct error error = {0};
    cr_expect_eq(deliver_check_url(TEXT("https://shop.example:8443/hook?x=1"), &error), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (struct error){0};
        cr_expect_lt(deliver_check_url(text_of(wrong[i]), &error), 0, "%s", wrong[i]);
    }
}
