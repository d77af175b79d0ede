/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "static-program.h"
#include "elf-piece.h"
#include "unit.h"

enum {
        OFFSET_OF_NOTES = 0x200,
        OFFSET_OF_CONSTANT = 0x400,
        N_HEADERS = 3,
        N_SECTIONS = 4,
        SIZE_OF_NOTES = 0x100
};

static void put(int fd, uint64_t offset, const void *data, size_t size) {
        assert_int_equal(pwrite(fd, data, size, (off_t) offset), (ssize_t) size);
}

static void put_header(const StaticProgram *p, int fd) {
        if (p->elf_class == ELFCLASS32)
                put(fd, 0,
                    &(Elf32_Ehdr){ .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
                                                ELF_NATIVE_BYTE_ORDER, 1 },
                                   .e_machine = EM_386,
                                   .e_entry = FILE_ENTRY,
                                   .e_phoff = sizeof(Elf32_Ehdr),
                                   .e_phentsize = sizeof(Elf32_Phdr),
                                   .e_phnum = N_HEADERS,
                                   .e_shoff = OFFSET_OF_SECTIONS,
                                   .e_shentsize = sizeof(Elf32_Shdr),
                                   .e_shnum = N_SECTIONS },
                    sizeof(Elf32_Ehdr));
        else
                put(fd, 0,
                    &(Elf64_Ehdr){ .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                                ELF_NATIVE_BYTE_ORDER, 1 },
                                   .e_machine = EM_X86_64,
                                   .e_entry = FILE_ENTRY,
                                   .e_phoff = sizeof(Elf64_Ehdr),
                                   .e_phentsize = sizeof(Elf64_Phdr),
                                   .e_phnum = N_HEADERS,
                                   .e_shoff = OFFSET_OF_SECTIONS,
                                   .e_shentsize = sizeof(Elf64_Shdr),
                                   .e_shnum = N_SECTIONS },
                    sizeof(Elf64_Ehdr));
}

static void put_program_header(const StaticProgram *p, int fd, unsigned index, uint32_t type,
                               uint64_t offset, uint64_t address, uint64_t size, uint32_t flags) {
        const uint64_t at =
                elf_item_size(p->elf_class, ELF_T_EHDR) + index * elf_item_size(p->elf_class, ELF_T_PHDR);

        if (p->elf_class == ELFCLASS32)
                put(fd, at,
                    &(Elf32_Phdr){ .p_type = type,
                                   .p_offset = (Elf32_Off) offset,
                                   .p_vaddr = (Elf32_Addr) address,
                                   .p_filesz = (Elf32_Word) size,
                                   .p_memsz = (Elf32_Word) size,
                                   .p_flags = flags },
                    sizeof(Elf32_Phdr));
        else
                put(fd, at,
                    &(Elf64_Phdr){ .p_type = type,
                                   .p_offset = offset,
                                   .p_vaddr = address,
                                   .p_filesz = size,
                                   .p_memsz = size,
                                   .p_flags = flags },
                    sizeof(Elf64_Phdr));
}

uint64_t static_program_section(const StaticProgram *p, unsigned index) {
        return OFFSET_OF_SECTIONS + index * elf_item_size(p->elf_class, ELF_T_SHDR);
}

static void put_section(const StaticProgram *p, int fd, unsigned index, uint32_t type, uint64_t offset,
                        uint64_t size, uint32_t link, uint64_t entry_size) {
        if (p->elf_class == ELFCLASS32)
                put(fd, static_program_section(p, index),
                    &(Elf32_Shdr){ .sh_type = type,
                                   .sh_offset = (Elf32_Off) offset,
                                   .sh_size = (Elf32_Word) size,
                                   .sh_link = link,
                                   .sh_entsize = (Elf32_Word) entry_size },
                    sizeof(Elf32_Shdr));
        else
                put(fd, static_program_section(p, index),
                    &(Elf64_Shdr){ .sh_type = type,
                                   .sh_offset = offset,
                                   .sh_size = size,
                                   .sh_link = link,
                                   .sh_entsize = entry_size },
                    sizeof(Elf64_Shdr));
}

static void put_symbol(const StaticProgram *p, int fd, unsigned index, uint32_t name, const FileSymbol *s) {
        const size_t pointer_size = p->elf_class == ELFCLASS32 ? 4 : 8;
        const uint64_t size = s->size ? s->size : pointer_size, value = s->value ? s->value : FILE_VARIABLE;
        const uint64_t at = OFFSET_OF_SYMBOLS + index * elf_item_size(p->elf_class, ELF_T_SYM);
        const unsigned binding = s->is_local ? STB_LOCAL : (s->binding ? s->binding : STB_GLOBAL);
        const unsigned type = s->type ? s->type : STT_OBJECT;
        const uint16_t section = s->section_index ? s->section_index : 1;

        if (p->elf_class == ELFCLASS32)
                put(fd, at,
                    &(Elf32_Sym){ .st_name = name,
                                  .st_value = (Elf32_Addr) value,
                                  .st_size = (Elf32_Word) size,
                                  .st_info = (unsigned char) ELF32_ST_INFO(binding, type),
                                  .st_other = s->visibility,
                                  .st_shndx = section },
                    sizeof(Elf32_Sym));
        else
                put(fd, at,
                    &(Elf64_Sym){ .st_name = name,
                                  .st_value = value,
                                  .st_size = size,
                                  .st_info = (unsigned char) ELF64_ST_INFO(binding, type),
                                  .st_other = s->visibility,
                                  .st_shndx = section },
                    sizeof(Elf64_Sym));
}

static void put_symbols(const StaticProgram *p, int fd) {
        uint32_t name = 1;
        unsigned n = 0;

        for (; n < FILE_SYMBOLS_MAX && p->symbols[n].name; n++) {
                put_symbol(p, fd, n + 1, name, &p->symbols[n]);
                put(fd, OFFSET_OF_NAMES + name, p->symbols[n].name, strlen(p->symbols[n].name) + 1);
                name += (uint32_t) strlen(p->symbols[n].name) + 1;
        }

        put_section(p, fd, 1, p->stripped ? SHT_NULL : SHT_SYMTAB, OFFSET_OF_SYMBOLS,
                    (n + 1) * elf_item_size(p->elf_class, ELF_T_SYM), 2,
                    elf_item_size(p->elf_class, ELF_T_SYM));
        put_section(p, fd, 2, SHT_STRTAB, OFFSET_OF_NAMES, SIZE_OF_NAMES, 0, 0);
}

static uint64_t put_note(int fd, uint64_t at, const char *owner, uint32_t type, const void *content,
                         uint32_t size) {
        const uint32_t owner_size = (uint32_t) strlen(owner) + 1;
        const GElf_Nhdr header = { .n_namesz = owner_size, .n_descsz = size, .n_type = type };

        put(fd, at, &header, sizeof(header));
        put(fd, at + sizeof(header), owner, owner_size);
        at += sizeof(header) + ((owner_size + 3) & ~3U);
        put(fd, at, content, size);
        return at + ((size + 3) & ~3U);
}

static void put_notes(const StaticProgram *p, int fd) {
        uint64_t at = OFFSET_OF_NOTES;
        uint8_t build_id[20];

        if (p->note_owner)
                at = put_note(fd, at, p->note_owner, 4, "content", 7);
        if (p->build_id) {
                memset(build_id, p->build_id, sizeof(build_id));
                at = put_note(fd, at, "GNU", NT_GNU_BUILD_ID, build_id, sizeof(build_id));
        }
        put_section(p, fd, 3, SHT_NOTE, OFFSET_OF_NOTES, at - OFFSET_OF_NOTES, 0, 0);
        put_program_header(p, fd, 2, PT_NOTE, OFFSET_OF_NOTES, FILE_TEXT + OFFSET_OF_NOTES,
                           at - OFFSET_OF_NOTES, PF_R);
}

int static_program_file(const StaticProgram *p) {
        const int fd = memfd_with("", 0);

        assert_int_equal(ftruncate(fd, OFFSET_OF_SECTIONS + 0x1000), 0);
        put_header(p, fd);
        put_program_header(p, fd, 0, PT_LOAD, 0, FILE_TEXT, FILE_SEGMENT_SIZE, PF_R | PF_X);
        put_program_header(p, fd, 1, PT_LOAD, FILE_SEGMENT_SIZE, FILE_DATA, FILE_SEGMENT_SIZE, PF_R | PF_W);
        put_symbols(p, fd);
        put_notes(p, fd);
        if (p->constant)
                put(fd, OFFSET_OF_CONSTANT, p->constant, strlen(p->constant) + 1);
        return fd;
}

static void load(Memory *m, int fd, uint64_t offset, uint64_t address, const char *permissions) {
        uint8_t data[FILE_SEGMENT_SIZE];

        assert_int_equal(pread(fd, data, sizeof(data), (off_t) offset), (ssize_t) sizeof(data));
        image_map(m, address, sizeof(data), permissions);
        image_put(m, address, data, sizeof(data));
}

Memory *static_program_memory(const StaticProgram *p, int file) {
        Memory *m = image_new(p->elf_class);

        load(m, file, 0, FILE_TEXT + p->bias, "r-xp");
        load(m, file, FILE_SEGMENT_SIZE, FILE_DATA + p->bias, "rw-p");
        m->executable_fd = file;
        m->executable_error = 0;

        image_auxv(m, AT_PHDR, FILE_TEXT + p->bias + elf_item_size(p->elf_class, ELF_T_EHDR));
        image_auxv(m, AT_PHENT, elf_item_size(p->elf_class, ELF_T_PHDR));
        image_auxv(m, AT_PHNUM, N_HEADERS);
        image_auxv(m, AT_ENTRY, FILE_ENTRY + p->bias);
        image_auxv(m, AT_NULL, 0);
        return m;
}

Program static_program_expect(const StaticProgram *p) {
        return (Program){
                .bias = p->bias,
                .segments = { { FILE_TEXT + p->bias, FILE_SEGMENT_SIZE, FILE_SEGMENT_SIZE, PF_R | PF_X },
                              { FILE_DATA + p->bias, FILE_SEGMENT_SIZE, FILE_SEGMENT_SIZE, PF_R | PF_W } },
                .n_segments = 2,
        };
}
