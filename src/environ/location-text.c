/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "location.h"

static const char *const runtime_names[] = {
        [RUNTIME_UNKNOWN] = "unknown", [RUNTIME_GLIBC] = "glibc", [RUNTIME_MUSL] = "musl",
        [RUNTIME_BASH] = "bash",       [RUNTIME_ASH] = "ash",     [RUNTIME_GO] = "go",
};

static const char *const source_names[] = {
        [SOURCE_DYNAMIC_SYMBOL] = "dynamic-symbol",
        [SOURCE_SYMBOL_TABLE] = "symbol-table",
        [SOURCE_DEBUG_FILE] = "debug-file",
        [SOURCE_SCAN] = "scan",
        [SOURCE_CODE] = "code",
};

const char *runtime_to_string(Runtime runtime) {
        return (size_t) runtime < ELEMENTSOF(runtime_names) ? runtime_names[runtime] : NULL;
}

const char *source_to_string(Source source) {
        return (size_t) source < ELEMENTSOF(source_names) ? source_names[source] : NULL;
}

bool location_is_sound(const Location *l) {
        assert(l);

        return runtime_to_string(l->runtime) && source_to_string(l->source) &&
               strnlen(l->symbol, sizeof(l->symbol)) < sizeof(l->symbol) &&
               strnlen(l->object, sizeof(l->object)) < sizeof(l->object);
}
