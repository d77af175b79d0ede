/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "buffer.h"

/* Strings, each ended by a NUL byte: an environment in the format of /proc/PID/environ, or names. */
typedef struct Environment {
        char *data;
        size_t size;
} Environment;

/* Wipes it, too. */
void environment_done(Environment *e);

/* Goes through the entries: starts with NULL. Returns NULL at the end. */
const char *environment_next(const Environment *e, const char *entry);

/* How many entries there are. */
size_t environment_count(const Environment *e);

/* The value that getenv(3) finds for the first bytes of a text. Returns NULL if there is none. */
const char *environment_find(const Environment *e, const char *name, size_t size);

/* An entry that getenv(3) finds: the first of its name. */
typedef struct Variable {
        const char *name; /* … the start of the entry */
        size_t size;      /* … of which so many bytes are the name */
        const char *value;
} Variable;

typedef struct Variables {
        Variable *items;
        size_t n_items;
} Variables;

/* Lists them, in their order; valid as long as the environment is. Returns 0 or -ENOMEM. */
int environment_variables(const Environment *e, Variables *ret);
void variables_done(Variables *v);

/* By the bytes of their names. */
void variables_sort(Variables *v);
int variable_compare(const Variable *a, const Variable *b);

/* The entries as execve(2) takes them: a NULL-terminated list to be freed, into the environment itself. Returns NULL
 * without memory. */
char **environment_list(const Environment *e);

/* Makes one of the strings in a buffer, each with its NUL byte. Returns 0 or -ENOMEM, also if something is missing there. */
int environment_take(Buffer *strings, Environment *ret);

/* Takes a file over that the service has made. Returns 0, -EBADF if it is none, -ENOMEM, or the errno of pread(2). */
int environment_read(int fd, Environment *ret);
