/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "elf-piece.h"

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
                        l->headers = header->p_vaddr + elf_item_size(m->elf_class, ELF_T_EHDR);
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
        _cleanup_(elf_piece_done) ElfPiece table;
        Program program = {};
        Layout layout = {};
        int r;

        assert(m);
        assert(auxv);
        assert(ret);

        r = elf_piece_read(&table, m, auxv->program_headers, ELF_T_PHDR, auxv->n_program_headers);
        if (r < 0)
                return r;

        for (size_t i = 0; i < table.n_items; i++) {
                GElf_Phdr header;

                if (!gelf_getphdr(table.elf, (int) i, &header))
                        return -EBADMSG;
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
