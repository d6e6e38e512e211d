#include "experiments/measure/keys.h"

#include <stdlib.h>

#include "core/base/memory.h"

void keys_free(struct keys *keys) {
    unit_map_free(&keys->index);
    free(keys->rows);
    *keys = (struct keys){0};
}

void keys_resize(struct keys *keys, uint32_t n) {
    if (n > keys->room) {
        size_t room = keys->room ? keys->room : 1024;
        while (room < n) room *= 2;
        keys->rows = memory_grow(keys->rows, room * sizeof *keys->rows);
        keys->room = (uint32_t)room;
    }
    keys->n = n;
}

void keys_reindex(struct keys *keys) {
    unit_map_free(&keys->index);
    unit_map_reserve(&keys->index, keys->n);
    for (uint32_t i = 0; i < keys->n; i++)
        if (keys->rows[i].id.lo || keys->rows[i].id.hi) unit_map_put(&keys->index, keys->rows[i].id, i + 1);
}

uint32_t keys_find_or_add(struct keys *keys, struct unit_id id) {
    uint64_t at = unit_map_get(&keys->index, id);
    if (at) return (uint32_t)(at - 1);
    uint32_t i = keys->n;
    keys_resize(keys, i + 1);
    keys->rows[i] = (struct key_row){.id = id, .newest = INT64_MIN, .leader = i, .next = KEY_NONE};
    unit_map_put(&keys->index, id, i + 1);
    return i;
}

int64_t keys_see(struct keys *keys, uint32_t key, int64_t seq, int64_t at) {
    struct key_row *leader = &keys->rows[keys->rows[key].leader];
    int64_t before = leader->newest;
    keys->rows[key].last = seq;
    if (at > before) leader->newest = at;
    return before;
}

/* `other` was never joined, or is the leader of members of its own. Members hang in one list behind their leader. */
bool keys_join(struct keys *keys, uint32_t known, uint32_t other, enum keys_word word) {
    struct key_row *o = &keys->rows[other];
    uint32_t leader = keys->rows[known].leader;
    if (o->leader == leader || o->leader != other || (o->known && word != KEYS_STAFF_SAYS)) return false;
    struct key_row *l = &keys->rows[leader];
    uint32_t last = other;
    for (uint32_t i = other; i != KEY_NONE; i = keys->rows[i].next) {
        keys->rows[i].leader = leader;
        last = i;
    }
    keys->rows[last].next = l->next;
    l->next = other;
    if (o->newest > l->newest) l->newest = o->newest;
    return true;
}

bool keys_part(struct keys *keys, uint32_t a, uint32_t b) {
    uint32_t leader = keys->rows[a].leader, leaves = a == leader ? b : a;
    if (a == b || keys->rows[b].leader != leader) return false;
    uint32_t before = leader;
    while (keys->rows[before].next != leaves) before = keys->rows[before].next;
    keys->rows[before].next = keys->rows[leaves].next;
    keys->rows[leaves].next = KEY_NONE;
    keys->rows[leaves].leader = leaves;
    keys->rows[leaves].newest = keys->rows[leader].newest; /* at most: it only decides whether to look again */
    return true;
}

void keys_forget(struct keys *keys, struct unit_id id) {
    uint64_t at = unit_map_get(&keys->index, id);
    if (!at) return;
    unit_map_remove(&keys->index, id);
    keys->rows[at - 1].id = (struct unit_id){0};
    keys->rows[at - 1].last = 0;
}

struct unit_id keys_leader(const struct keys *keys, struct unit_id id) {
    uint64_t at = unit_map_get(&keys->index, id);
    return at ? keys->rows[keys->rows[at - 1].leader].id : id;
}
