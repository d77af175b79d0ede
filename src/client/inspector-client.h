/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

/* An environment in the format of /proc/PID/environ, each entry ended by a NUL byte. */
typedef struct Environment {
        char *data;
        size_t size;
} Environment;

/* Asks the service for the current environment of a process. If polkit needs a password, an agent that runs
 * in the caller's session asks for it.
 * Returns 0 or an exit status (client.h); then the reason was printed. */
int inspector_get_environment(pid_t pid, Environment *ret);

/* Asks for one variable and no more, which may be allowed where all is not.
 * ret: its entry, as getenv(3) finds it; empty if it is not set.
 * Returns 0, an exit status as above, or -EOPNOTSUPP if only the whole environment can tell it: a name or a value that is
 * no UTF-8, or too long. */
int inspector_get_variable(pid_t pid, const char *name, Environment *ret);
void environment_done(Environment *e);
