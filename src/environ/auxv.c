/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "auxv.h"

/* The size of a program header tells 32-bit processes from 64-bit ones; nothing else in the file does. */
static size_t program_header_size(int elf_class) {
        return elf_class == ELFCLASS32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static void entry_at(const uint8_t *p, int elf_class, Elf64_auxv_t *ret) {
        if (elf_class == ELFCLASS32) {
                Elf32_auxv_t narrow;

                memcpy(&narrow, p, sizeof(narrow));
                *ret = (Elf64_auxv_t){ .a_type = narrow.a_type, .a_un.a_val = narrow.a_un.a_val };
        } else
                memcpy(ret, p, sizeof(*ret));
}

static bool auxv_parse(const uint8_t *data, size_t size, int elf_class, Auxv *ret) {
        const size_t step = elf_class == ELFCLASS32 ? sizeof(Elf32_auxv_t) : sizeof(Elf64_auxv_t);
        uint64_t header_size = 0;
        Auxv auxv = {};

        for (size_t i = 0; i + step <= size; i += step) {
                Elf64_auxv_t entry;

                entry_at(data + i, elf_class, &entry);
                if (entry.a_type == AT_NULL)
                        break;
                if (entry.a_type == AT_PHDR)
                        auxv.program_headers = entry.a_un.a_val;
                else if (entry.a_type == AT_PHNUM)
                        auxv.n_program_headers = entry.a_un.a_val;
                else if (entry.a_type == AT_PHENT)
                        header_size = entry.a_un.a_val;
        }

        if (header_size != program_header_size(elf_class) || auxv.program_headers == 0)
                return false;

        *ret = auxv;
        return true;
}

int auxv_read(Memory *m, Auxv *ret) {
        uint8_t data[2048]; /* AT_VECTOR_SIZE is at most 76 words on any architecture */
        ssize_t n;

        assert(m);
        assert(ret);

        n = pread(m->auxv_fd, data, sizeof(data), 0);
        if (n < 0)
                return -errno;
        if (n == 0)
                return -ESTALE;

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++)
                if (auxv_parse(data, (size_t) n, elf_class, ret)) {
                        m->elf_class = elf_class;
                        return 0;
                }

        return -ENOEXEC;
}
