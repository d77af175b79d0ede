/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "location.h"
#include "libc.h"

static const char *const runtime_names[] = {
        [RUNTIME_UNKNOWN] = "unknown",
        [RUNTIME_GLIBC] = "glibc",
        [RUNTIME_MUSL] = "musl",
};

static const char *const source_names[] = {
        [SOURCE_DYNAMIC_SYMBOL] = "dynamic-symbol",
};

const char *runtime_to_string(Runtime runtime) {
        return (size_t) runtime < ELEMENTSOF(runtime_names) ? runtime_names[runtime] : NULL;
}

const char *source_to_string(Source source) {
        return (size_t) source < ELEMENTSOF(source_names) ? source_names[source] : NULL;
}

int location_find(Memory *m, Location *ret) {
        assert(m);
        assert(ret);

        memory_forget(m);
        return libc_locate(m, ret);
}
