/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "line-reader.h"

LineReader *line_reader_new(int fd) {
        LineReader *r;

        r = malloc(sizeof(LineReader));
        if (!r)
                return NULL;

        r->fd = fd;
        r->offset = 0;
        r->start = r->end = 0;
        return r;
}

/* Returns 1 if there is more, 0 at the end of the file. */
static int line_reader_fill(LineReader *r) {
        ssize_t n;

        memmove(r->buf, r->buf + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;

        if (r->end == sizeof(r->buf))
                return -EBADMSG;

        n = pread(r->fd, r->buf + r->end, sizeof(r->buf) - r->end, r->offset);
        if (n < 0)
                return -errno;

        r->end += (size_t) n;
        r->offset += n;
        return n > 0;
}

int line_reader_next(LineReader *r, const char **ret) {
        assert(r);
        assert(ret);

        for (;;) {
                char *line = r->buf + r->start, *newline;
                int k;

                newline = memchr(line, '\n', r->end - r->start);
                if (newline) {
                        *newline = 0;
                        r->start += (size_t) (newline - line) + 1;
                        *ret = line;
                        return 1;
                }

                k = line_reader_fill(r);
                if (k <= 0)
                        return k;
        }
}
