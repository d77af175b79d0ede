/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* Decodes one character. Returns its length, 0 if the bytes are not a valid one. */
static size_t utf8_decode(const char *text, size_t size, uint32_t *ret) {
        const uint8_t *p = (const uint8_t *) text;
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        uint32_t c;
        size_t n;

        if (size == 0)
                return 0;

        if (p[0] < 0x80) {
                *ret = p[0];
                return 1;
        } else if ((p[0] & 0xe0) == 0xc0)
                n = 2;
        else if ((p[0] & 0xf0) == 0xe0)
                n = 3;
        else if ((p[0] & 0xf8) == 0xf0)
                n = 4;
        else
                return 0;

        if (size < n)
                return 0;

        c = p[0] & (0x7fU >> n);
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }

        if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;

        *ret = c;
        return n;
}

static bool is_noncharacter(uint32_t c) {
        return (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

/* C0, DEL, C1, and what can make a terminal or a dialog show one text for another: the marks, embeddings,
 * overrides and isolates of bidirectional text, and the line and paragraph separators. */
static bool is_control(uint32_t c) {
        return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t utf8_character_length(const char *text, size_t size) {
        uint32_t c;
        size_t n;

        n = utf8_decode(text, size, &c);
        return n > 0 && c != 0 && !is_noncharacter(c) ? n : 0;
}

int utf8_replace_invalid(const char *text, size_t size, char **ret, size_t *ret_size) {
        static const char replacement[3] = "\xef\xbf\xbd";
        char *buf, *q;

        assert(text || size == 0);
        assert(ret);
        assert(ret_size);

        if (size > SIZE_MAX / sizeof(replacement) - 1)
                return -ENOMEM;

        buf = q = malloc(size * sizeof(replacement) + 1);
        if (!buf)
                return -ENOMEM;

        for (size_t i = 0; i < size;) {
                size_t n = text[i] == 0 ? 1 : utf8_character_length(text + i, size - i);

                if (n > 0)
                        q = mempcpy(q, text + i, n);
                else
                        q = mempcpy(q, replacement, sizeof(replacement));

                i += n > 0 ? n : 1;
        }

        *ret = buf;
        *ret_size = (size_t) (q - buf);
        return 0;
}

static char *escape_byte(char *q, uint8_t byte) {
        static const char digits[16] = "0123456789abcdef";

        *q++ = '\\';
        switch (byte) {
        case '\n':
                *q++ = 'n';
                break;
        case '\t':
                *q++ = 't';
                break;
        case '\\':
                *q++ = '\\';
                break;
        default:
                *q++ = 'x';
                *q++ = digits[byte >> 4];
                *q++ = digits[byte & 0xf];
        }

        return q;
}

/* also: further characters to be escaped, of one byte each. */
static char *escape(const char *text, size_t size, const char *also) {
        char *buf, *q;

        if (size > SIZE_MAX / 4 - 1)
                return NULL;

        buf = q = malloc(size * 4 + 1);
        if (!buf)
                return NULL;

        for (size_t i = 0; i < size;) {
                uint32_t c;
                size_t n = utf8_decode(text + i, size - i, &c);
                bool plain =
                        n > 0 && !is_control(c) && !is_noncharacter(c) && (n > 1 || !strchr(also, text[i]));

                n = n > 0 ? n : 1;
                if (plain)
                        q = mempcpy(q, text + i, n);
                else
                        for (size_t k = 0; k < n; k++)
                                q = escape_byte(q, (uint8_t) text[i + k]);
                i += n;
        }

        *q = 0;
        return buf;
}

char *text_escape_json(const char *json, size_t size) {
        enum { ESCAPE_SIZE = sizeof("\\uffff") - 1 };
        char *buf, *q;

        assert(json || size == 0);

        if (size > SIZE_MAX / ESCAPE_SIZE - 1)
                return NULL;

        buf = q = malloc(size * ESCAPE_SIZE + 1);
        if (!buf)
                return NULL;

        for (size_t i = 0; i < size;) {
                uint32_t c = 0;
                size_t n = utf8_decode(json + i, size - i, &c);

                n = n > 0 ? n : 1;
                if (is_control(c) && c != '\n')
                        q += sprintf(q, "\\u%04" PRIX32, c);
                else
                        q = mempcpy(q, json + i, n);
                i += n;
        }

        *q = 0;
        return buf;
}

char *text_escape(const char *text, size_t size) {
        assert(text || size == 0);

        return escape(text, size, "\\");
}

char *text_escape_again(const char *text, size_t size) {
        assert(text || size == 0);

        return escape(text, size, "");
}

char *text_escape_markup(const char *text, size_t size) {
        assert(text || size == 0);

        return escape(text, size, "\\<>&");
}
