/* An item as it is told: its row of the catalogue, and why it is there, as a code, the item that speaks for it, and an English sentence. */
#include <math.h>

#include "plugins/recommendations/recommendations.h"

static const struct {
    const char *by, *sentence;
} reasons[] = {
    [REASON_LOOKED] = {"looked", "Because you looked at {}"},
    [REASON_BOUGHT] = {"bought", "Because you bought {}"},
    [REASON_ALIKE] = {"alike", "Often looked at with {}"},
    [REASON_TOGETHER] = {"together", "Often bought with {}"},
    [REASON_POPULAR] = {"popular", "Popular with other customers"},
};

static parley_text name_of(parley_call *c, int64_t item, parley_text *sku) {
    *sku = (parley_text){0};
    if (item == 0) return (parley_text){0};
    int row = parley_sql(c, "SELECT sku, coalesce(title, sku) FROM item WHERE id = $1", item);
    if (row <= 0) return (parley_text){0};
    *sku = parley->col_text(c, 0);
    return parley->col_text(c, 1);
}

/* Six digits: a float has no more. */
static double rounded(double score) {
    return round(score * 1e6) / 1e6;
}

void offer_write(parley_call *c, const struct offer *offer, parley_json items) {
    parley_text about, name = name_of(c, offer->about, &about);
    const enum reason why = name.at ? offer->reason : REASON_POPULAR;
    const char *sentence = parley_format(c, reasons[why].sentence, name), *by = reasons[offer->reason].by;
    int row = parley_sql(c,
                         "SELECT sku, title, category, url, image, price, currency, price IS NULL FROM item"
                         " WHERE id = $1",
                         offer->item);
    if (row <= 0) return; /* the log says why: items are never deleted */
    parley_value price = PARLEY_VALUE(NULL);
    if (!parley->col(c, 7)) price = PARLEY_VALUE(parley->col_double(c, 5));
    if (parley->staff(c) && offer->together)
        parley_append(c, items, "{sku, score, by, about, aboutTitle, reason, title, category, together, lift}",
                      parley->col_text(c, 0), rounded(offer->score), by, about, name, sentence, parley->col_text(c, 1),
                      parley->col_text(c, 2), offer->together, offer->lift);
    else
        parley_append(
            c, items, "{sku, score, by, about, aboutTitle, reason, title, category, url, image, price, currency}",
            parley->col_text(c, 0), rounded(offer->score), by, about, name, sentence, parley->col_text(c, 1),
            parley->col_text(c, 2), parley->col_text(c, 3), parley->col_text(c, 4), price, parley->col_text(c, 6));
}

int offers_reply(parley_call *c, const char *list, parley_json items, int64_t trained) {
    parley->count(c, parley->length(items) ? "answers" : "empty_answers", 1);
    if (!trained) return parley_reply(c, 200, "{list, items, trainedAt: null}", list, items);
    return parley_reply(c, 200, "{list, items, trainedAt}", list, items, (parley_time){trained});
}

bool popular_wanted(parley_call *c) {
    return !parley_same(parley->text(parley->get(parley->settings(c), "fallback")), PARLEY_TEXT("none"));
}
