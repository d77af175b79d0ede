/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "heap.h"

#define HEAP_SPREAD (1ULL << 30) /* farther apart than this no two pieces of one heap are taken to be */
#define LISTS_WORDS 128U         /* at the start of a heap: struct tcache_perthread_struct */
#define KEYS_MAX 8U              /* to find two that are the same */
#define SEARCHES_MAX 8U

static bool is_piece(const Memory *m, uint64_t address, uint64_t from) {
        return address > from && address - from < HEAP_SPREAD && address % (2 * memory_pointer_size(m)) == 0;
}

/* A heap begins with the lists of its thread. The first pieces of any two lists have the key in common. */
static int find_key(Memory *m, uint64_t heap, uint64_t *ret) {
        const size_t width = memory_pointer_size(m);
        uint64_t keys[KEYS_MAX];
        size_t n_keys = 0;

        for (size_t i = 0; i < LISTS_WORDS && n_keys < KEYS_MAX; i++) {
                uint64_t piece, key;
                int r;

                r = memory_read_pointer(m, heap + i * width, &piece);
                if (r < 0)
                        return r;
                if (!is_piece(m, piece, heap))
                        continue;

                r = memory_read_pointer(m, piece + width, &key);
                if (r < 0 && r != -EFAULT)
                        return r;
                if (r < 0 || key == 0)
                        continue;

                for (size_t k = 0; k < n_keys; k++)
                        if (keys[k] == key) {
                                *ret = key;
                                return 0;
                        }
                keys[n_keys++] = key;
        }

        *ret = 0;
        return 0;
}

static int learn_key(Heap *h, Memory *m, uint64_t address) {
        uint64_t start;
        int r;

        if (h->key != 0 || h->n_searches++ >= SEARCHES_MAX)
                return 0;

        r = memory_mapping_start(m, address, &start);
        return r < 0 ? r : find_key(m, start, &h->key);
}

/* The size is in the word before the piece, its lowest three bits are flags. All pieces of a list are of one. */
static int have_same_size(Memory *m, uint64_t a, uint64_t b) {
        const size_t width = memory_pointer_size(m);
        uint64_t size_a, size_b;
        int r;

        r = memory_read_pointer(m, a - width, &size_a);
        if (r >= 0)
                r = memory_read_pointer(m, b - width, &size_b);
        if (r < 0)
                return r;

        return (size_a & ~UINT64_C(7)) == (size_b & ~UINT64_C(7));
}

/* Without the key: the two words are what they would be. */
static int looks_freed(Memory *m, uint64_t address, uint64_t key) {
        uint64_t next;
        int r;

        if (key == 0)
                return false;

        r = memory_read_pointer(m, address, &next);
        if (r < 0)
                return r;

        next ^= address >> 12;
        if (next == 0)
                return true;

        return is_piece(m, next, address) || is_piece(m, address, next) ? have_same_size(m, address, next)
                                                                        : false;
}

static int is_freed(Heap *h, Memory *m, uint64_t address) {
        uint64_t key;
        int r;

        if (address % (2 * memory_pointer_size(m)) != 0)
                return false;

        r = learn_key(h, m, address);
        if (r < 0)
                return r;

        r = memory_read_pointer(m, address + memory_pointer_size(m), &key);
        if (r < 0)
                return r;

        return h->key != 0 ? key == h->key : looks_freed(m, address, key);
}

int heap_is_freed(Heap *h, Memory *m, uint64_t address) {
        int r;

        assert(h);
        assert(m);

        r = is_freed(h, m, address);
        return r == -EFAULT ? false : r;
}
