/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>

#include "description.h"
#include "environment.h"

/* JSON is UTF-8: of what is not, each byte becomes \xHH. All return NULL without memory. */

/* A string of the first bytes of a text. */
json_t *json_text(const char *text, size_t size);

/* An object: names with the values that getenv(3) finds. */
json_t *json_environment(const Environment *e);

/* An array of strings. */
json_t *json_strings(const Environment *e);

json_t *json_description(const Description *d);

/* Puts a value under a name into an object. object, value: may be NULL; value is taken over.
 * Returns whether it could be done. */
bool json_put(json_t *object, const char *name, size_t size, json_t *value);
