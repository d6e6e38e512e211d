#include "core/people/identity_map.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/memory.h"

struct node {
    struct node *parent;       /* itself: a root */
    struct node *first, *next; /* of those that point to it; the next one that points to the same */
    struct text id;
};

struct identity_map {
    struct arena arena; /* nodes and their texts; they live as long as the map */
    struct map nodes;   /* by id */
};

static struct node *node_of(struct identity_map *map, struct text id) {
    struct node *node = map_get(&map->nodes, id);
    if (node) return node;
    node = arena_new(&map->arena, struct node);
    *node = (struct node){.parent = node, .id = arena_text(&map->arena, id)};
    map_put(&map->nodes, node->id, node);
    return node;
}

void identity_map_set(struct identity_map *map, struct text id, struct text parent) {
    struct node *node = node_of(map, id);
    if (node->parent != node) {
        struct node **link = &node->parent->first;
        while (*link != node) link = &(*link)->next;
        *link = node->next;
    }
    node->parent = node_of(map, parent);
    if (node->parent == node) return;
    node->next = node->parent->first;
    node->parent->first = node;
}

bool identity_map_has(const struct identity_map *map, struct text id) {
    return map_get(&map->nodes, id) != NULL;
}

struct text identity_map_root(const struct identity_map *map, struct text id) {
    const struct node *node = map_get(&map->nodes, id);
    if (!node) return id;
    while (node->parent != node) node = node->parent;
    return node->id;
}

/* Adds the nodes below `node`, itself included; only counts them where `keys` is NULL. */
static void collect(const struct node *node, struct text *keys, size_t *n) {
    if (keys) keys[*n] = node->id;
    ++*n;
    for (const struct node *child = node->first; child; child = child->next) collect(child, keys, n);
}

void identity_map_keys(const struct identity_map *map, struct text id, struct arena *arena, struct text **keys,
                       size_t *n) {
    const struct node *node = map_get(&map->nodes, identity_map_root(map, id));
    size_t filled = 0;
    *n = 0;
    if (node) collect(node, NULL, n);
    *keys = arena_array(arena, struct text, *n ? *n : 1);
    if (node)
        collect(node, *keys, &filled);
    else
        (*keys)[(*n)++] = id;
}

int identity_map_load(struct identity_map **out, struct sql *sql, struct error *error) {
    struct identity_map *map = memory_new(struct identity_map);
    arena_init(&map->arena, 1 << 20);
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT id, parent FROM identity");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) identity_map_set(map, sql_text(&rows, 0), sql_text(&rows, 1));
    sql_done(&rows);
    *out = rc < 0 ? NULL : map;
    if (rc < 0) identity_map_free(map);
    return rc;
}

void identity_map_free(struct identity_map *map) {
    if (!map) return;
    map_free(&map->nodes);
    arena_free(&map->arena);
    free(map);
}
