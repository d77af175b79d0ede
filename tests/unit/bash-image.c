/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bash-image.h"
#include "unit.h"

BashImage bash_image_new(int elf_class) {
        BashImage i = { image_new(elf_class), BASH_IMAGE };

        image_map(i.m, BASH_IMAGE, BASH_IMAGE_SIZE, "rw-p");
        return i;
}

uint64_t bash_image_place(BashImage *i, size_t size) {
        const uint64_t at = i->next;

        i->next += (size + 47) / 16 * 16;
        assert_true(i->next < BASH_IMAGE + BASH_IMAGE_SIZE);
        return at;
}

uint64_t bash_image_string(BashImage *i, const char *text) {
        uint64_t at;

        if (!text)
                return 0;
        at = bash_image_place(i, strlen(text) + 1);
        image_put_string(i->m, at, text);
        return at;
}

uint32_t bash_hash_of(const char *name) {
        uint32_t h = 2166136261U;

        for (const char *p = name; *p; p++)
                h = h * 16777619U ^ (uint32_t) (int8_t) *p;

        return h;
}

static uint64_t variable_put(BashImage *i, const BashEntry *e) {
        const uint64_t at = bash_image_place(i, 5 * sizeof(uint64_t) + 2 * sizeof(uint32_t));
        uint64_t p = at;

        p = image_put_pointer(i->m, p, bash_image_string(i, e->name));
        p = image_put_pointer(i->m, p, bash_image_string(i, e->value));
        p = image_put_pointer(i->m, p, bash_image_string(i, e->export_string));
        p = image_put_pointer(i->m, p, e->make_value);
        p = image_put_pointer(i->m, p, 0);
        p = image_put_u32(i->m, p, e->attributes);
        (void) image_put_u32(i->m, p, 0);
        return at;
}

static void item_put(BashImage *i, uint64_t bucket, const BashEntry *e) {
        const uint64_t at = bash_image_place(i, 3 * sizeof(uint64_t) + 2 * sizeof(uint32_t));
        uint64_t p = at, first;

        assert_int_equal(memory_read_pointer(i->m, bucket, &first), 0);
        p = image_put_pointer(i->m, p, first);
        p = image_put_pointer(i->m, p, bash_image_string(i, e->name));
        p = image_put_pointer(i->m, p, variable_put(i, e));
        p = image_put_u32(i->m, p, bash_hash_of(e->name));
        (void) image_put_u32(i->m, p, 0);
        (void) image_put_pointer(i->m, bucket, at);
}

uint64_t bash_image_table(BashImage *i, uint32_t n_buckets, const BashEntry entries[]) {
        const size_t width = memory_pointer_size(i->m);
        const uint64_t at = bash_image_place(i, sizeof(uint64_t) + 2 * sizeof(uint32_t)),
                       buckets = bash_image_place(i, n_buckets * width);
        uint32_t n = 0;

        for (; entries[n].name; n++)
                item_put(i, buckets + (bash_hash_of(entries[n].name) & (n_buckets - 1)) * width,
                         &entries[n]);

        (void) image_put_u32(i->m, image_put_u32(i->m, image_put_pointer(i->m, at, buckets), n_buckets), n);
        return at;
}

uint64_t bash_image_context(BashImage *i, uint64_t table, uint64_t down) {
        const uint64_t at = bash_image_place(i, 4 * sizeof(uint64_t) + 2 * sizeof(uint32_t));
        uint64_t p = image_put_pointer(i->m, at, 0);

        p = image_put_u32(i->m, image_put_u32(i->m, p, 0), 0);
        p = image_put_pointer(i->m, p, 0);
        p = image_put_pointer(i->m, p, down);
        (void) image_put_pointer(i->m, p, table);
        return at;
}
