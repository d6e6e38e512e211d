#include "core/base/html.h"

#include <criterion/criterion.h>

static const char *escaped(const char *text) {
    static struct buffer out;
    buffer_clear(&out);
    html_escape(&out, text_of(text));
    buffer_byte(&out, '\0');
    return out.at;
}

Test(html, what_means_something_in_html_is_text_between_tags_and_in_attributes) {
    cr_expect_str_eq(escaped("<a href='x' title=\"y\">&amp;</a>"),
                     "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;&lt;/a&gt;");
    cr_expect_str_eq(escaped("Grüße\n\tvon 3 \x01\x7f Tieren"), "Grüße\n\tvon 3    Tieren");
    cr_expect_str_eq(escaped(""), "");
}

Test(html, links_lead_to_http_or_to_paths_of_this_server) {
    static const char *const safe[] = {"https://a.example/b?c=1", "http://a.example", "/shop/x.html?y=%20", "/"};
    static const char *const unsafe[] = {"",
                                         "javascript:alert(1)",
                                         "//evil.example",
                                         "/\\evil.example",
                                         "https://",
                                         " https://a.example",
                                         "data:text/html,x",
                                         "https://a.example/ b",
                                         "x",
                                         "JAVASCRIPT:alert(1)",
                                         "/a\tb"};
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) cr_expect(html_link_safe(text_of(safe[i])), "%s", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        cr_expect_not(html_link_safe(text_of(unsafe[i])), "%s", unsafe[i]);
}
