/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* Returns a new string of valid UTF-8. */
static char *make_valid(const char *text, size_t size, size_t *ret_size) {
        _cleanup_(buffer_done) Buffer valid = {};

        for (size_t i = 0; i < size;) {
                const size_t n = utf8_character_length(text + i, size - i);

                if (n > 0)
                        buffer_add(&valid, text + i, n);
                else {
                        char escape[sizeof("\\xff")];

                        (void) snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char) text[i]);
                        buffer_add_text(&valid, escape);
                }
                i += n > 0 ? n : 1;
        }

        return buffer_take(&valid, ret_size);
}

json_t *json_text(const char *text, size_t size) {
        _cleanup_free_ char *valid = NULL;
        size_t valid_size;

        assert(text);

        valid = make_valid(text, size, &valid_size);
        return valid ? json_stringn(valid, valid_size) : NULL;
}

bool json_put(json_t *object, const char *name, size_t size, json_t *value) {
        _cleanup_free_ char *key = NULL;
        size_t key_size;

        assert(name);

        key = make_valid(name, size, &key_size);
        if (!key) {
                json_decref(value);
                return false;
        }

        /* \xHH may be what another name says itself. */
        if (json_object_get(object, key)) {
                json_decref(value);
                return false;
        }

        return json_object_set_new(object, key, value) == 0;
}

json_t *json_environment(const Environment *e) {
        _cleanup_(variables_done) Variables v = {};
        json_t *object;

        assert(e);

        if (environment_variables(e, &v) < 0)
                return NULL;

        object = json_object();
        for (size_t i = 0; i < v.n_items; i++) {
                const char *value = v.items[i].value;

                if (!json_put(object, v.items[i].name, v.items[i].size, json_text(value, strlen(value)))) {
                        json_decref(object);
                        return NULL;
                }
        }

        return object;
}

json_t *json_strings(const Environment *e) {
        json_t *array = json_array();

        assert(e);

        for (const char *p = NULL; (p = environment_next(e, p));)
                if (json_array_append_new(array, json_text(p, strlen(p))) < 0) {
                        json_decref(array);
                        return NULL;
                }

        return array;
}

json_t *json_description(const Description *d) {
        json_t *object = json_object();

        assert(d);

        for (size_t i = 0; i < d->n_items; i++) {
                const Property *p = d->items + i;
                json_t *value =
                        p->text ? json_text(p->text, strlen(p->text)) : json_integer((json_int_t) p->number);

                if (!json_put(object, p->key, strlen(p->key), value)) {
                        json_decref(object);
                        return NULL;
                }
        }

        return object;
}
