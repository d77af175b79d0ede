/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"

/* Whether a string that should be in use has been given back to malloc() of glibc, as far as what free() leaves
 * in it shows: a program that frees a string before it forgets it may be held up between the two for as long as
 * it takes to read it twice. Known is what glibc 2.32 and later write into the first two words of a small piece
 * of memory when it goes to the thread's own list: the next free one, XORed with the place it is kept at, and a
 * random number that malloc() sets to 0 again. What other allocators do is not.
 *
 * Returns 1 or 0; 0 also for what is no memory of malloc()'s. Errors: those of memory_read() but -EFAULT. */
int heap_is_freed(Memory *m, uint64_t address);
