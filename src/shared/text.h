/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* Text that comes from processes we do not trust: made fit for D-Bus, terminals, logs and prompts. */

/* The length of the valid UTF-8 character at the start of a text, 0 if there is none. Valid is what sd-bus
 * takes for
 * a string: Unicode scalar values other than NUL and the noncharacters.
 * text, size: the bytes. */
size_t utf8_character_length(const char *text, size_t size);

/* Replaces each byte that is no part of a valid character by U+FFFD; NUL bytes stay.
 * text, size: the bytes; ret, ret_size: a new allocation, at most three times as large.
 * Returns 0 or -ENOMEM. */
int utf8_replace_invalid(const char *text, size_t size, char **ret, size_t *ret_size);

/* Makes a text safe to show: control characters (C0, DEL, C1, and those that change the direction of
 * writing), backslashes and bytes that are no UTF-8 become \n, \t, \\ or \xHH a byte; everything else stays.
 * text, size: the bytes. Returns a new NUL-terminated string, NULL without memory. */
char *text_escape(const char *text, size_t size);

/* The same of a text in which some may be escaped already: backslashes stay. */
char *text_escape_again(const char *text, size_t size);

/* The same of JSON: characters become \uHHHH, as JSON has it; line breaks stay. */
char *text_escape_json(const char *json, size_t size);

/* The same as text_escape() for whoever may take it for markup: <, > and & are escaped, too. */
char *text_escape_markup(const char *text, size_t size);
