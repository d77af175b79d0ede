/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "description.h"

int description_add(Description *d, const char *key, const char *text, uint64_t number) {
        _cleanup_free_ char *key_copy = NULL, *text_copy = NULL;
        Property *items;

        assert(d);
        assert(key);

        key_copy = strdup(key);
        text_copy = text ? strdup(text) : NULL;
        items = reallocarray(d->items, d->n_items + 1, sizeof(Property));
        if (items)
                d->items = items;
        if (!items || !key_copy || (text && !text_copy))
                return -ENOMEM;

        d->items[d->n_items++] = (Property){ TAKE_PTR(key_copy), TAKE_PTR(text_copy), number };
        return 0;
}

const Property *description_find(const Description *d, const char *key) {
        assert(d);
        assert(key);

        for (size_t i = 0; i < d->n_items; i++)
                if (strcmp(d->items[i].key, key) == 0)
                        return d->items + i;

        return NULL;
}

void description_done(Description *d) {
        assert(d);

        for (size_t i = 0; i < d->n_items; i++) {
                free(d->items[i].key);
                free(d->items[i].text);
        }
        free(d->items);
        *d = (Description){};
}
