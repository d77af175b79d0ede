/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-changing PROGRAM MODE COUNT
 * Reads a program COUNT times that changes its environment without pause, and checks that there can have been
 * a moment at which it had the environment that was read. Fails at the first that there can't have been.
 * Prints how many reads brought an answer, how many were -EAGAIN, how many changes the program made meanwhile,
 * and: read MEDIAN P99, in nanoseconds, both kinds together. */

#include "generations.h"
#include "samples.h"

int main(int argc, char *argv[]) {
        size_t n_answers = 0, n_changing = 0;
        unsigned long before, after;
        Running running;
        Samples samples;
        bool swap;

        if (argc != 4)
                die("bench-changing", -EINVAL);

        swap = strcmp(argv[2], "swap") == 0;
        samples_init(&samples, parse_count(argv[3]));
        running = running_start(argv[1], argv[2]);
        before = atomic_load(running.beats);

        while (samples.n < samples.n_max) {
                _cleanup_(snapshot_done) Snapshot s = {};
                const uint64_t start = clock_now();
                int r;

                r = target_read(&running.target, NULL, &s);
                samples_add(&samples, start);

                if (r == -EAGAIN)
                        n_changing++;
                else if (r < 0)
                        die(argv[1], r);
                else {
                        n_answers++;
                        (swap ? generations_assert_swap : generations_assert_setenv)(&s);
                }
        }

        after = atomic_load(running.beats);
        printf("answers %zu\nchanging %zu\nchanges %lu\n", n_answers, n_changing, after - before);
        samples_print(&samples, "read");
        samples_done(&samples);
        running_end(&running);
        return 0;
}
