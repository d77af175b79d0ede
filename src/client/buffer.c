/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "buffer.h"

/* Makes room for so many bytes more, and the NUL byte. */
static bool buffer_grow(Buffer *b, size_t size) {
        size_t allocated;
        char *data;

        if (b->failed || size < b->allocated - b->size)
                return !b->failed;

        if (size > SIZE_MAX / 4 || b->allocated > SIZE_MAX / 4) {
                b->failed = true;
                return false;
        }

        allocated = 2 * b->allocated + size + 1;
        data = realloc(b->data, allocated);
        b->failed = !data;
        if (data) {
                b->data = data;
                b->allocated = allocated;
        }

        return data;
}

void buffer_add(Buffer *b, const void *data, size_t size) {
        assert(b);
        assert(data || size == 0);

        if (!buffer_grow(b, size) || size == 0)
                return;

        memcpy(b->data + b->size, data, size);
        b->size += size;
}

void buffer_add_text(Buffer *b, const char *text) {
        assert(text);

        buffer_add(b, text, strlen(text));
}

char *buffer_take(Buffer *b, size_t *ret_size) {
        const size_t size = b->size;
        char *data;

        if (!buffer_grow(b, 0))
                return NULL;

        data = TAKE_PTR(b->data);
        data[size] = 0;
        *b = (Buffer){};

        if (ret_size)
                *ret_size = size;
        return data;
}

void buffer_done(Buffer *b) {
        assert(b);

        free(b->data);
        *b = (Buffer){};
}
