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

static int find_r_debug(Memory *m, uint64_t *ret, Loader *ret_loader) {
        Program program;
        Dynamic dynamic;
        Auxv auxv;
        int r;

        r = auxv_read(m, &auxv);
        if (r < 0)
                return r;

        r = program_read(m, &auxv, &program);
        if (r < 0)
                return r;
        if (program.dynamic == 0)
                return -ENOEXEC;

        r = dynamic_read(m, program.dynamic, program.bias, &dynamic);
        if (r < 0)
                return r;
        if (program.interpreter[0] == 0)
                return find_r_debug_in_loader(m, &dynamic, ret, ret_loader);
        if (!dynamic.has_debug)
                return -ENOEXEC;

        *ret = dynamic.debug;
        *ret_loader = loader_by_interpreter(program.interpreter);
        return 0;
}

int link_map_find_head(Memory *m, uint64_t *ret, Loader *ret_loader) {
        uint64_t r_debug, head;
        Loader loader;
        int r;

        assert(m);
        assert(ret);
        assert(ret_loader);

        r = find_r_debug(m, &r_debug, &loader);
        if (r < 0)
                return r;
        if (r_debug == 0)
                return -EINPROGRESS;

        /* struct r_debug: int r_version, padded; struct link_map *r_map; … */
        r = memory_read_pointer(m, r_debug + memory_pointer_size(m), &head);
        if (r < 0)
                return r;
        if (head == 0)
                return -EINPROGRESS;

        *ret = head;
        *ret_loader = loader;
        return 0;
}

int link_map_read(Memory *m, uint64_t address, LinkMap *ret) {
        uint8_t raw[4 * sizeof(uint64_t)];
        uint64_t field[4];
        const size_t size = memory_pointer_size(m);
        int r;

        assert(m);
        assert(ret);

        r = memory_read(m, address, raw, 4 * size);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(field); i++)
                field[i] = memory_pointer_at(m, raw + i * size);

        *ret = (LinkMap){ .bias = field[0], .name = field[1], .dynamic = field[2], .next = field[3] };
        return 0;
}
