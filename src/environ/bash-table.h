/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"

/* The hash tables in which bash keeps variables and functions, as they are in hashlib.h and variables.h of bash 5.0
 * to 5.3. They change while they are read; what is seen half changed is -EAGAIN. */
typedef struct BashTable {
        uint64_t buckets; /* array of pointers to the first item of each; HASH_TABLE.bucket_array */
        uint32_t n_buckets;
        uint32_t n_items;
} BashTable;

/* What is in a table: a BUCKET_CONTENTS with the SHELL_VAR that it leads to. Addresses are 0 for what is not
 * there. */
typedef struct BashVariable {
        uint64_t item;
        uint64_t next; /* item */
        uint32_t hash; /* of the name */

        uint64_t name, value;
        uint64_t export_string; /* "NAME=VALUE", once bash has made it */
        uint64_t make_value;    /* function that makes the value */
        uint32_t attributes;
} BashVariable;

/* variables.h, att_… */
#define BASH_EXPORTED 0x1U
#define BASH_ARRAY 0x4U
#define BASH_FUNCTION 0x8U
#define BASH_ASSOCIATIVE 0x40U
#define BASH_INVISIBLE 0x1000U
#define BASH_IMPORTED 0x8000U
#define BASH_REGENERATE 0x40000U
#define BASH_ATTRIBUTES_ALL 0x37ffffU

/* Reads the head of a table. address: 0 for an empty one.
 * Returns 0; -ENOTSUP if it can't be one; or the errors of memory_read(). */
int bash_table_read(Memory *m, uint64_t address, BashTable *ret);

typedef struct BashWalk {
        uint32_t bucket; /* of the item that comes next, or where to look for it */
        uint64_t next;
        size_t n;
} BashWalk;

/* Goes to the next variable, in bash's own order. walk: all 0 at first.
 * Returns 1; 0 at the end; -EAGAIN; or the errors of memory_read(). */
int bash_table_next(Memory *m, const BashTable *t, BashWalk *walk, BashVariable *ret);

/* The first item of the bucket where a name of this hash belongs. Returns 0, or the errors of memory_read(). */
int bash_table_find_bucket(Memory *m, const BashTable *t, uint32_t hash, uint64_t *ret);

/* Reads an item and its variable. Returns 0, -EAGAIN, or the errors of memory_read(). */
int bash_variable_read(Memory *m, uint64_t item, BashVariable *ret);

/* Whether the variable's name has the hash that bash noted for it, as it has if these are bash's tables and
 * at rest. ret_length: of the name, without the NUL byte.
 * Returns 0; -EAGAIN if not; or the errors of memory_read(). */
int bash_variable_check_name(Memory *m, const BashVariable *v, size_t *ret_length);
