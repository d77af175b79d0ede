/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "macro.h"

/* How long one thing took, each time it was done. */
typedef struct Samples {
        clockid_t clock;
        uint64_t start;
        uint64_t *nanoseconds;
        size_t n, n_max;
} Samples;

/* Makes place for at most n_max. clock: see clock_gettime(2). To be freed with samples_done(). */
void samples_init(Samples *s, size_t n_max, clockid_t clock);
void samples_done(Samples *s);

/* Before and after what is to be measured. */
void samples_begin(Samples *s);
void samples_end(Samples *s);

/* The same for things that overlap. start: what samples_now() was before. */
uint64_t samples_now(const Samples *s);
void samples_add(Samples *s, uint64_t start);

/* Prints "NAME MEDIAN P99", in nanoseconds. There must be at least one sample. */
void samples_print(Samples *s, const char *name);

/* Prints what went wrong, and ends the program. error: negative errno. */
_Noreturn void die(const char *what, int error);

/* A count from the command line, at least 1. */
size_t parse_count(const char *text);
