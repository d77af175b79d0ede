/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "auxv.h"
#include "initial-stack.h"

/* The random bytes are written before the vector, below them it is aligned to 16 bytes (Linux, fs/binfmt_elf.c,
 * create_elf_tables()). Twice of that, to be on the safe side. */
#define GAP_MAX 64U

/* How far the beginning is searched for: the kernel lets arguments and environment have a quarter of the stack. */
#define WORDS_MAX (1024U * 1024U)

/* There is nothing at the first addresses of any process, mmap_min_addr: what is less is a number. */
#define NUMBER_MAX 65535U

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

/* The first number before the vector is that of the arguments: all others are pointers. */
static int find_arguments(Memory *m, const InitialStack *s, uint64_t *ret, uint64_t *ret_n) {
        const size_t word_size = memory_pointer_size(m);
        uint64_t address = s->auxv, word, last;
        int r;

        for (size_t n = 0; n < WORDS_MAX; n++) {
                address -= word_size;
                r = memory_read_pointer(m, address, &word);
                if (r < 0)
                        return r;
                if (word == 0 || word > NUMBER_MAX)
                        continue;

                r = memory_read_pointer(m, address + (word + 1) * word_size, &last);
                if (r < 0)
                        return r;

                *ret = address + word_size;
                *ret_n = word;
                return last == 0 && word < n ? 0 : -ENOENT;
        }

        return -ENOENT;
}

int initial_stack_read_argument(Memory *m, const InitialStack *s, size_t index, char *buf, size_t size) {
        uint64_t arguments, n_arguments, string;
        int r;

        assert(m);
        assert(s);
        assert(buf);

        r = find_arguments(m, s, &arguments, &n_arguments);
        if (r < 0)
                return r;
        if (index >= n_arguments)
                return -ENOENT;

        r = memory_read_pointer(m, arguments + index * memory_pointer_size(m), &string);
        if (r < 0)
                return r;

        return string == 0 ? -ENOENT : memory_read_string(m, string, buf, size);
}
