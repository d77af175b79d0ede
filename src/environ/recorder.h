/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "macro.h"

/* More than this is refused: it would be no environment, and would cost the machine too much. */
#define RECORDER_BYTES_MAX (128U * 1024U * 1024U)
#define RECORDER_ENTRIES_MAX (8U * 1024U * 1024U)

/* Takes an environment down, entry by entry, pass after pass, and tells whether a pass was the same as the one
 * before it. The process runs on meanwhile: only what was read twice in a row can be relied on. */
typedef struct Recorder {
        char *data; /* each entry ended by a NUL byte */
        size_t size;
        size_t n_entries;
        size_t size_used; /* the most that was ever taken down, to be wiped */
        size_t allocated;

        uint64_t n_passes;
        uint64_t n_bytes; /* of all passes */
        size_t last_size; /* of the pass before */
        size_t last_n_entries;
        bool same;     /* as the pass before, so far */
        bool in_doubt; /* what was met looks like the middle of a change */
} Recorder;

/* Begins a pass. */
void recorder_begin(Recorder *r);

/* The part of recorder_add() for what is not as it was in the pass before. */
int recorder_write(Recorder *r, const void *data, size_t size);

/* Adds to the entry that is being taken down. Returns 0, -ENOMEM, or -EFBIG beyond the limits. */
static inline int recorder_add(Recorder *r, const void *data, size_t size) {
        assert(r);
        assert(data || size == 0);

        if (!r->same || size > r->last_size - r->size || memcmp(r->data + r->size, data, size) != 0)
                return recorder_write(r, data, size);

        r->size += size;
        r->n_bytes += size;
        return 0;
}

/* Ends the entry, for one whose NUL byte was not added by recorder_add(). Returns the same. */
int recorder_end_entry(Recorder *r);

/* Counts an entry whose NUL byte was added. Returns 0 or -EFBIG. */
static inline int recorder_count_entry(Recorder *r) {
        assert(r);

        if (r->n_entries >= RECORDER_ENTRIES_MAX)
                return -EFBIG;

        r->n_entries++;
        return 0;
}

/* Ends a pass. Returns whether it was the same as the one before. */
bool recorder_end(Recorder *r);

/* Wipes and frees all. */
void recorder_done(Recorder *r);
