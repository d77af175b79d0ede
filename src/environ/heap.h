/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"
#include "program.h"

/* What free() of glibc leaves in memory, to tell a string that is in use from one that has just been given back: a
 * program that frees a string before it forgets it may be held up between the two for as long as it takes to read it
 * twice. A small piece that is freed goes to a list of the thread's own, and malloc/malloc.c, tcache_put(), writes
 * over its first two words: first the second with a key, a random number of the process's that malloc() sets to 0
 * again, then the first with the address of the next piece, XORed with where that is kept (since 2.32).
 *
 * What other allocators leave is not known. */
typedef struct Heap {
        uint64_t libc_data; /* where the data of the C library begins, 0 if that is not known */
        uint64_t key;       /* 0 while it is not known */
        unsigned n_searches;

        bool has_words;
        uint64_t words
                [512]; /* a bit for each word of the C library's data that may be a key, and shared by others */
} Heap;

/* Finds where the data of the C library begins.
 * Returns 0, also if it is not found: *ret is 0 then; or the errors of link_map_walk() and link_map_next(). */
int heap_find_libc_data(Memory *m, const Program *p, uint64_t *ret);

/* Tells whether a string has been freed.
 * h: all 0 at first but for libc_data, kept as long as what is read is of one moment.
 * Returns 1 or 0; 0 also for what is no memory of malloc()'s. Errors: those of memory_read() but -EFAULT. */
int heap_is_freed(Heap *h, Memory *m, uint64_t address);
