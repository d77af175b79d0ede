/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gelf.h>
#include <string.h>

#include "program.h"

#define PROGRAM_HEADERS_MAX 128U

static size_t program_header_size(const Memory *m) {
        return m->elf_class == ELFCLASS32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static size_t elf_header_size(const Memory *m) {
        return m->elf_class == ELFCLASS32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
}

static GElf_Phdr program_header_at(const uint8_t *p, int elf_class) {
        GElf_Phdr header;
        Elf32_Phdr narrow;

        if (elf_class == ELFCLASS64)
                memcpy(&header, p, sizeof(header));
        else {
                memcpy(&narrow, p, sizeof(narrow));
                header = (GElf_Phdr){
                        .p_type = narrow.p_type,
                        .p_flags = narrow.p_flags,
                        .p_offset = narrow.p_offset,
                        .p_vaddr = narrow.p_vaddr,
                        .p_paddr = narrow.p_paddr,
                        .p_filesz = narrow.p_filesz,
                        .p_memsz = narrow.p_memsz,
                        .p_align = narrow.p_align,
                };
        }

        return header;
}

/* What the program headers say, as addresses in the file. */
typedef struct Layout {
        uint64_t headers;     /* of the program headers themselves */
        uint64_t dynamic;     /* 0 if there is none */
        uint64_t interpreter; /* 0 if there is none */
        bool has_headers;
} Layout;

static void layout_take_header(Layout *l, const Memory *m, const GElf_Phdr *header) {
        switch (header->p_type) {
        case PT_PHDR:
                l->headers = header->p_vaddr;
                l->has_headers = true;
                break;

        case PT_LOAD:
                /* Without a PT_PHDR: the table follows the ELF header at the start of the file. */
                if (!l->has_headers && header->p_offset == 0) {
                        l->headers = header->p_vaddr + elf_header_size(m);
                        l->has_headers = true;
                }
                break;

        case PT_DYNAMIC:
                l->dynamic = header->p_vaddr;
                break;

        case PT_INTERP:
                l->interpreter = header->p_vaddr;
                break;
        }
}

static int read_interpreter(Memory *m, uint64_t address, char *buf, size_t size) {
        int r;

        r = memory_read_string(m, address, buf, size);
        if (r == -ENAMETOOLONG) {
                buf[0] = 0;
                return 0;
        }

        return r;
}

int program_read(Memory *m, const Auxv *auxv, Program *ret) {
        uint8_t table[PROGRAM_HEADERS_MAX * sizeof(GElf_Phdr)];
        Program program = {};
        Layout layout = {};
        int r;

        assert(m);
        assert(auxv);
        assert(ret);

        if (auxv->n_program_headers > PROGRAM_HEADERS_MAX)
                return -EBADMSG;

        r = memory_read(m, auxv->program_headers, table, auxv->n_program_headers * program_header_size(m));
        if (r < 0)
                return r;

        for (size_t i = 0; i < auxv->n_program_headers; i++) {
                const GElf_Phdr header = program_header_at(table + i * program_header_size(m), m->elf_class);

                layout_take_header(&layout, m, &header);
        }
        if (!layout.has_headers)
                return -EBADMSG;

        program.bias = auxv->program_headers - layout.headers;
        if (layout.dynamic != 0)
                program.dynamic = program.bias + layout.dynamic;
        if (layout.interpreter != 0) {
                r = read_interpreter(m, program.bias + layout.interpreter, program.interpreter,
                                     sizeof(program.interpreter));
                if (r < 0)
                        return r;
        }

        *ret = program;
        return 0;
}
