/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "auxv.h"
#include "initial-stack.h"

/* The random bytes are written before the vector, below them it is aligned to 16 bytes (Linux, fs/binfmt_elf.c,
 * create_elf_tables()). Twice of that, to be on the safe side. */
#define GAP_MAX 64U

int initial_stack_find(Memory *m, InitialStack *ret) {
        uint8_t expected[2048], found[sizeof(expected)];
        uint64_t end;
        ssize_t size;
        Auxv auxv;
        int r;

        assert(m);
        assert(ret);

        r = auxv_read(m, &auxv);
        if (r < 0)
                return r;

        size = pread(m->auxv_fd, expected, sizeof(expected), 0);
        if (size < 0)
                return -errno;
        if (size == 0)
                return -ESTALE;
        if (auxv.random <= (uint64_t) size + GAP_MAX)
                return -ENOENT;

        end = auxv.random - auxv.random % memory_pointer_size(m);
        for (uint64_t gap = 0; gap <= GAP_MAX; gap += memory_pointer_size(m)) {
                const uint64_t address = end - gap - (uint64_t) size;

                r = memory_read(m, address, found, (size_t) size);
                if (r < 0)
                        return r;
                if (memcmp(found, expected, (size_t) size) == 0) {
                        *ret = (InitialStack){ .auxv = address };
                        return 0;
                }
        }

        return -ENOENT;
}
