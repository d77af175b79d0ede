/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bash-table.h"

#define BUCKETS_MAX (1U << 26)
#define NAME_LENGTH_MAX (1U << 20)

/* A structure of n pointers, then ints. */
static int read_structure(Memory *m, uint64_t address, uint64_t pointers[], size_t n_pointers,
                          uint32_t ints[], size_t n_ints) {
        const size_t width = memory_pointer_size(m);
        uint8_t raw[6 * sizeof(uint64_t) + 2 * sizeof(uint32_t)];
        int r;

        assert(n_pointers <= 6 && n_ints <= 2);

        r = memory_read(m, address, raw, n_pointers * width + n_ints * sizeof(uint32_t));
        if (r < 0)
                return r;

        for (size_t i = 0; i < n_pointers; i++)
                pointers[i] = memory_pointer_at(m, raw + i * width);
        memcpy(ints, raw + n_pointers * width, n_ints * sizeof(uint32_t));
        return 0;
}

int bash_table_read(Memory *m, uint64_t address, BashTable *ret) {
        uint32_t ints[2];
        BashTable t = {};
        int r;

        assert(m);
        assert(ret);

        if (address != 0) {
                r = read_structure(m, address, &t.buckets, 1, ints, 2);
                if (r < 0)
                        return r;

                t.n_buckets = ints[0];
                t.n_items = ints[1];
                if (t.n_buckets == 0 || t.n_buckets > BUCKETS_MAX ||
                    (t.n_buckets & (t.n_buckets - 1)) != 0 || t.n_items > INT32_MAX)
                        return -ENOTSUP;
        }

        *ret = t;
        return 0;
}

int bash_variable_read(Memory *m, uint64_t item, BashVariable *ret) {
        uint64_t in_item[3], in_variable[5];
        uint32_t hash, attributes;
        int r;

        assert(m);
        assert(ret);

        r = read_structure(m, item, in_item, 3, &hash, 1);
        if (r < 0)
                return r;
        if (in_item[2] == 0)
                return -EAGAIN;

        r = read_structure(m, in_item[2], in_variable, 5, &attributes, 1);
        if (r < 0)
                return r;
        if (in_variable[0] == 0 || (attributes & ~BASH_ATTRIBUTES_ALL) != 0)
                return -EAGAIN;

        *ret = (BashVariable){
                .item = item,
                .next = in_item[0],
                .hash = hash,
                .name = in_variable[0],
                .value = in_variable[1],
                .export_string = in_variable[2],
                .make_value = in_variable[3],
                .attributes = attributes,
        };
        return 0;
}

int bash_table_find_bucket(Memory *m, const BashTable *t, uint32_t hash, uint64_t *ret) {
        assert(m);
        assert(t);
        assert(ret);

        if (t->n_items == 0) {
                *ret = 0;
                return 0;
        }

        return memory_read_pointer(
                m, t->buckets + (uint64_t) (hash & (t->n_buckets - 1)) * memory_pointer_size(m), ret);
}

int bash_table_next(Memory *m, const BashTable *t, BashWalk *walk, BashVariable *ret) {
        int r;

        assert(m);
        assert(t);
        assert(walk);
        assert(ret);

        if (t->n_items == 0)
                return 0;

        while (walk->next == 0) {
                if (walk->bucket == t->n_buckets)
                        return walk->n == t->n_items ? 0 : -EAGAIN;

                r = bash_table_find_bucket(m, t, walk->bucket++, &walk->next);
                if (r < 0)
                        return r;
        }

        if (walk->n++ >= t->n_items)
                return -EAGAIN;

        r = bash_variable_read(m, walk->next, ret);
        if (r < 0)
                return r;
        if ((ret->hash & (t->n_buckets - 1)) != walk->bucket - 1)
                return -EAGAIN;

        walk->next = ret->next;
        return 1;
}

/* hashlib.c, hash_string(): FNV-1. Its characters are signed or not as the machine has it. */
static uint32_t hash_add(uint32_t hash, const uint8_t *text, size_t size, bool is_signed) {
        for (size_t i = 0; i < size; i++)
                hash = hash * 16777619U ^ (is_signed ? (uint32_t) (int8_t) text[i] : text[i]);

        return hash;
}

int bash_variable_check_name(Memory *m, const BashVariable *v, size_t *ret_length) {
        uint32_t hash_signed = 2166136261U, hash_unsigned = 2166136261U;
        size_t length = 0;

        assert(m);
        assert(v);
        assert(ret_length);

        while (length < NAME_LENGTH_MAX) {
                const uint8_t *view, *end;
                size_t size;
                int r;

                r = memory_view(m, v->name + length, &view, &size);
                if (r < 0)
                        return r;

                end = memchr(view, 0, size);
                if (end)
                        size = (size_t) (end - view);
                hash_signed = hash_add(hash_signed, view, size, true);
                hash_unsigned = hash_add(hash_unsigned, view, size, false);
                length += size;

                if (end) {
                        *ret_length = length;
                        return length > 0 && (v->hash == hash_signed || v->hash == hash_unsigned) ? 0
                                                                                                  : -EAGAIN;
                }
        }

        return -EAGAIN;
}
