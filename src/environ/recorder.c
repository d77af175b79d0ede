/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "recorder.h"

#define GROWTH 16U

void recorder_begin(Recorder *r) {
        assert(r);

        r->last_size = r->size;
        r->last_n_entries = r->n_entries;
        r->same = r->n_passes++ > 0;
        r->in_doubt = false;
        r->size = r->n_entries = 0;
}

/* Much more than is needed: pages that are never written to cost nothing, but each move to a larger place costs
 * a copy and fresh pages. */
static size_t size_to_allocate(size_t size) {
        if (size < 4096)
                return 4096;

        return size < RECORDER_BYTES_MAX / GROWTH ? size * GROWTH : RECORDER_BYTES_MAX;
}

/* Not by realloc(), which would leave a copy behind. */
static int recorder_reserve(Recorder *r, size_t size) {
        size_t allocated;
        char *data;

        if (size <= r->allocated)
                return 0;

        allocated = size_to_allocate(size);
        data = malloc(allocated);
        if (!data)
                return -ENOMEM;

        if (r->data) {
                memcpy(data, r->data, r->size_used);
                explicit_bzero(r->data, r->size_used);
                free(r->data);
        }
        r->data = data;
        r->allocated = allocated;
        return 0;
}

int recorder_write(Recorder *r, const void *data, size_t size) {
        int k;

        assert(r);
        assert(data || size == 0);

        r->same = false;
        if (size > RECORDER_BYTES_MAX - r->size)
                return -EFBIG;

        k = recorder_reserve(r, r->size + size);
        if (k < 0)
                return k;

        memcpy(r->data + r->size, data, size);
        r->size += size;
        if (r->size > r->size_used)
                r->size_used = r->size;
        r->n_bytes += size;
        return 0;
}

int recorder_end_entry(Recorder *r) {
        int k;

        k = recorder_add(r, "", 1);
        return k < 0 ? k : recorder_count_entry(r);
}

bool recorder_end(Recorder *r) {
        assert(r);

        r->same = r->same && r->size == r->last_size && r->n_entries == r->last_n_entries;
        return r->same;
}

void recorder_done(Recorder *r) {
        assert(r);

        if (r->data) {
                explicit_bzero(r->data, r->size_used);
                free(r->data);
        }
        *r = (Recorder){};
}
