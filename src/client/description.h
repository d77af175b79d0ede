/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* What Describe() tells of a process: names with texts or numbers. */
typedef struct Property {
        char *key;
        char *text; /* NULL for a number */
        uint64_t number;
} Property;

typedef struct Description {
        Property *items;
        size_t n_items;
} Description;

/* text: copied; NULL for a number. Returns 0 or -ENOMEM. */
int description_add(Description *d, const char *key, const char *text, uint64_t number);

/* Returns NULL if it is not told. */
const Property *description_find(const Description *d, const char *key);
void description_done(Description *d);
