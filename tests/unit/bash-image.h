/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bash-table.h"
#include "image.h"

/* Tables as bash has them in its memory, at BASH_IMAGE. */

#define BASH_IMAGE UINT64_C(0x100000)
#define BASH_IMAGE_SIZE UINT64_C(0x100000)

/* The next free place, rounded up. */
typedef struct BashImage {
        Memory *m;
        uint64_t next;
} BashImage;

BashImage bash_image_new(int elf_class);

/* All of these return the address of what they made. */
uint64_t bash_image_place(BashImage *i, size_t size);
uint64_t bash_image_string(BashImage *i, const char *text);

typedef struct BashEntry {
        const char *name, *value, *export_string; /* NULL for none */
        uint32_t attributes;
        uint64_t make_value;
} BashEntry;

/* n_buckets: a power of two. entries: up to the first without a name; the last of a bucket comes first. */
uint64_t bash_image_table(BashImage *i, uint32_t n_buckets, const BashEntry entries[]);

/* A VAR_CONTEXT. down: the one that called this, 0 for none. */
uint64_t bash_image_context(BashImage *i, uint64_t table, uint64_t down);

uint32_t bash_hash_of(const char *name);
