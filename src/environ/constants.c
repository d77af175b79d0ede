/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "constants.h"

#define SEARCHED_MAX (32U * 1024U * 1024U)

static int find_in_segment(Memory *m, const Segment *segment, Text *t) {
        const size_t size = t->size + sizeof(t->next);
        char buf[TEXT_SIZE_MAX + WINDOW_SIZE_MIN];
        size_t kept = 0, keep;

        assert(size <= TEXT_SIZE_MAX);

        for (uint64_t offset = 0; offset < segment->size;) {
                const size_t n = min_size(WINDOW_SIZE_MIN, segment->size - offset);
                const char *found;
                int r;

                r = memory_read(m, segment->address + offset, buf + kept, n);
                if (r < 0)
                        return r == -EFAULT || r == -EREMOTE ? false : r;

                found = memmem(buf, kept + n, t->text, t->size);
                if (found && (size_t) (buf + kept + n - found) >= size) {
                        memcpy(t->next, found + t->size, sizeof(t->next));
                        return true;
                }

                /* It may begin in this piece and end in the next. */
                offset += n;
                keep = min_size(kept + n, size - 1);
                memmove(buf, buf + kept + n - keep, keep);
                kept = keep;
        }

        return false;
}

int constants_find(Memory *m, const Program *p, Text *t) {
        uint32_t flags = PF_R | PF_X;
        uint64_t size = 0;

        assert(m);
        assert(p);
        assert(t);

        for (size_t i = 0; i < p->n_segments; i++)
                if (p->segments[i].flags == PF_R)
                        flags = PF_R;

        for (size_t i = 0; i < p->n_segments; i++) {
                int r;

                if (p->segments[i].flags != flags)
                        continue;
                if (p->segments[i].size > SEARCHED_MAX - size)
                        return false;
                size += p->segments[i].size;

                r = find_in_segment(m, &p->segments[i], t);
                if (r != 0)
                        return r;
        }

        return false;
}
