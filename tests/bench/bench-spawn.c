/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-spawn COUNT PROGRAM ARGUMENT…
 * Executes a program COUNT times, its output thrown away, and prints: spawn MEDIAN P99, in nanoseconds. */

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

static int spawn(char *argv[], const posix_spawn_file_actions_t *actions) {
        int r, status;
        pid_t pid;

        r = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
        if (r != 0)
                return -r;
        if (waitpid(pid, &status, 0) != pid)
                return -errno;

        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int main(int argc, char *argv[]) {
        posix_spawn_file_actions_t actions;
        Samples samples;

        if (argc < 3)
                die("bench-spawn", -EINVAL);

        samples_init(&samples, parse_count(argv[1]), CLOCK_MONOTONIC);
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        (void) posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        (void) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);

        while (samples.n < samples.n_max) {
                int r;

                samples_begin(&samples);
                r = spawn(argv + 2, &actions);
                if (r < 0)
                        die(argv[2], r);
                samples_end(&samples);
        }

        samples_print(&samples, "spawn");
        samples_done(&samples);
        (void) posix_spawn_file_actions_destroy(&actions);
        return 0;
}
