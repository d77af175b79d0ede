/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "debug-file.h"

static int read_build_id(Memory *m, const Program *p, BuildId *ret) {
        Note note;
        int r;

        r = note_find(m, p, "GNU", NT_GNU_BUILD_ID, &note);
        if (r < 0)
                return r;
        if (note.size < 2 || note.size > sizeof(note.content))
                return -ENOENT;

        *ret = (BuildId){ .size = note.size };
        memcpy(ret->bytes, note.content, note.size);
        return 0;
}

/* The section .gnu_debuglink: a name, its NUL byte, padding to 4 bytes, a checksum (manual of GDB, "Separate Debug
 * Files"). It is known by its name only. */
static int take_name(const ElfFile *f, const GElf_Shdr *section, DebugLink *link) {
        char content[sizeof(link->name) + 4 + sizeof(link->crc)] = {};
        size_t length, crc;
        int r;

        if (section->sh_size > sizeof(content))
                return -ENOENT;

        r = elf_file_read(f, section->sh_offset, content, (size_t) section->sh_size);
        if (r < 0)
                return r;

        length = strnlen(content, (size_t) section->sh_size);
        crc = (length + 4) & ~(size_t) 3;
        if (!debug_link_name_is_valid(content, sizeof(link->name)) ||
            crc + sizeof(link->crc) > section->sh_size)
                return -ENOENT;

        memcpy(link->name, content, length + 1);
        memcpy(&link->crc, content + crc, sizeof(link->crc));
        return 0;
}

static int read_name(const ElfFile *f, DebugLink *link) {
        static const char wanted[] = ".gnu_debuglink";
        GElf_Shdr names, section;
        char name[sizeof(wanted)];
        int r;

        if (f->n_sections == 0)
                return -ENOENT;

        r = elf_file_read_section(f, f->names_section, &names);
        for (size_t i = 1; r >= 0 && i < f->n_sections; i++) {
                r = elf_file_read_section(f, i, &section);
                if (r < 0 || section.sh_type != SHT_PROGBITS || section.sh_name >= names.sh_size ||
                    names.sh_size - section.sh_name < sizeof(name))
                        continue;

                r = elf_file_read(f, names.sh_offset + section.sh_name, name, sizeof(name));
                if (r >= 0 && memcmp(name, wanted, sizeof(name)) == 0)
                        return take_name(f, &section, link);
        }

        return r < 0 ? r : -ENOENT;
}

int debug_link_read(Memory *m, DebugLink *ret) {
        DebugLink link = {};
        GElf_Shdr section;
        Program program;
        ElfFile file;
        Auxv auxv;
        int r;

        assert(m);
        assert(ret);

        r = auxv_read(m, &auxv);
        if (r >= 0)
                r = program_read(m, &auxv, &program);
        if (r < 0)
                return r;
        if (program.has_interpreter || memory_open_executable(m) < 0)
                return -ENOENT;

        r = elf_file_open(m->executable_fd, m->elf_class, &file);
        if (r >= 0)
                r = elf_file_find_section(&file, SHT_SYMTAB, &section);
        if (r != -ENOENT)
                return r < 0 ? r : -ENOENT;

        r = read_build_id(m, &program, &link.build_id);
        if (r >= 0 || r == -ENOENT)
                r = read_name(&file, &link);
        if (r < 0 && r != -ENOENT)
                return r;
        if (link.build_id.size == 0 && link.name[0] == 0)
                return -ENOENT;

        *ret = link;
        return 0;
}

/* CRC-32 of ISO 3309, as GDB's manual has it. */
static uint32_t crc_add(uint32_t crc, const uint8_t *data, size_t size) {
        crc = ~crc;
        for (size_t i = 0; i < size; i++) {
                crc ^= data[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
        }

        return ~crc;
}

static int crc_of_file(int fd, uint32_t *ret) {
        uint8_t buf[16384];
        uint32_t crc = 0;
        off_t offset = 0;
        ssize_t n;

        while ((n = pread(fd, buf, sizeof(buf), offset)) > 0) {
                crc = crc_add(crc, buf, (size_t) n);
                offset += n;
        }
        if (n < 0)
                return -errno;

        *ret = crc;
        return 0;
}

/* objcopy and eu-strip keep the entry point and where segments are in memory; what of them is in the file they
 * don't. */
static int check_segments(const Program *p, const ElfFile *f) {
        _cleanup_(elf_piece_done) ElfPiece headers = {};
        size_t n = 0;
        int r;

        if (f->entry + p->bias != p->entry_point)
                return -EBADMSG;

        r = elf_file_read_program_headers(f, &headers);
        if (r < 0)
                return r;

        for (size_t i = 0; i < headers.n_items; i++) {
                GElf_Phdr header;

                if (!gelf_getphdr(headers.elf, (int) i, &header))
                        return -EBADMSG;
                if (header.p_type != PT_LOAD || n >= p->n_segments)
                        continue;
                if (header.p_vaddr + p->bias != p->segments[n].address ||
                    header.p_memsz != p->segments[n].size)
                        return -EBADMSG;
                n++;
        }

        return n == p->n_segments ? 0 : -EBADMSG;
}

static int check_build_id(const ElfFile *f, const BuildId *id) {
        Note note;
        int r;

        r = note_find_in_file(f, "GNU", NT_GNU_BUILD_ID, &note);
        if (r < 0)
                return r == -ENOENT ? -EBADMSG : r;

        return note.size == id->size && memcmp(note.content, id->bytes, id->size) == 0 ? 0 : -EBADMSG;
}

static int check_content(const ElfFile *f, const ElfFile *executable) {
        DebugLink link = {};
        uint32_t crc = 0;
        int r;

        r = read_name(executable, &link);
        if (r < 0)
                return r == -ENOENT ? -EBADMSG : r;

        r = crc_of_file(f->fd, &crc);
        if (r < 0)
                return r;

        return crc == link.crc ? 0 : -EBADMSG;
}

int debug_file_open_checked(Memory *m, const Program *p, const ElfFile *executable, ElfFile *ret) {
        BuildId id;
        ElfFile f;
        int r;

        assert(m);
        assert(p);
        assert(executable);
        assert(ret);

        r = elf_file_open(m->debug_fd, m->elf_class, &f);
        if (r >= 0)
                r = check_segments(p, &f);
        if (r < 0)
                return r;

        r = read_build_id(m, p, &id);
        if (r == -ENOENT)
                r = check_content(&f, executable);
        else if (r >= 0)
                r = check_build_id(&f, &id);
        if (r < 0)
                return r;

        *ret = f;
        return 0;
}
