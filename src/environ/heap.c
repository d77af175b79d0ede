/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>

#include "heap.h"
#include "link-map.h"
#include "symbol.h"

#define HEAP_SPREAD (1ULL << 30) /* farther apart than this no two pieces of one heap are taken to be */
#define LISTS_MAX 8192U          /* bytes from the start of a heap on in which its lists are looked for */
#define LIBC_DATA_MAX (256U * 1024U) /* bytes */
#define SEARCHES_MAX 8U

static bool is_piece(const Memory *m, uint64_t address, uint64_t from) {
        return address > from && address - from < HEAP_SPREAD && address % (2 * memory_pointer_size(m)) == 0;
}

/* The size is in the word before a piece, its lowest three bits are flags. */
static int read_size(Memory *m, uint64_t piece, uint64_t *ret) {
        uint64_t size;
        int r;

        r = memory_read_pointer(m, piece - memory_pointer_size(m), &size);
        if (r < 0)
                return r;

        *ret = size & ~UINT64_C(7);
        return 0;
}

/* A key is 64 random bits; addresses and the like are less. */
static bool may_be_key(uint64_t word) {
        return word >> 47 != 0;
}

/* Takes the key from the first piece of any list. */
static int read_key(Memory *m, uint64_t lists, size_t n_lists, uint64_t *ret) {
        for (size_t i = 0; i < n_lists; i++) {
                uint64_t piece, size, key;
                int r;

                r = memory_read_pointer(m, lists + n_lists * sizeof(uint16_t) + i * sizeof(uint64_t),
                                        &piece);
                if (r < 0)
                        return r;
                if (!is_piece(m, piece, lists))
                        continue;

                r = read_size(m, piece, &size);
                if (r >= 0 && size == 0x20 + 0x10 * i)
                        r = memory_read_pointer(m, piece + sizeof(uint64_t), &key);
                else
                        key = 0;
                if (r < 0 && r != -EFAULT)
                        return r;
                if (r >= 0 && may_be_key(key)) {
                        *ret = key;
                        return 0;
                }
        }

        return 0;
}

/* A heap begins with the lists of its thread, struct tcache_perthread_struct: counts of 16 bits, then pointers to the
 * first pieces, of 32 bytes each in the first list, 48 in the second, and so on. There are 64 lists, or 76 since 2.42.
 * In a static program the thread's own variables come before. */
static int find_key(Memory *m, uint64_t heap, uint64_t *ret) {
        for (uint64_t at = heap; at < heap + LISTS_MAX && *ret == 0; at += sizeof(uint64_t)) {
                uint64_t size;
                int r;

                r = memory_read_pointer(m, at, &size);
                if (r >= 0 && (size == 0x291 || size == 0x301))
                        r = read_key(m, at + sizeof(uint64_t), size == 0x291 ? 64 : 76, ret);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int learn_key(Heap *h, Memory *m, uint64_t address) {
        uint64_t start;
        int r;

        if (memory_pointer_size(m) != sizeof(uint64_t) || h->key != 0 || h->n_searches++ >= SEARCHES_MAX)
                return 0;

        r = memory_mapping_start(m, address, &start);
        return r < 0 ? r : find_key(m, start, &h->key);
}

/* All pieces of a list are of one size. */
static int have_same_size(Memory *m, uint64_t a, uint64_t b) {
        uint64_t size_a, size_b;
        int r;

        r = read_size(m, a, &size_a);
        if (r >= 0)
                r = read_size(m, b, &size_b);
        return r < 0 ? r : size_a == size_b;
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

/* Which of the bits is a word's. */
static size_t bit_of_word(const Heap *h, uint64_t word) {
        const size_t bit = (size_t) (word * UINT64_C(0x9e3779b97f4a7c15) >> 49);

        static_assert(sizeof(h->words) * 8 == (size_t) 1 << (64 - 49), "one for each word");
        return bit;
}

/* Whether a word is in libc's data. word: NULL to learn all of them. */
static int search_libc(Heap *h, Memory *m, const uint64_t *word) {
        for (uint64_t at = h->libc_data; at < h->libc_data + LIBC_DATA_MAX; at += sizeof(uint64_t)) {
                uint64_t found;
                int r;

                r = memory_read_pointer(m, at, &found);
                if (r < 0)
                        return r == -EFAULT ? false : r;
                if (word && found == *word)
                        return true;
                if (may_be_key(found))
                        h->words[bit_of_word(h, found) / 64] |= UINT64_C(1) << bit_of_word(h, found) % 64;
        }

        return false;
}

/* malloc() itself keeps the key among its data. This is for when its lists are empty. */
static int libc_has_key(Heap *h, Memory *m, uint64_t key) {
        int r;

        if (h->libc_data == 0 || !may_be_key(key))
                return false;

        if (!h->has_words) {
                r = search_libc(h, m, NULL);
                if (r < 0)
                        return r;
                h->has_words = true;
        }

        return h->words[bit_of_word(h, key) / 64] >> bit_of_word(h, key) % 64 & 1 ? search_libc(h, m, &key)
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

        if (h->key != 0)
                return key == h->key;

        r = looks_freed(m, address, key);
        return r == 0 ? libc_has_key(h, m, key) : r;
}

static uint64_t first_writable(const Program *p) {
        for (size_t i = 0; i < p->n_segments; i++)
                if ((p->segments[i].flags & PF_W) != 0)
                        return p->segments[i].address;

        return 0;
}

int heap_find_libc_data(Memory *m, const Program *p, uint64_t *ret) {
        LinkMapWalk walk;
        LinkMap object;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = link_map_walk(m, p, &walk);
        if (r < 0) {
                *ret = r == -ENOEXEC ? first_writable(p) : 0;
                return r == -ENOEXEC ? 0 : r;
        }

        *ret = 0;
        while (*ret == 0 && (r = link_map_next(m, &walk, &object)) > 0) {
                Dynamic d;
                uint64_t address;

                /* The executable may have it, too, as a copy. */
                if (walk.n_objects == 1)
                        continue;

                r = dynamic_read(m, object.dynamic, object.bias, &d);
                if (r >= 0)
                        r = symbol_find_variable(m, &d, "__environ", &address);
                if (r >= 0)
                        *ret = object.dynamic / sizeof(uint64_t) * sizeof(uint64_t);
                else if (r != -ENOENT)
                        return r;
        }

        return r < 0 ? r : 0;
}

int heap_is_freed(Heap *h, Memory *m, uint64_t address) {
        int r;

        assert(h);
        assert(m);

        r = is_freed(h, m, address);
        return r == -EFAULT ? false : r;
}
