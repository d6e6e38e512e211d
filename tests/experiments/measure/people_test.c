/* Whose an event is: keys that are one person, staff's word, other units than the targeting key. */
#include "tests/experiments/measure/scene.h"

TestSuite(measure_people, .init = folder_make, .fini = folder_remove);

Test(measure_people, an_anonymous_key_and_the_customer_it_turns_out_to_be_are_one_unit) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("cookie", "top", T + 1));
    trial_send(&t, trial_event("cookie", "Pinned", T + 2, NULL));
    order("anna", T + 3, "{\"revenue\":7}");
    expect(T + 60, TOP, 1, 0, 0, 1);
    identify("anna", "cookie", T + 4);
    expect(T + 60, TOP, 1, 1, 7, 1);
    order("anna", T + 5, "{\"revenue\":1}");
    trial_send(&t, trial_exposure("anna", "top", T + 6));
    expect(T + 60, TOP, 1, 1, 8, 1);
    trial_close(&t);
}

Test(measure_people, a_person_who_met_one_variant_under_each_key_is_in_no_figure) {
    trial_open(&t, &plain);
    trial_send(&t, trial_exposure("cookie", "top", T + 1));
    trial_send(&t, trial_exposure("anna", "off", T + 2));
    expect(T + 60, TOP, 1, 0, 0, 0);
    identify("anna", "cookie", T + 4);
    expect(T + 60, TOP, 0, 0, 0, 0);
    expect(T + 60, OFF, 0, 0, 0, 0);
    trial_close(&t);
}

Test(measure_people, two_known_customers_are_never_joined) {
    trial_open(&t, &plain);
    struct journal_record known = trial_event("ben", "Pinned", T, NULL);
    known.flags = JOURNAL_KNOWN;
    trial_send(&t, known);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    trial_send(&t, trial_exposure("ben", "off", T + 1));
    identify("anna", "ben", T + 4);
    expect(T + 60, TOP, 1, 0, 0, 0);
    expect(T + 60, OFF, 1, 0, 0, 0);
    identify("anna", "shared tablet", T + 5);
    identify("ben", "shared tablet", T + 6);
    trial_send(&t, trial_event("shared tablet", "Pinned", T + 7, NULL));
    expect(T + 60, TOP, 1, 0, 0, 1);
    expect(T + 60, OFF, 1, 0, 0, 0);
    trial_close(&t);
}

Test(measure_people, what_staff_merged_is_one_unit_and_what_it_parted_is_two_again) {
    trial_open(&t, &plain);
    for (int i = 0; i < 2; i++) {
        struct journal_record known = trial_exposure(i ? "ben" : "anna", "top", T + 1 + i);
        known.flags = JOURNAL_KNOWN;
        trial_send(&t, known);
    }
    order("ben", T + 9, "{\"revenue\":5}");
    struct journal_record r = trial_event("anna", "", T + 10, NULL);
    r.kind = JOURNAL_ALIAS;
    r.actor = JOURNAL_STAFF;
    r.flags = JOURNAL_KNOWN;
    r.other = TEXT("ben");
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 1, 5, 0);
    identify("ben", "tablet", T + 11);
    order("tablet", T + 12, "{\"revenue\":1}");
    expect(T + 60, TOP, 1, 1, 6, 0);
    r.kind = JOURNAL_PART;
    trial_send(&t, r);
    order("ben", T + 13, "{\"revenue\":100}");
    expect(T + 60, TOP, 2, 2, 106, 0);
    trial_close(&t);
}

Test(measure_people, a_trial_by_user_does_not_see_anonymous_events) {
    static const struct trial_definition by_user = {EXPERIMENT(",\"unit\":\"userId\""), METRICS, T, 0};
    trial_open(&t, &by_user);
    trial_send(&t, trial_exposure("anna", "top", T + 1));
    struct journal_record r = trial_event("anna", "Pinned", T + 2, NULL);
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 0, 0, 0);
    r.flags = JOURNAL_KNOWN;
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_send(&t, trial_exposure("anna", "top", T)); /* again, from the journal */
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_close(&t);
}

Test(measure_people, a_trial_by_product_joins_events_by_their_property) {
    static const struct trial_definition by_sku = {EXPERIMENT(",\"unit\":\"sku\""), METRICS, T, 0};
    trial_open(&t, &by_sku);
    trial_send(&t, trial_event("anna", "Pinned", T + 5, "{\"sku\":\"85123A\"}"));
    trial_send(&t, trial_event("ben", "Pinned", T + 6, "{\"sku\":\"85123A\"}"));
    trial_send(&t, trial_event("ben", "Pinned", T + 7, NULL));
    trial_send(&t, trial_exposure("85123A", "top", T + 6));
    expect(T + 60, TOP, 1, 0, 0, 0);
    struct journal_record r = trial_event("cleo", "Pinned", T + 8, NULL);
    r.body = TEXT("{\"context\":{\"units\":{\"sku\":\"85123A\"}}}");
    trial_send(&t, r);
    expect(T + 60, TOP, 1, 0, 0, 1);
    trial_send(&t, trial_exposure("85123A", "top", T + 5));
    expect(T + 60, TOP, 1, 0, 0, 2);
    trial_close(&t);
}
