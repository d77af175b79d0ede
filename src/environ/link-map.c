/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "link-map.h"
#include "symbol.h"

static Loader loader_by_interpreter(const char *path) {
        const char *name = strrchr(path, '/');

        name = name ? name + 1 : path;
        if (strncmp(name, "ld-musl-", strlen("ld-musl-")) == 0)
                return LOADER_MUSL;
        if (strncmp(name, "ld-linux", strlen("ld-linux")) == 0 ||
            strncmp(name, "ld64.so", strlen("ld64.so")) == 0 || strncmp(name, "ld.so", strlen("ld.so")) == 0)
                return LOADER_GLIBC;

        return LOADER_UNKNOWN;
}

/* "ld.so PROGRAM": to the kernel the loader is the program, and it has no DT_DEBUG. */
static int find_r_debug_in_loader(Memory *m, const Dynamic *d, uint64_t *ret, Loader *ret_loader) {
        uint64_t address;
        int r;

        r = symbol_find_variable(m, d, "_r_debug", ret);
        if (r != -ENOENT) {
                *ret_loader = LOADER_GLIBC;
                return r;
        }

        r = symbol_find_variable(m, d, "_dl_debug_addr", &address);
        if (r < 0)
                return r == -ENOENT ? -ENOEXEC : r;

        *ret_loader = LOADER_MUSL;
        return memory_read_pointer(m, address, ret);
}

int link_map_walk(Memory *m, const Program *p, LinkMapWalk *ret) {
        LinkMapWalk walk = {};
        Dynamic dynamic;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        walk.vdso = p->vdso;

        if (p->dynamic == 0)
                return -ENOEXEC;

        r = dynamic_read(m, p->dynamic, p->bias, &dynamic);
        if (r < 0)
                return r;

        if (p->interpreter[0] == 0) {
                r = find_r_debug_in_loader(m, &dynamic, &walk.r_debug, &walk.loader);
                if (r < 0)
                        return r;
        } else if (dynamic.has_debug) {
                walk.r_debug = dynamic.debug;
                walk.loader = loader_by_interpreter(p->interpreter);
                walk.executable = (LinkMap){ .bias = p->bias, .dynamic = p->dynamic };
                walk.has_executable = true;
        } else
                return -ENOEXEC;

        *ret = walk;
        return 0;
}

static int link_map_read(Memory *m, uint64_t address, LinkMap *ret) {
        uint8_t raw[4 * sizeof(uint64_t)];
        uint64_t field[4];
        const size_t size = memory_pointer_size(m);
        int r;

        r = memory_read(m, address, raw, 4 * size);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(field); i++)
                field[i] = memory_pointer_at(m, raw + i * size);

        *ret = (LinkMap){ .bias = field[0], .name = field[1], .dynamic = field[2], .next = field[3] };
        return 0;
}

/* The list begins with the executable, which may have been seen already. */
static int link_map_open_list(Memory *m, LinkMapWalk *w) {
        uint64_t head;
        LinkMap first;
        int r;

        if (w->r_debug == 0)
                return -EINPROGRESS;

        /* struct r_debug: int r_version, padded; struct link_map *r_map; … */
        r = memory_read_pointer(m, w->r_debug + memory_pointer_size(m), &head);
        if (r < 0)
                return r;
        if (head == 0)
                return -EINPROGRESS;

        w->next = head;
        if (w->has_executable) {
                r = link_map_read(m, head, &first);
                if (r < 0)
                        return r;
                w->next = first.next;
        }

        w->has_list = true;
        return 0;
}

int link_map_next(Memory *m, LinkMapWalk *w, LinkMap *ret) {
        int r;

        assert(m);
        assert(w);
        assert(ret);

        if (w->n_objects == 0 && w->has_executable) {
                *ret = w->executable;
                w->n_objects = 1;
                return 1;
        }

        if (!w->has_list) {
                r = link_map_open_list(m, w);
                if (r < 0)
                        return r;
        }

        while (w->next != 0) {
                LinkMap object;

                if (w->n_objects >= LINK_MAP_MAX)
                        return -ELOOP;

                r = link_map_read(m, w->next, &object);
                if (r < 0)
                        return r;

                w->next = object.next;
                w->n_objects++;
                if (w->vdso != 0 && object.bias == w->vdso)
                        continue;

                *ret = object;
                return 1;
        }

        return 0;
}

int link_map_is_changing(Memory *m, const LinkMapWalk *w) {
        uint32_t state;
        int r;

        assert(m);
        assert(w);

        if (w->r_debug == 0)
                return true;

        /* struct r_debug: … after the list and a pointer to a function: enum r_state, 0 is RT_CONSISTENT. */
        r = memory_read(m, w->r_debug + 3 * memory_pointer_size(m), &state, sizeof(state));
        return r < 0 ? r : state != 0;
}

int link_map_read_executable(Memory *m, const Program *p, Dynamic *ret) {
        LinkMapWalk walk;
        LinkMap object;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        if (p->interpreter[0] != 0)
                return dynamic_read(m, p->dynamic, p->bias, ret);

        r = link_map_walk(m, p, &walk);
        if (r < 0)
                return r;

        r = link_map_next(m, &walk, &object);
        if (r <= 0)
                return r < 0 ? r : -EINPROGRESS;

        return dynamic_read(m, object.dynamic, object.bias, ret);
}
