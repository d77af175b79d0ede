/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Forks a process that is not to outlive this one: then it gets SIGTERM. Returns as fork(2). */
pid_t child_fork(void);

/* Waits for the end of a child, if there is one; pid: 0 for none, as it is afterwards. Returns how it has ended, as
 * waitpid(2) says it. */
int child_wait(pid_t *pid);
