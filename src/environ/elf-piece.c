/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "elf-piece.h"

size_t elf_item_size(int elf_class, Elf_Type type) {
        return elf_class == ELFCLASS32 ? elf32_fsize(type, 1, EV_CURRENT) : elf64_fsize(type, 1, EV_CURRENT);
}

static size_t write_header_32(uint8_t *image, size_t n_program_headers) {
        Elf32_Ehdr header = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELF_NATIVE_BYTE_ORDER,
                             EV_CURRENT },
                .e_version = EV_CURRENT,
                .e_ehsize = sizeof(header),
                .e_phoff = sizeof(header),
                .e_phentsize = sizeof(Elf32_Phdr),
                .e_phnum = (Elf32_Half) n_program_headers,
        };

        memcpy(image, &header, sizeof(header));
        return sizeof(header);
}

static size_t write_header_64(uint8_t *image, size_t n_program_headers) {
        Elf64_Ehdr header = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELF_NATIVE_BYTE_ORDER,
                             EV_CURRENT },
                .e_version = EV_CURRENT,
                .e_ehsize = sizeof(header),
                .e_phoff = sizeof(header),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = (Elf64_Half) n_program_headers,
        };

        memcpy(image, &header, sizeof(header));
        return sizeof(header);
}

/* Puts the header in front. Returns the offset at which the structures belong. */
static size_t write_header(ElfPiece *p, int elf_class, Elf_Type type, size_t n_items) {
        const size_t n_program_headers = type == ELF_T_PHDR ? n_items : 0;

        p->elf = NULL;
        p->data = NULL;
        p->n_items = n_items;
        return elf_class == ELFCLASS32 ? write_header_32(p->image, n_program_headers)
                                       : write_header_64(p->image, n_program_headers);
}

static int open_image(ElfPiece *p, size_t offset, size_t size, Elf_Type type) {
        if (elf_version(EV_CURRENT) == EV_NONE)
                return -ENOSYS;

        p->elf = elf_memory((char *) p->image, offset + size);
        if (!p->elf)
                return -ENOMEM;

        p->data = elf_getdata_rawchunk(p->elf, (int64_t) offset, size, type);
        return p->data || size == 0 ? 0 : -ENOMEM;
}

int elf_piece_read(ElfPiece *p, Memory *m, uint64_t address, Elf_Type type, size_t n_items) {
        size_t offset, size;
        int r;

        assert(p);
        assert(m);

        offset = write_header(p, m->elf_class, type, n_items);
        if (n_items > ELF_PIECE_MAX / elf_item_size(m->elf_class, type))
                return -EBADMSG;

        size = n_items * elf_item_size(m->elf_class, type);
        r = memory_read(m, address, p->image + offset, size);
        if (r < 0)
                return r;

        return open_image(p, offset, size, type);
}

int elf_piece_copy(ElfPiece *p, int elf_class, const void *items, Elf_Type type, size_t n_items) {
        size_t offset, size;

        assert(p);
        assert(items || n_items == 0);

        offset = write_header(p, elf_class, type, n_items);
        if (n_items > ELF_PIECE_MAX / elf_item_size(elf_class, type))
                return -EBADMSG;

        size = n_items * elf_item_size(elf_class, type);
        if (size > 0)
                memcpy(p->image + offset, items, size);
        return open_image(p, offset, size, type);
}

void elf_piece_done(ElfPiece *p) {
        assert(p);

        if (p->elf)
                (void) elf_end(p->elf);
        p->elf = NULL;
}
