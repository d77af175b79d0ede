/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"
#include "program.h"

/* A text that is looked for, and what follows it. */
typedef struct Text {
        const char *text;
        size_t size; /* with what follows at most TEXT_SIZE_MAX */
        char next[4];
} Text;

#define TEXT_SIZE_MAX 48U

/* Looks for a text in what the program may not change: where there is memory only to be read, in that; else in the
 * code, too. What is behind the first 32 MiB of it is not looked at.
 * Returns 1 if it is there, and what follows it; 0 if not; or the errors of memory_read(). */
int constants_find(Memory *m, const Program *p, Text *t);
