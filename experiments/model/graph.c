#include "experiments/model/graph.h"

#include <stdlib.h>

#include "core/base/memory.h"

/* ---- the shortest way: breadth first ---- */

static const uint32_t *way_back(const uint32_t *before, uint32_t from, uint32_t to, struct arena *arena,
                                uint32_t *length) {
    uint32_t n = 1;
    for (uint32_t at = to; at != from; at = before[at]) n++;
    uint32_t *way = arena_array(arena, uint32_t, n);
    for (uint32_t at = to, i = n; i > 0; at = before[at]) way[--i] = at;
    *length = n;
    return way;
}

const uint32_t *graph_way(const struct graph *graph, uint32_t from, uint32_t to, struct arena *arena,
                          uint32_t *length) {
    uint32_t *before = memory_alloc(graph->n * sizeof *before), *queue = memory_alloc(graph->n * sizeof *queue);
    uint32_t head = 0, tail = 0;
    for (uint32_t i = 0; i < graph->n; i++) before[i] = GRAPH_NOTHING;
    before[from] = from;
    queue[tail++] = from;
    while (head < tail && before[to] == GRAPH_NOTHING) {
        uint32_t node = queue[head++];
        for (uint32_t i = graph->edges(graph->ctx, node); i > 0; i--) {
            uint32_t next = graph->edge(graph->ctx, node, i - 1);
            if (next == GRAPH_NOTHING || before[next] != GRAPH_NOTHING) continue;
            before[next] = node;
            queue[tail++] = next;
        }
    }
    *length = 0;
    const uint32_t *way = before[to] == GRAPH_NOTHING ? NULL : way_back(before, from, to, arena, length);
    free(before);
    free(queue);
    return way;
}

/* ---- depths: depth first, with a stack of our own ---- */

enum { UNSEEN, OPEN, DONE };

struct visit {
    uint32_t node, next; /* its references before `next` have been followed */
};

void graph_depths(const struct graph *graph, uint32_t *depth, void (*cut)(void *ctx, uint32_t node, uint32_t i)) {
    uint8_t *state = memory_zero(graph->n + 1, sizeof *state);
    struct visit *stack = memory_alloc((graph->n + 1) * sizeof *stack);
    for (uint32_t root = 0; root < graph->n; root++) {
        uint32_t n = 0;
        if (state[root] == UNSEEN) stack[n++] = (struct visit){root, 0};
        while (n > 0) {
            struct visit *visit = &stack[n - 1];
            if (visit->next == 0) {
                state[visit->node] = OPEN;
                depth[visit->node] = 0;
            }
            if (visit->next == graph->edges(graph->ctx, visit->node)) {
                state[visit->node] = DONE;
                if (--n > 0 && depth[stack[n - 1].node] < depth[visit->node] + 1)
                    depth[stack[n - 1].node] = depth[visit->node] + 1;
                continue;
            }
            uint32_t i = visit->next++, to = graph->edge(graph->ctx, visit->node, i);
            if (to == GRAPH_NOTHING) continue;
            if (state[to] == OPEN)
                cut(graph->ctx, visit->node, i);
            else if (state[to] == UNSEEN)
                stack[n++] = (struct visit){to, 0};
            else if (depth[visit->node] < depth[to] + 1)
                depth[visit->node] = depth[to] + 1;
        }
    }
    free(state);
    free(stack);
}
