/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "libc.h"
#include "link-map.h"
#include "symbol.h"

/* Other libraries than these two may know but one of the others. */
static const char *const names[] = { "__environ", "environ", "_environ" };

static Runtime runtime_of(Loader loader) {
        switch (loader) {
        case LOADER_GLIBC:
                return RUNTIME_GLIBC;
        case LOADER_MUSL:
                return RUNTIME_MUSL;
        default:
                return RUNTIME_UNKNOWN;
        }
}

/* A name, and the object that defines it first. */
typedef struct Definition {
        uint64_t address; /* 0 while there is none */
        LinkMap object;
} Definition;

static int search_object(Memory *m, const LinkMap *object, Definition found[static ELEMENTSOF(names)]) {
        Dynamic dynamic;
        int r;

        r = dynamic_read(m, object->dynamic, object->bias, &dynamic);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(names) && found[0].address == 0; i++) {
                if (found[i].address != 0)
                        continue;

                r = symbol_find_variable(m, &dynamic, names[i], &found[i].address);
                if (r < 0 && r != -ENOENT)
                        return r;

                found[i].object = *object;
        }

        return 0;
}

static int search_objects(Memory *m, uint64_t head, Definition found[static ELEMENTSOF(names)]) {
        LinkMap object;
        size_t n = 0;
        int r;

        for (uint64_t address = head; address != 0 && found[0].address == 0; address = object.next) {
                if (++n > LINK_MAP_MAX)
                        return -ELOOP;

                r = link_map_read(m, address, &object);
                if (r < 0)
                        return r;

                r = search_object(m, &object, found);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int read_object_name(Memory *m, const LinkMap *object, char *buf, size_t size) {
        int r;

        buf[0] = 0;
        if (object->name == 0)
                return 0;

        r = memory_read_string(m, object->name, buf, size);
        if (r == -ENAMETOOLONG) {
                buf[0] = 0;
                return 0;
        }

        return r;
}

int libc_locate(Memory *m, Location *ret) {
        Definition found[ELEMENTSOF(names)] = {};
        Loader loader;
        uint64_t head;
        int r;

        assert(m);
        assert(ret);

        r = link_map_find_head(m, &head, &loader);
        if (r < 0)
                return r;

        r = search_objects(m, head, found);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (found[i].address == 0)
                        continue;

                ret->address = found[i].address;
                ret->runtime = runtime_of(loader);
                ret->source = SOURCE_DYNAMIC_SYMBOL;
                strcpy(ret->symbol, names[i]);
                return read_object_name(m, &found[i].object, ret->object, sizeof(ret->object));
        }

        return -ENOEXEC;
}
