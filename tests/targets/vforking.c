/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vfork(): the child says READY while it still has its parent's memory, and once more after its exec. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[]) {
        static char *const environment[] = { (char *) "CHILD=1", NULL };
        char byte;
        pid_t pid;

        if (argc < 2 || setenv("PARENT", "1", 1) != 0)
                return 2;

        pid = vfork();
        if (pid == 0) {
                char line[32];
                int n = snprintf(line, sizeof(line), "%d\nREADY\n", getpid());

                if (write(1, line, (size_t) n) == n && read(0, &byte, 1) == 1)
                        (void) execve(argv[1], (char *[]){ argv[1], NULL }, environment);
                _exit(1);
        }

        (void) waitpid(pid, NULL, 0);
        return 0;
}
