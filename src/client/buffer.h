/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* Bytes that are put together one after the other. open_memstream(3) would do, if it told reliably when memory runs out. */
typedef struct Buffer {
        char *data;
        size_t size, allocated;
        bool failed; /* something is missing in it */
} Buffer;

void buffer_add(Buffer *b, const void *data, size_t size);
void buffer_add_text(Buffer *b, const char *text);

/* Takes the bytes out, to be freed, with a NUL byte behind them; ret_size: without that, may be NULL.
 * Returns NULL if there was no memory at any time. */
char *buffer_take(Buffer *b, size_t *ret_size);
void buffer_done(Buffer *b);
