/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* Strings, each ended by a NUL byte: an environment in the format of /proc/PID/environ, or names. */
typedef struct Environment {
        char *data;
        size_t size;
} Environment;

/* Wipes it, too. */
void environment_done(Environment *e);

/* Goes through the entries: starts with NULL. Returns NULL at the end. */
const char *environment_next(const Environment *e, const char *entry);

/* The value that getenv(3) finds for the first bytes of a text. Returns NULL if there is none. */
const char *environment_find(const Environment *e, const char *name, size_t size);

/* The length of an entry's name if getenv(3) finds this entry by it: the first of its name. Else 0. */
size_t environment_name(const Environment *e, const char *entry);

/* The entries as execve(2) takes them: a NULL-terminated list to be freed, into the environment itself. Returns NULL
 * without memory. */
char **environment_list(const Environment *e);

/* Takes a file over that the service has made. Returns 0, -ENOMEM or the errno of pread(2). */
int environment_read(int fd, Environment *ret);
