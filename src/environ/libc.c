/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "libc.h"
#include "link-map.h"
#include "symbol.h"

#define NAMES_MAX 3U

/* getenv() of glibc and of musl refers to the first of these. Other libraries may know but one of the others. */
static const char *const environ_names[NAMES_MAX] = { "__environ", "environ", "_environ" };

/* Set by glibc and by musl when they take over the arguments of main(), right after environ. */
static const char *const program_names[NAMES_MAX] = { "__progname_full", "program_invocation_name" };

/* A variable, by the first of its names that is defined, in the first object that defines it. */
typedef struct Variable {
        const char *name; /* NULL while there is none */
        uint64_t address;
        LinkMap object;
} Variable;

/* Looks an object's definitions up; only names before the one that is known already are of interest. */
static int search_object(Memory *m, const LinkMap *object, const char *const names[static NAMES_MAX],
                         Variable *v) {
        Dynamic dynamic;
        int r;

        r = dynamic_read(m, object->dynamic, object->bias, &dynamic);
        if (r < 0)
                return r;

        for (size_t i = 0; i < NAMES_MAX && names[i] && names[i] != v->name; i++) {
                uint64_t address;

                r = symbol_find_variable(m, &dynamic, names[i], &address);
                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;

                *v = (Variable){ names[i], address, *object };
                return 0;
        }

        return 0;
}

/* Returns -ENOENT if no object defines it. */
static int find_variable(Memory *m, LinkMapWalk walk, const char *const names[static NAMES_MAX],
                         Variable *ret) {
        Variable v = {};
        LinkMap object;
        int r;

        while (v.name != names[0]) {
                r = link_map_next(m, &walk, &object);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;

                r = search_object(m, &object, names, &v);
                if (r < 0)
                        return r;
        }
        if (!v.name)
                return -ENOENT;

        *ret = v;
        return 0;
}

/* Before libc has started, environ is NULL; it may be later, too, if the program wants it so. What tells the two
 * apart is the name by which the program was invoked: NULL or "" before. */
static int check_started(Memory *m, const LinkMapWalk *walk) {
        uint64_t address;
        Variable name;
        char first;
        int r;

        r = find_variable(m, *walk, program_names, &name);
        if (r == -ENOENT) {
                r = link_map_is_changing(m, walk);
                return r > 0 ? -EINPROGRESS : r;
        }
        if (r < 0)
                return r;

        r = memory_read_pointer(m, name.address, &address);
        if (r < 0)
                return r;
        if (address == 0)
                return -EINPROGRESS;

        r = memory_read(m, address, &first, sizeof(first));
        if (r < 0)
                return r;

        return first == 0 ? -EINPROGRESS : 0;
}

static int check_environ(Memory *m, const LinkMapWalk *walk, const Variable *v) {
        uint64_t array;
        int r;

        r = memory_read_pointer(m, v->address, &array);
        if (r < 0)
                return r;

        return array == 0 ? check_started(m, walk) : 0;
}

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

static int locate(Memory *m, const LinkMapWalk *walk, Location *ret) {
        Variable v;
        int r;

        r = find_variable(m, *walk, environ_names, &v);
        if (r < 0)
                return r;

        r = check_environ(m, walk, &v);
        if (r < 0)
                return r;

        ret->form = FORM_ARRAY;
        ret->address = v.address;
        ret->runtime = runtime_of(walk->loader);
        ret->source = SOURCE_DYNAMIC_SYMBOL;
        strcpy(ret->symbol, v.name);
        return read_object_name(m, &v.object, ret->object, sizeof(ret->object));
}

int libc_locate(Memory *m, const Program *p, Location *ret) {
        LinkMapWalk walk;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = link_map_walk(m, p, &walk);
        if (r < 0)
                return r;

        /* A list that was just being made is no reason to call a program strange: what is missing has to be
         * missing a second time, after the list was seen to be complete. */
        for (unsigned n = 0; n < 2; n++) {
                r = locate(m, &walk, ret);
                if (r >= 0 || r == -EINPROGRESS || r == -ESTALE)
                        return r;

                memory_forget(m);
                if (link_map_is_changing(m, &walk) > 0)
                        return -EINPROGRESS;
        }

        return r == -ENOENT ? -ENOEXEC : r;
}
