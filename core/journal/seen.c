/* DIR/seen: the messages that are recognised, as they were at one row, so that a start after a crash need not read every row of the last
 * days. Written at a clean end and whenever a file is full, then on a thread of its own: the writer only copies the tables.
 * Best effort: without it, or where it is damaged, they are learned from the rows. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/memory.h"
#include "core/journal/journal_internal.h"

static const char magic[8] = "seen-1";

struct seen_head {
    char magic[8];
    int64_t seq, received; /* of the last row it includes */
    struct {
        uint64_t n, room;
        int64_t since;
    } generations[2];  /* before, now */
    uint64_t checksum; /* over the slots of both */
};

struct seen_copy {
    char temporary[PARTITION_PATH_ROOM], path[PARTITION_PATH_ROOM];
    struct seen_head head;
    uint64_t *slots[2];
};

static void seen_path(char out[static PARTITION_PATH_ROOM], const struct journal *j, const char *suffix) {
    snprintf(out, PARTITION_PATH_ROOM, "%s/seen%s", j->folder, suffix);
}

static uint64_t checksum_of(const struct seen_head *head, uint64_t *const slots[2]) {
    uint64_t sum = XXH3_64bits(head->generations, sizeof head->generations);
    for (int i = 0; i < 2; i++)
        sum = XXH3_64bits_withSeed(slots[i] ? slots[i] : &sum, head->generations[i].room * sizeof **slots, sum);
    return sum;
}

/* --- writing --- */

static struct seen_copy *copy_seen(struct journal *j) {
    const struct fingerprint_generation *generations[] = {&j->seen.before, &j->seen.now};
    struct seen_copy *copy = memory_new(struct seen_copy);
    copy->head = (struct seen_head){.seq = j->last_seq, .received = j->last_received};
    memcpy(copy->head.magic, magic, sizeof magic);
    seen_path(copy->temporary, j, ".new");
    seen_path(copy->path, j, "");
    for (int i = 0; i < 2; i++) {
        const struct fingerprint_generation *g = generations[i];
        copy->head.generations[i].n = g->n;
        copy->head.generations[i].room = g->room;
        copy->head.generations[i].since = g->since;
        copy->slots[i] = memory_alloc(g->room * sizeof *g->slots);
        if (g->room) memcpy(copy->slots[i], g->slots, g->room * sizeof *g->slots);
    }
    return copy;
}

static bool write_file(FILE *file, struct seen_copy *copy) {
    copy->head.checksum = checksum_of(&copy->head, copy->slots);
    bool done = fwrite(&copy->head, sizeof copy->head, 1, file) == 1;
    for (int i = 0; i < 2; i++) {
        size_t room = copy->head.generations[i].room;
        done = done && fwrite(copy->slots[i], sizeof **copy->slots, room, file) == room;
    }
    return done && fflush(file) == 0 && fsync(fileno(file)) == 0;
}

static void write_copy(void *what) {
    struct seen_copy *copy = what;
    FILE *file = fopen(copy->temporary, "we");
    if (file) {
        bool done = write_file(file, copy);
        done = fclose(file) == 0 && done;
        if (!done || rename(copy->temporary, copy->path) != 0) unlink(copy->temporary);
    }
    free(copy->slots[0]);
    free(copy->slots[1]);
    free(copy);
}

void journal_save_seen(struct journal *j) {
    aside_wait(&j->seen_aside);
    write_copy(copy_seen(j));
}

void journal_save_seen_aside(struct journal *j) {
    if (!aside_busy(&j->seen_aside)) /* else the disk is slower than files fill: the next one will do */
        aside_do(&j->seen_aside, write_copy, copy_seen(j));
}

/* --- reading --- */

/* Rooms are powers of two with free slots left, and the file has as many as it says. */
static bool head_is_sound(const struct seen_head *head, FILE *file) {
    struct stat stat;
    uint64_t slots = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t n = head->generations[i].n, room = head->generations[i].room;
        if (room > UINT32_MAX || (room & (room - 1)) || (n && n >= room)) return false;
        slots += room;
    }
    return memcmp(head->magic, magic, sizeof magic) == 0 && fstat(fileno(file), &stat) == 0 &&
           (uint64_t)stat.st_size == sizeof *head + slots * sizeof(uint64_t);
}

static struct fingerprint_generation generation_of(const struct seen_head *head, int i, uint64_t *slots) {
    return (struct fingerprint_generation){slots, head->generations[i].n, head->generations[i].room,
                                           head->generations[i].since};
}

static bool read_file(FILE *file, struct journal *j, struct seen_head *head) {
    uint64_t *slots[2] = {NULL, NULL};
    if (fread(head, sizeof *head, 1, file) != 1 || !head_is_sound(head, file)) return false;
    bool whole = true;
    for (int i = 0; i < 2; i++) {
        size_t room = head->generations[i].room;
        slots[i] = memory_alloc(room * sizeof **slots);
        whole = whole && fread(slots[i], sizeof **slots, room, file) == room;
    }
    if (whole && checksum_of(head, slots) == head->checksum) {
        j->seen.before = generation_of(head, 0, slots[0]);
        j->seen.now = generation_of(head, 1, slots[1]);
        return true;
    }
    free(slots[0]);
    free(slots[1]);
    return false;
}

int64_t journal_load_seen(struct journal *j, int64_t *received) {
    char path[PARTITION_PATH_ROOM];
    struct seen_head head = {0};
    seen_path(path, j, "");
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    bool good = read_file(file, j, &head);
    fclose(file);
    *received = head.received;
    return good ? head.seq : 0;
}
