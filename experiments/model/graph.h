/* Things that refer to things: how deep they go, and the way round a circle. Iterative, so that no graph is too deep for the
 * stack. Knows nothing of features and segments. */
#ifndef PARLEY_EXPERIMENTS_MODEL_GRAPH_H
#define PARLEY_EXPERIMENTS_MODEL_GRAPH_H

#include "core/base/arena.h"

enum { GRAPH_NOTHING = UINT32_MAX };

/* Nodes 0..n-1. `edge(ctx, node, i)` is what the node refers to by its i-th reference; GRAPH_NOTHING where it refers to
 * nothing (any more). References are counted by `edges`. */
struct graph {
    uint32_t n;
    void *ctx;
    uint32_t (*edges)(void *ctx, uint32_t node);
    uint32_t (*edge)(void *ctx, uint32_t node, uint32_t i);
};

/* A shortest way from one node to another: the nodes, both ends included, in `arena`; *length is 0 where there is none. One node
 * leads to itself by the way of length 1. */
const uint32_t *graph_way(const struct graph *graph, uint32_t from, uint32_t to, struct arena *arena, uint32_t *length);
/* depth[node]: references that can be followed one after the other, 0 where it refers to nothing. Calls `cut(ctx, node, i)` for a
 * reference that closes a circle, and leaves it out. */
void graph_depths(const struct graph *graph, uint32_t *depth, void (*cut)(void *ctx, uint32_t node, uint32_t i));

#endif
