/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gelf.h>

#include "program.h"

#define PROGRAM_HEADERS_MAX 128U

static size_t program_header_size(const Memory *m) {
        return m->elf_class == ELFCLASS32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static size_t elf_header_size(const Memory *m) {
        return m->elf_class == ELFCLASS32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
}

static int read_program_header(Memory *m, uint64_t address, GElf_Phdr *ret) {
        Elf32_Phdr narrow;
        int r;

        if (m->elf_class == ELFCLASS64)
                return memory_read(m, address, ret, sizeof(Elf64_Phdr));

        r = memory_read(m, address, &narrow, sizeof(narrow));
        if (r < 0)
                return r;

        *ret = (GElf_Phdr){
                .p_type = narrow.p_type,
                .p_flags = narrow.p_flags,
                .p_offset = narrow.p_offset,
                .p_vaddr = narrow.p_vaddr,
                .p_paddr = narrow.p_paddr,
                .p_filesz = narrow.p_filesz,
                .p_memsz = narrow.p_memsz,
                .p_align = narrow.p_align,
        };
        return 0;
}

int program_read(Memory *m, const Auxv *auxv, Program *ret) {
        uint64_t interpreter = 0, dynamic = 0, bias = 0;
        bool bias_known = false;
        Program program = {};
        int r;

        assert(m);
        assert(auxv);
        assert(ret);

        if (auxv->n_program_headers > PROGRAM_HEADERS_MAX)
                return -EBADMSG;

        for (size_t i = 0; i < auxv->n_program_headers; i++) {
                GElf_Phdr header;

                r = read_program_header(m, auxv->program_headers + i * program_header_size(m), &header);
                if (r < 0)
                        return r;

                switch (header.p_type) {
                case PT_PHDR:
                        bias = auxv->program_headers - header.p_vaddr;
                        bias_known = true;
                        break;

                case PT_LOAD:
                        /* Without a PT_PHDR: the table follows the ELF header at the start of the file. */
                        if (!bias_known && header.p_offset == 0) {
                                bias = auxv->program_headers - elf_header_size(m) - header.p_vaddr;
                                bias_known = true;
                        }
                        break;

                case PT_DYNAMIC:
                        dynamic = header.p_vaddr;
                        break;

                case PT_INTERP:
                        interpreter = header.p_vaddr;
                        break;
                }
        }

        if (!bias_known)
                return -EBADMSG;

        program.bias = bias;
        if (dynamic != 0)
                program.dynamic = bias + dynamic;

        if (interpreter != 0) {
                r = memory_read_string(m, bias + interpreter, program.interpreter, sizeof(program.interpreter));
                if (r == -ENAMETOOLONG)
                        program.interpreter[0] = 0;
                else if (r < 0)
                        return r;
        }

        *ret = program;
        return 0;
}
