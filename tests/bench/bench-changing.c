/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-changing PROGRAM MODE COUNT
 * MODE: setenv or swap, of changing.c, or setenv-in-go.
 * Reads a program COUNT times that changes its environment without pause, and checks that there can have been
 * a moment at which it had the environment that was read. Fails at the first that there can't have been.
 * Prints how many reads brought an answer, how many were -EAGAIN, how many changes the program made meanwhile,
 * and: read MEDIAN P99, in nanoseconds, both kinds together. */

#include "generations.h"
#include "samples.h"

static void (*check_of(const char *mode))(const Snapshot *) {
        if (strcmp(mode, "setenv") == 0)
                return generations_assert_setenv;
        if (strcmp(mode, "setenv-in-go") == 0)
                return generations_assert_setenv_in_go;
        if (strcmp(mode, "swap") == 0)
                return generations_assert_swap;

        die(mode, -EINVAL);
}

int main(int argc, char *argv[]) {
        size_t n_answers = 0, n_changing = 0;
        unsigned long before, after;
        Running running;
        Samples samples;
        void (*check)(const Snapshot *);

        if (argc != 4)
                die("bench-changing", -EINVAL);

        check = check_of(argv[2]);
        samples_init(&samples, parse_count(argv[3]), CLOCK_MONOTONIC);
        running = running_start(argv[1], argv[2]);
        before = atomic_load(running.beats);

        while (samples.n < samples.n_max) {
                _cleanup_(snapshot_done) Snapshot s = {};
                int r;

                samples_begin(&samples);
                r = target_read(&running.target, NULL, &s);
                samples_end(&samples);

                if (r == -EAGAIN)
                        n_changing++;
                else if (r < 0)
                        die(argv[1], r);
                else {
                        n_answers++;
                        check(&s);
                }
        }

        after = atomic_load(running.beats);
        printf("answers %zu\nchanging %zu\nchanges %lu\n", n_answers, n_changing, after - before);
        samples_print(&samples, "read");
        samples_done(&samples);
        running_end(&running);
        return 0;
}
