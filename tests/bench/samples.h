/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* How long one thing took, each time it was done. */
typedef struct Samples {
        uint64_t *nanoseconds;
        size_t n, n_max;
} Samples;

/* Nanoseconds of a clock that only goes forward. */
uint64_t clock_now(void);

/* Makes place for at most n_max. To be freed with samples_done(). */
void samples_init(Samples *s, size_t n_max);
void samples_done(Samples *s);

/* Adds the time that has passed since a moment of clock_now(). */
void samples_add(Samples *s, uint64_t since);

/* Prints "NAME MEDIAN P99", in nanoseconds. There must be at least one sample. */
void samples_print(Samples *s, const char *name);

/* Prints what went wrong, and ends the program. error: negative errno. */
_Noreturn void die(const char *what, int error);

/* A count from the command line, at least 1. */
size_t parse_count(const char *text);
