/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "heap.h"

#define HEAP_SPREAD (1ULL << 30) /* farther apart than this no two pieces of one list are taken to be */

/* glibc, malloc/malloc.c: the size is in the word before the piece, its lowest three bits are flags. */
static int read_chunk_size(Memory *m, uint64_t address, uint64_t *ret) {
        uint64_t size;
        int r;

        r = memory_read_pointer(m, address - memory_pointer_size(m), &size);
        if (r < 0)
                return r;

        *ret = size & ~UINT64_C(7);
        return 0;
}

/* All pieces in a list are of one size. */
static int is_of_the_same_list(Memory *m, uint64_t a, uint64_t b) {
        uint64_t size_a, size_b;
        int r;

        if (b % (2 * memory_pointer_size(m)) != 0 || (a > b ? a - b : b - a) > HEAP_SPREAD)
                return false;

        r = read_chunk_size(m, a, &size_a);
        if (r < 0)
                return r;

        r = read_chunk_size(m, b, &size_b);
        if (r < 0)
                return r;

        return size_a == size_b;
}

static int looks_freed(Memory *m, uint64_t address) {
        const size_t word = memory_pointer_size(m);
        uint64_t mangled, key;
        int r;

        if (address % (2 * word) != 0)
                return false;

        r = memory_read_pointer(m, address + word, &key);
        if (r < 0 || key == 0)
                return r;

        r = memory_read_pointer(m, address, &mangled);
        if (r < 0)
                return r;

        mangled ^= address >> 12;
        return mangled == 0 ? 1 : is_of_the_same_list(m, address, mangled);
}

int heap_is_freed(Memory *m, uint64_t address) {
        int r;

        assert(m);

        r = looks_freed(m, address);
        return r == -EFAULT ? false : r;
}
