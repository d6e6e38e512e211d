/* What a visitor of the crowd does. Tastes differ, most look and leave, a few take part: about as in a shop. Who was asked for an opinion
 * is somewhat more likely to buy, so that the demo's trial has something to find. */
#include "programs/parley/crowd.h"

static const struct ware wares[] = {
    {"HT-101", "Breakwater enamel mug", "mug", 18, "Does the handle stay cool with hot tea?",
     "It does, I hold it without a cloth."},
    {"HT-102", "Thistle wool throw", "throw", 120, "Can it be washed at home?",
     "By hand and cold, and it comes out fine."},
    {"HT-103", "Pierhead storm lantern", "lantern", 64, "Does it really stay lit in wind?",
     "It stood on our boat all October and never went out."},
    {"HT-104", "Oat and sea-salt soap", "soap", 9.5, "Is it gentle enough for children?", "Ours use it every day."},
    {"HT-105", "Haar stoneware teapot", "teapot", 72, "How many mugs does it fill?", "Three large ones, or four cups."},
    {"HT-106", "Creel log basket", "basket", 58, "Will it hold a whole bag of logs?",
     "A bag and a half, if you stack them."},
    {"HT-107", "Heather honey", "honey", 12, "Is it very strong?", "Dark and a little bitter; start with a spoon."},
    {"HT-108", "Pair of beeswax candles", "candles", 16, "Do they drip?", "Hardly, if you keep the wick short."},
};
enum { WARES = sizeof wares / sizeof *wares };

/* What each taste looks at; the rest of the shop now and then. */
static const size_t tastes[][3] = {{0, 4, 6}, {2, 7, 1}, {3, 1, 5}, {6, 3, 7}};
enum { TASTES = sizeof tastes / sizeof *tastes };

static const char *const titles[] = {"Breakfast outside", "The long evenings", "For the boat", "A present for Ailsa",
                                     "Rainy Sundays"};
static const char *const seconds[] = {"Same here, no complaints.", "I can only agree.",
                                      "It does the job, and looks good doing it."};
static const char *const remarks[] = {"Lovely together.", "I have the mug: it lasts.", "Add the candles!",
                                      "Where do you put the logs?"};
static const char *const messages[] = {"When does the next boat go?", "Can I change the address of my order?",
                                       "Do you have the throw in green too?",
                                       "The lid of my teapot has a crack. What now?"};
#define ONE_OF(crowd, list) (list)[crowd_pick((crowd), sizeof(list) / sizeof *(list))]

static const struct ware *choose(struct crowd *crowd, size_t taste) {
    return &wares[crowd_chance(crowd) < 0.8 ? tastes[taste][crowd_pick(crowd, 3)] : crowd_pick(crowd, WARES)];
}

static bool likely(struct crowd *crowd, double p) {
    return crowd_chance(crowd) < p;
}

static const char *body_of(struct crowd *crowd, const char *member, const char *text) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, text_of(member));
    json_text(&w, text_of(text));
    json_close_object(&w);
    const char *body = arena_cstr(&crowd->arena, buffer_view(&out));
    buffer_free(&out);
    return body;
}

/* ---- polls ---- */

/* Votes in the first poll about the product, each product with a favourite of its own. */
static void vote(struct crowd *crowd, const struct ware *ware) {
    const char *path = arena_printf(&crowd->arena, "/v1/features/product-poll/polls?about=sku:%s", ware->sku).at;
    if (!crowd_send(crowd, "GET", path, NULL)) return;
    const struct json *json = &crowd->answer;
    json_at poll = json_first(json, json_get(json, 0, TEXT("items")));
    json_at options = json_get(json, poll, TEXT("options")), option = json_first(json, options);
    if (option == JSON_NONE) return;
    while (likely(crowd, 0.45) && json_after(json, options, option) != JSON_NONE)
        option = json_after(json, options, option);
    path = arena_printf(&crowd->arena, "/v1/features/product-poll/polls/%s/vote", crowd_text(crowd, poll, "id")).at;
    const char *body =
        arena_printf(&crowd->arena, "{\"options\":[\"%s\"]}", crowd_text(crowd, option, "key")).at; /* keys are plain */
    crowd->votes += crowd_send(crowd, "PUT", path, body);
}

/* The product's page: the view, the trial's poll. */
static void look_at(struct crowd *crowd, const struct ware *ware) {
    crowd_track(crowd, "Product Viewed", ware);
    const char *body = arena_printf(&crowd->arena, "{\"context\":{\"targetingKey\":\"%s\"}}", crowd->who)
                           .at; /* made of plain letters */
    if (!crowd_send(crowd, "POST", "/ofrep/v1/evaluate/flags/product-poll", body)) return;
    if (!text_is(text_of(crowd_text(crowd, 0, "value")), "top")) return;
    crowd->asked_for_opinion = true;
    if (likely(crowd, 0.55)) vote(crowd, ware);
}

/* ---- questions ---- */

static const struct ware *ware_of(const char *sku) {
    for (size_t i = 0; i < WARES; i++)
        if (!strcmp(wares[i].sku, sku)) return &wares[i];
    return NULL;
}

/* What was put to her, because she bought it. */
static void answer_what_is_asked(struct crowd *crowd) {
    if (!crowd_send(crowd, "GET", "/v1/features/product-questions/asks", NULL)) return;
    json_at ask = json_first(&crowd->answer, json_get(&crowd->answer, 0, TEXT("items")));
    if (ask == JSON_NONE) return;
    const struct ware *ware = ware_of(crowd_text(crowd, ask, "sku"));
    const char *id = crowd_text(crowd, ask, "id");
    bool skips = !ware || likely(crowd, 0.3);
    const char *path =
        arena_printf(&crowd->arena, "/v1/features/product-questions/questions/%s/%s", id, skips ? "skip" : "answers")
            .at;
    if (skips)
        crowd_send(crowd, "POST", path, "{}");
    else
        crowd->answers += crowd_send(
            crowd, "POST", path, body_of(crowd, "body", likely(crowd, 0.5) ? ware->answer : ONE_OF(crowd, seconds)));
}

static void ask(struct crowd *crowd, const struct ware *ware) {
    const char *body = arena_printf(&crowd->arena, "{\"sku\":\"%s\",\"body\":\"%s\"}", ware->sku, ware->question).at;
    crowd->questions += crowd_send(crowd, "POST", "/v1/features/product-questions/questions", body);
}

/* ---- boards ---- */

static void pin(struct crowd *crowd, const char *board, const struct ware *ware) {
    const char *path = arena_printf(&crowd->arena, "/v1/features/boards/boards/%s/items", board).at;
    const char *body = arena_printf(&crowd->arena,
                                    "{\"kind\":\"product\",\"sku\":\"%s\",\"title\":\"%s\",\"price\":%g,"
                                    "\"currency\":\"EUR\",\"image\":\"/shop/pictures/%s.svg\"}",
                                    ware->sku, ware->name, ware->price, ware->picture)
                           .at;
    crowd_send(crowd, "POST", path, body);
}

static void make_board(struct crowd *crowd, size_t taste) {
    const char *body =
        arena_printf(&crowd->arena, "{\"title\":\"%s\",\"visibility\":\"public\"}", ONE_OF(crowd, titles)).at;
    if (!crowd_send(crowd, "POST", "/v1/features/boards/boards", body)) return;
    const char *board = crowd_text(crowd, json_get(&crowd->answer, 0, TEXT("board")), "id");
    crowd->boards++;
    for (size_t i = 0; i < 3; i++) pin(crowd, board, choose(crowd, taste));
}

static void comment(struct crowd *crowd) {
    if (!crowd_send(crowd, "GET", "/v1/features/boards/boards?public=1&limit=1", NULL)) return;
    json_at board = json_first(&crowd->answer, json_get(&crowd->answer, 0, TEXT("items")));
    if (board == JSON_NONE) return;
    const char *path =
        arena_printf(&crowd->arena, "/v1/features/boards/boards/%s/comments", crowd_text(crowd, board, "id")).at;
    crowd->comments += crowd_send(crowd, "POST", path, body_of(crowd, "body", ONE_OF(crowd, remarks)));
}

/* ---- a visit ---- */

static void shop(struct crowd *crowd, size_t taste) {
    const struct ware *basket[3];
    size_t n = 0, looked = 1 + crowd_pick(crowd, 3);
    for (size_t i = 0; i < looked; i++) {
        const struct ware *ware = choose(crowd, taste);
        look_at(crowd, ware);
        if (!likely(crowd, crowd->asked_for_opinion ? 0.34 : 0.22)) continue;
        crowd_track(crowd, "Product Added", ware);
        if (likely(crowd, 0.06))
            crowd_track(crowd, "Product Removed", ware);
        else
            basket[n++] = ware;
    }
    if (n > 0 && likely(crowd, 0.6)) crowd_track_order(crowd, basket, n);
}

void crowd_visit(struct crowd *crowd) {
    size_t taste = crowd_pick(crowd, TASTES);
    crowd_send(crowd, "GET", "/v1/pages/home", NULL);
    shop(crowd, taste);
    answer_what_is_asked(crowd);
    if (likely(crowd, 0.05)) ask(crowd, choose(crowd, taste));
    if (likely(crowd, 0.05)) make_board(crowd, taste);
    if (likely(crowd, 0.05)) comment(crowd);
    if (likely(crowd, 0.02))
        crowd->messages += crowd_send(crowd, "POST", "/v1/features/home-talk/messages",
                                      body_of(crowd, "body", ONE_OF(crowd, messages)));
}
