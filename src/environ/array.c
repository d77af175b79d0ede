/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "array.h"

int string_record(Recorder *recorder, Memory *m, uint64_t address) {
        assert(recorder);
        assert(m);

        for (;;) {
                const uint8_t *view, *end;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;

                end = memchr(view, 0, size);
                if (end)
                        size = (size_t) (end - view) + 1;

                r = recorder_add(recorder, view, size);
                if (r < 0)
                        return r;
                if (end)
                        return recorder_count_entry(recorder);

                address += size;
        }
}

/* unsetenv() moves all that follows by one place or a few; in the middle of that some pointers are there twice. */
#define PLACES_MOVED_MAX 4U

/* Remembers the last pointers. Returns whether this one is among them. */
static bool is_repeated(uint64_t last[static PLACES_MOVED_MAX], uint64_t pointer, size_t index) {
        bool repeated = false;

        for (size_t i = 0; i < PLACES_MOVED_MAX; i++)
                repeated = repeated || last[i] == pointer;

        last[index % PLACES_MOVED_MAX] = pointer;
        return repeated;
}

/* The pointers are copied out in pieces: looking at the strings between them closes the view of the array. */
int array_record(Recorder *recorder, Memory *m, uint64_t variable) {
        const size_t pointer_size = memory_pointer_size(m);
        uint64_t last[PLACES_MOVED_MAX] = {};
        uint8_t piece[1024];
        uint64_t address;
        int r;

        assert(recorder);
        assert(m);

        r = memory_read_pointer(m, variable, &address);
        if (r < 0)
                return r;
        if (address == 0)
                return 0;

        for (;;) {
                const size_t n =
                        min_size(memory_items_in_page(address, pointer_size), sizeof(piece) / pointer_size);

                r = memory_read(m, address, piece, n * pointer_size);
                if (r < 0)
                        return r;
                address += n * pointer_size;

                for (size_t i = 0; i < n; i++) {
                        const uint64_t string = memory_pointer_at(m, piece + i * pointer_size);

                        if (string == 0)
                                return 0;
                        if (is_repeated(last, string, i))
                                recorder->in_doubt = true;

                        r = string_record(recorder, m, string);
                        if (r < 0)
                                return r;
                }
        }
}
