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
void environment_done(Environment *e);
