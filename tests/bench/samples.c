/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "samples.h"

uint64_t samples_now(const Samples *s) {
        struct timespec now;

        (void) clock_gettime(s->clock, &now);
        return (uint64_t) now.tv_sec * 1000000000U + (uint64_t) now.tv_nsec;
}

void samples_init(Samples *s, size_t n_max, clockid_t clock) {
        *s = (Samples){ .clock = clock, .nanoseconds = calloc(n_max, sizeof(uint64_t)), .n_max = n_max };
        if (!s->nanoseconds)
                die("samples", -ENOMEM);
}

void samples_done(Samples *s) {
        free(s->nanoseconds);
        *s = (Samples){};
}

void samples_begin(Samples *s) {
        s->start = samples_now(s);
}

void samples_end(Samples *s) {
        samples_add(s, s->start);
}

void samples_add(Samples *s, uint64_t start) {
        const uint64_t end = samples_now(s);

        assert(s->n < s->n_max);

        s->nanoseconds[s->n++] = end - start;
}

static int compare(const void *a, const void *b) {
        const uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

void samples_print(Samples *s, const char *name) {
        assert(s->n > 0);

        qsort(s->nanoseconds, s->n, sizeof(uint64_t), compare);
        printf("%s %" PRIu64 " %" PRIu64 "\n", name, s->nanoseconds[s->n / 2],
               s->nanoseconds[s->n * 99 / 100]);
}

void die(const char *what, int error) {
        (void) fprintf(stderr, "%s: %s\n", what, strerror(-error));
        exit(EXIT_FAILURE);
}

size_t parse_count(const char *text) {
        char *end;
        const unsigned long n = strtoul(text, &end, 10);

        if (n == 0 || *end)
                die(text, -EINVAL);

        return n;
}
