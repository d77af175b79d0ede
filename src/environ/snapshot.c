/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "snapshot.h"
#include "text.h"

/* A program that changes its environment all the time is between two changes for most of it. */
#define TRIES_MAX 64U

/* The array behind environ: pointers of the process's own width, without the NULL at the end. */
typedef struct Array {
        uint64_t address;
        uint8_t *pointers;
        size_t n_pointers;
        size_t allocated; /* bytes */
} Array;

static void array_done(Array *a) {
        free(a->pointers);
        *a = (Array){};
}

static int array_reserve(Array *a, size_t size) {
        uint8_t *pointers;

        if (size <= a->allocated)
                return 0;

        size = size < 4096 ? 4096 : size * 2;
        pointers = realloc(a->pointers, size);
        if (!pointers)
                return -ENOMEM;

        a->pointers = pointers;
        a->allocated = size;
        return 0;
}

static int array_read(Memory *m, uint64_t address, Array *a) {
        const size_t pointer_size = memory_pointer_size(m);
        size_t filled = 0;

        a->address = address;
        a->n_pointers = 0;
        if (address == 0)
                return 0;

        for (;;) {
                const size_t step = memory_items_in_page(address + filled, pointer_size) * pointer_size;
                int r;

                r = array_reserve(a, filled + step);
                if (r < 0)
                        return r;

                r = memory_read(m, address + filled, a->pointers + filled, step);
                if (r < 0)
                        return r;

                for (size_t end = filled + step; filled < end; filled += pointer_size) {
                        if (memory_pointer_at(m, a->pointers + filled) == 0)
                                return 0;
                        if (++a->n_pointers > SNAPSHOT_ENTRIES_MAX)
                                return -EFBIG;
                }
        }
}

static int array_read_at(Memory *m, const Location *l, Array *a) {
        uint64_t address;
        int r;

        r = memory_read_pointer(m, l->address, &address);
        if (r < 0)
                return r;

        return array_read(m, address, a);
}

/* Whether the pointer and the whole array are still what they were. */
static int array_is_unchanged(Memory *m, const Location *l, const Array *before, Array *again) {
        int r;

        r = array_read_at(m, l, again);
        if (r < 0)
                return r;

        return again->address == before->address && again->n_pointers == before->n_pointers &&
               (before->n_pointers == 0 ||
                memcmp(again->pointers, before->pointers, before->n_pointers * memory_pointer_size(m)) == 0);
}

static int snapshot_append(Snapshot *s, const void *data, size_t size) {
        if (size > SNAPSHOT_BYTES_MAX - s->size)
                return -EFBIG;

        if (s->size + size > s->allocated) {
                size_t allocated = (s->size + size) * 2;
                char *moved;

                /* Not realloc(), which would leave a copy behind. */
                moved = malloc(allocated);
                if (!moved)
                        return -ENOMEM;

                if (s->data) {
                        memcpy(moved, s->data, s->size);
                        explicit_bzero(s->data, s->size);
                        free(s->data);
                }
                s->data = moved;
                s->allocated = allocated;
        }

        memcpy(s->data + s->size, data, size);
        s->size += size;
        return 0;
}

static int snapshot_append_string(Snapshot *s, Memory *m, uint64_t address) {
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

                r = snapshot_append(s, view, size);
                if (r < 0)
                        return r;

                if (end) {
                        s->n_entries++;
                        return 0;
                }

                address += size;
        }
}

/* One try. Returns 1 if the copy is good, 0 if the environment changed meanwhile. */
static int snapshot_try(Memory *m, const Location *l, Array *array, Array *again, Snapshot *s) {
        int r;

        memory_forget(m);
        s->size = s->n_entries = 0;

        r = array_read_at(m, l, array);
        if (r < 0)
                return r;

        for (size_t i = 0; i < array->n_pointers; i++) {
                r = snapshot_append_string(
                        s, m, memory_pointer_at(m, array->pointers + i * memory_pointer_size(m)));
                if (r < 0)
                        return r;
        }

        return array_is_unchanged(m, l, array, again);
}

int snapshot_take(Memory *m, const Location *l, Snapshot *ret) {
        _cleanup_(snapshot_done) Snapshot s = {};
        _cleanup_(array_done) Array array = {}, again = {};
        int r = 0;

        assert(m);
        assert(l);
        assert(ret);

        for (size_t i = 0; i < TRIES_MAX; i++) {
                r = snapshot_try(m, l, &array, &again, &s);
                if (r > 0) {
                        *ret = s;
                        s = (Snapshot){};
                        return 0;
                }

                /* A pointer that leads nowhere may be one that was just replaced, a page not there one that
                 * is new. */
                if (r < 0 && r != -EFAULT)
                        return r;
        }

        return r == 0 ? -EAGAIN : r;
}

int snapshot_take_initial(Memory *m, const ProcessStat *stat, Snapshot *ret) {
        _cleanup_(snapshot_done) Snapshot s = {};
        uint64_t address;

        assert(m);
        assert(stat);
        assert(ret);

        for (address = stat->env_start; address < stat->env_end;) {
                const uint8_t *view, *end;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;

                size = min_size(size, stat->env_end - address);
                end = memchr(view, 0, size);
                if (end)
                        size = (size_t) (end - view) + 1;
                address += size;

                /* An entry of nothing but its end, and not the end of one that began in the view before. */
                if (end == view && (s.size == 0 || s.data[s.size - 1] == 0))
                        continue;

                r = snapshot_append(&s, view, size);
                if (r < 0)
                        return r;
                if (end)
                        s.n_entries++;
        }

        if (s.size > 0 && s.data[s.size - 1] != 0) {
                int r = snapshot_append(&s, "", 1);
                if (r < 0)
                        return r;
                s.n_entries++;
        }

        *ret = s;
        s = (Snapshot){};
        return 0;
}

int snapshot_make_text(Snapshot *s) {
        size_t size;
        char *text;
        int r;

        assert(s);

        r = utf8_replace_invalid(s->data, s->size, &text, &size);
        if (r < 0)
                return r;

        explicit_bzero(s->data, s->size);
        free(s->data);
        s->data = text;
        s->size = size;
        s->allocated = size;
        return 0;
}

void snapshot_done(Snapshot *s) {
        assert(s);

        if (s->data) {
                explicit_bzero(s->data, s->size);
                free(s->data);
        }
        *s = (Snapshot){};
}
