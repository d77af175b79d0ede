/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "recorder.h"

void recorder_begin(Recorder *r) {
        assert(r);

        r->last_size = r->size;
        r->last_n_entries = r->n_entries;
        r->same = r->n_passes++ > 0;
        r->in_doubt = false;
        r->size = r->n_entries = 0;
}

/* Not by realloc(), which would leave a copy behind. */
static int recorder_reserve(Recorder *r, size_t size) {
        const size_t allocated = size < 4096 ? 4096 : size * 2;
        char *data;

        if (size <= r->allocated)
                return 0;

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

int recorder_add(Recorder *r, const void *data, size_t size) {
        int k;

        assert(r);
        assert(data || size == 0);

        if (size > RECORDER_BYTES_MAX - r->size)
                return -EFBIG;

        r->same = r->same && size <= r->last_size - r->size && memcmp(r->data + r->size, data, size) == 0;
        if (!r->same) {
                k = recorder_reserve(r, r->size + size);
                if (k < 0)
                        return k;

                memcpy(r->data + r->size, data, size);
        }

        r->size += size;
        if (r->size > r->size_used)
                r->size_used = r->size;
        r->n_bytes += size;
        return 0;
}

int recorder_count_entry(Recorder *r) {
        assert(r);

        if (r->n_entries >= RECORDER_ENTRIES_MAX)
                return -EFBIG;

        r->n_entries++;
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
