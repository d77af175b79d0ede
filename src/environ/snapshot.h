/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"

/* A copy of an environment in the format of /proc/PID/environ: each entry ended by a NUL byte. */
typedef struct Snapshot {
        char *data;
        size_t size; /* bytes, the NUL bytes included */
        size_t n_entries;
} Snapshot;

/* Copies the environment that a process has now.
 *
 * The process runs on meanwhile. All of it is read again and again until two passes in a row have found the
 * very same bytes; so what is returned was all there, unless the process brought it from one state to others
 * and back at just the moments at which both passes came by. It is tried a limited number of times.
 *
 * l: from location_find(). ret: to be freed with snapshot_done(), which wipes it.
 * Returns 0;
 * -EAGAIN if the environment kept changing
 * -EFBIG  if it is larger than the limits in recorder.h
 * or the errors of memory_read(), where -EFAULT means that the process's own pointers lead nowhere. */
int snapshot_take(Memory *m, const Location *l, Snapshot *ret);

/* Copies what the process was started with: the memory that /proc/PID/environ shows. Empty entries, as a
 * program leaves them that wrote over this memory, are left out.
 * stat: of the same program, see process_read_stat().
 * Returns 0; -EFBIG; -EINPROGRESS if the program is only being executed; or the errors of memory_read(). */
int snapshot_take_initial(Memory *m, const ProcessStat *stat, Snapshot *ret);

/* Takes everything out but the names: what stands before the first "=" of an entry, in the order of the entries, each
 * name once. Entries without "=", and with nothing before it, have no name that getenv(3) finds; they are left out.
 * What is taken out is wiped. Returns 0 or -ENOMEM. */
int snapshot_keep_names(Snapshot *s);

/* Takes everything out but the value of one variable, which is then the only entry: the one that getenv(3) finds, of the
 * first entry with this name. What is taken out is wiped.
 * name: not empty and without "=".
 * Returns 0, or -ENOMSG if there is none. */
int snapshot_keep_value(Snapshot *s, const char *name);

/* Makes every entry valid UTF-8, see utf8_replace_invalid(). Returns 0 or -ENOMEM. */
int snapshot_make_text(Snapshot *s);

void snapshot_done(Snapshot *s);
