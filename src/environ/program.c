/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "elf-piece.h"

/* What the program headers say of themselves and of the interpreter, as addresses in the file. */
typedef struct Layout {
        uint64_t headers;
        uint64_t interpreter; /* 0 if there is none */
        bool has_headers;
} Layout;

static void append_segment(Segment segments[], size_t *n, size_t n_max, const GElf_Phdr *header) {
        if (*n < n_max)
                segments[(*n)++] = (Segment){ .address = header->p_vaddr,
                                              .size = header->p_memsz,
                                              .file_size = header->p_filesz,
                                              .flags = header->p_flags };
}

static void program_take_header(Program *p, Layout *l, const Memory *m, const GElf_Phdr *header) {
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
                append_segment(p->segments, &p->n_segments, SEGMENTS_MAX, header);
                break;

        case PT_NOTE:
                append_segment(p->notes, &p->n_notes, NOTES_MAX, header);
                break;

        case PT_DYNAMIC:
                p->dynamic = header->p_vaddr;
                break;

        case PT_INTERP:
                l->interpreter = header->p_vaddr;
                break;
        }
}

static void program_add_bias(Program *p, uint64_t bias) {
        p->bias = bias;
        if (p->dynamic != 0)
                p->dynamic += bias;
        for (size_t i = 0; i < p->n_segments; i++)
                p->segments[i].address += bias;
        for (size_t i = 0; i < p->n_notes; i++)
                p->notes[i].address += bias;
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

        program.vdso = auxv->vdso;

        r = elf_piece_read(&table, m, auxv->program_headers, ELF_T_PHDR, auxv->n_program_headers);
        if (r < 0)
                return r;

        for (size_t i = 0; i < table.n_items; i++) {
                GElf_Phdr header;

                if (!gelf_getphdr(table.elf, (int) i, &header))
                        return -EBADMSG;
                program_take_header(&program, &layout, m, &header);
        }
        if (!layout.has_headers)
                return -EBADMSG;

        program_add_bias(&program, auxv->program_headers - layout.headers);
        program.entry_point = auxv->entry_point;
        program.headers = auxv->program_headers;
        program.n_headers = auxv->n_program_headers;
        program.has_interpreter = layout.interpreter != 0;
        if (layout.interpreter != 0) {
                r = read_interpreter(m, program.bias + layout.interpreter, program.interpreter,
                                     sizeof(program.interpreter));
                if (r < 0)
                        return r;
        }

        *ret = program;
        return 0;
}

uint64_t program_size(const Program *p, uint32_t flags) {
        uint64_t size = 0;

        assert(p);

        for (const Segment *s = p->segments; s < p->segments + p->n_segments; s++)
                if ((s->flags & flags) == flags && __builtin_add_overflow(size, s->size, &size))
                        return UINT64_MAX;

        return size;
}

bool program_has(const Program *p, uint64_t address, uint64_t size, uint32_t flags) {
        assert(p);

        for (const Segment *s = p->segments; s < p->segments + p->n_segments; s++)
                if ((s->flags & flags) == flags && address >= s->address &&
                    address - s->address <= s->size && size <= s->size - (address - s->address))
                        return true;

        return false;
}
