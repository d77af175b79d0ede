/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "elf-file.h"

/* Executables have some dozens. */
#define SECTIONS_MAX 16384U

int elf_file_read(const ElfFile *f, uint64_t offset, void *buf, size_t size) {
        uint8_t *p = buf;

        assert(f);
        assert(buf || size == 0);

        while (size > 0) {
                ssize_t n;

                if (offset > INT64_MAX)
                        return -EBADMSG;

                n = pread(f->fd, p, size, (off_t) offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EBADMSG;

                p += n;
                size -= (size_t) n;
                offset += (uint64_t) n;
        }

        return 0;
}

/* libelf widens what an Elf handle leads to; it has no function for a header on its own. */
static void take_header_32(ElfFile *f, const Elf32_Ehdr *h) {
        f->machine = h->e_machine;
        f->entry = h->e_entry;
        f->program_headers = h->e_phoff;
        f->n_program_headers = h->e_phentsize == sizeof(Elf32_Phdr) ? h->e_phnum : 0;
        f->sections = h->e_shoff;
        f->names_section = h->e_shstrndx;
        f->n_sections = h->e_shentsize == sizeof(Elf32_Shdr) ? h->e_shnum : 0;
}

static void take_header_64(ElfFile *f, const Elf64_Ehdr *h) {
        f->machine = h->e_machine;
        f->entry = h->e_entry;
        f->program_headers = h->e_phoff;
        f->n_program_headers = h->e_phentsize == sizeof(Elf64_Phdr) ? h->e_phnum : 0;
        f->sections = h->e_shoff;
        f->names_section = h->e_shstrndx;
        f->n_sections = h->e_shentsize == sizeof(Elf64_Shdr) ? h->e_shnum : 0;
}

static GElf_Shdr widen_section(const Elf32_Shdr *s) {
        return (GElf_Shdr){
                .sh_name = s->sh_name,
                .sh_type = s->sh_type,
                .sh_flags = s->sh_flags,
                .sh_addr = s->sh_addr,
                .sh_offset = s->sh_offset,
                .sh_size = s->sh_size,
                .sh_link = s->sh_link,
                .sh_info = s->sh_info,
                .sh_addralign = s->sh_addralign,
                .sh_entsize = s->sh_entsize,
        };
}

static int read_section(const ElfFile *f, size_t index, GElf_Shdr *ret) {
        union {
                Elf32_Shdr narrow;
                Elf64_Shdr wide;
        } header;
        const size_t size = f->elf_class == ELFCLASS32 ? sizeof(header.narrow) : sizeof(header.wide);
        int r;

        r = elf_file_read(f, f->sections + index * size, &header, size);
        if (r < 0)
                return r;

        *ret = f->elf_class == ELFCLASS32 ? widen_section(&header.narrow) : header.wide;
        return 0;
}

/* Where there are too many sections for the header, the first section has their number. */
static int count_sections(ElfFile *f) {
        GElf_Shdr first;
        int r;

        if (f->sections == 0) {
                f->n_sections = 0;
                return 0;
        }

        if (f->n_sections == 0) {
                r = read_section(f, 0, &first);
                if (r < 0)
                        return r;
                f->n_sections = first.sh_size < SECTIONS_MAX ? (size_t) first.sh_size : SECTIONS_MAX;
        }

        f->n_sections = min_size(f->n_sections, SECTIONS_MAX);
        return 0;
}

int elf_file_open(int fd, int elf_class, ElfFile *ret) {
        const unsigned char magic[] = {
                ELFMAG0,   ELFMAG1, ELFMAG2, ELFMAG3, (unsigned char) elf_class, ELF_NATIVE_BYTE_ORDER,
                EV_CURRENT
        };
        ElfFile f = { .fd = fd, .elf_class = elf_class };
        union {
                Elf32_Ehdr narrow;
                Elf64_Ehdr wide;
        } header;
        int r;

        assert(fd >= 0);
        assert(ret);

        r = elf_file_read(&f, 0, &header,
                          elf_class == ELFCLASS32 ? sizeof(header.narrow) : sizeof(header.wide));
        if (r < 0)
                return r;
        if (memcmp(&header, magic, sizeof(magic)) != 0)
                return -EBADMSG;

        if (elf_class == ELFCLASS32)
                take_header_32(&f, &header.narrow);
        else
                take_header_64(&f, &header.wide);

        r = count_sections(&f);
        if (r < 0)
                return r;

        *ret = f;
        return 0;
}

int elf_file_read_section(const ElfFile *f, size_t index, GElf_Shdr *ret) {
        assert(f);
        assert(ret);

        return index < f->n_sections ? read_section(f, index, ret) : -EBADMSG;
}

int elf_file_find_section(const ElfFile *f, uint32_t type, GElf_Shdr *ret) {
        GElf_Shdr section;
        int r;

        assert(f);
        assert(ret);

        for (size_t i = 1; i < f->n_sections; i++) {
                r = read_section(f, i, &section);
                if (r < 0)
                        return r;
                if (section.sh_type == type) {
                        *ret = section;
                        return 0;
                }
        }

        return -ENOENT;
}

int elf_file_read_program_headers(const ElfFile *f, ElfPiece *ret) {
        uint8_t raw[ELF_PIECE_MAX];
        const size_t size = f->n_program_headers * elf_item_size(f->elf_class, ELF_T_PHDR);
        int r;

        assert(f);
        assert(ret);

        if (size > sizeof(raw))
                return -EBADMSG;

        r = elf_file_read(f, f->program_headers, raw, size);
        if (r < 0)
                return r;

        return elf_piece_copy(ret, f->elf_class, raw, ELF_T_PHDR, f->n_program_headers);
}
