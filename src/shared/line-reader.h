/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* Reads a file of /proc line by line, from its start, wherever the descriptor's own offset is. Much of the
 * cost of such a file is in the calls that fetch it; stdio would take a kilobyte at a time. */
typedef struct LineReader {
        int fd; /* borrowed */
        off_t offset;
        size_t start, end; /* of what is in buf and not yet returned */

        /* A line of /proc holds a path or two of at most PATH_MAX bytes, each escaped to four. */
        char buf[32U * 1024U];
} LineReader;

LineReader *line_reader_new(int fd);

/* Fetches the next line.
 * ret: NUL-terminated, without its newline, valid until the next call.
 * Returns 1; 0 at the end (a last line without a newline is dropped); -EBADMSG if a line is too long, or the
 * errno of pread(2). */
int line_reader_next(LineReader *r, const char **ret);
