/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "macro.h"

pid_t child_fork(void) {
        const pid_t self = getpid(), pid = fork();

        /* It may have ended before it could be told. */
        if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != self))
                _exit(EXIT_FAILURE);

        return pid;
}

int child_wait(pid_t *pid) {
        int status = 0;

        assert(pid);

        if (*pid > 0)
                while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
                        ;
        *pid = 0;
        return status;
}
