/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <unistd.h>

#include "auxv.h"
#include "elf-piece.h"

/* Takes the vector for one of a class. The size of a program header, which is in it, tells whether it is. */
static bool auxv_parse(const void *data, size_t size, int elf_class, Auxv *ret) {
        _cleanup_(elf_piece_done) ElfPiece piece;
        uint64_t header_size = 0;
        Auxv auxv = {};

        if (elf_piece_copy(&piece, elf_class, data, ELF_T_AUXV,
                           size / elf_item_size(elf_class, ELF_T_AUXV)) < 0)
                return false;

        for (size_t i = 0; i < piece.n_items; i++) {
                GElf_auxv_t entry;

                if (!gelf_getauxv(piece.data, (int) i, &entry) || entry.a_type == AT_NULL)
                        break;

                switch (entry.a_type) {
                case AT_PHDR:
                        auxv.program_headers = entry.a_un.a_val;
                        break;
                case AT_PHNUM:
                        auxv.n_program_headers = entry.a_un.a_val;
                        break;
                case AT_SYSINFO_EHDR:
                        auxv.vdso = entry.a_un.a_val;
                        break;
                case AT_PHENT:
                        header_size = entry.a_un.a_val;
                        break;
                case AT_ENTRY:
                        auxv.entry_point = entry.a_un.a_val;
                        break;
                case AT_RANDOM:
                        auxv.random = entry.a_un.a_val;
                        break;
                }
        }

        /* The kernel writes the entry point last of these. */
        if (header_size != elf_item_size(elf_class, ELF_T_PHDR) || auxv.entry_point == 0)
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

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Auxv auxv;

                if (!auxv_parse(data, (size_t) n, elf_class, &auxv))
                        continue;
                if (auxv.program_headers == 0)
                        return -ENOEXEC;

                m->elf_class = elf_class;
                *ret = auxv;
                return 0;
        }

        /* Every program has a whole vector, once its exec is done. */
        return -EINPROGRESS;
}
