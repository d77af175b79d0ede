/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "elf-piece.h"
#include "symbol-file.h"

#define CHUNK_SIZE (64U * 1024U)
#define NAME_SIZE_MAX 64U /* the NUL byte included */
#define OFFSETS_MAX 64U   /* how often names may end like one that is looked for: "my.environ" does */
#define SECTIONS_MAX 65535U
#define TABLE_SIZE_MAX (1024U * 1024U * 1024U) /* bytes, more than any program's */

/* A part of the file. */
typedef struct Table {
        uint64_t offset;
        uint64_t size;
} Table;

/* Where in the string table a name is; linkers let names share their ends. */
typedef struct NameOffset {
        uint64_t offset;
        size_t name; /* its index */
} NameOffset;

typedef struct SymbolFile {
        int fd;
        int elf_class;
        Table symbols, strings;

        NameOffset names[OFFSETS_MAX];
        size_t n_names;
} SymbolFile;

static int read_at(int fd, uint64_t offset, void *buf, size_t size) {
        ssize_t n;

        if (offset > INT64_MAX - size)
                return -EBADMSG;

        n = pread(fd, buf, size, (off_t) offset);
        if (n < 0)
                return -errno;

        return (size_t) n == size ? 0 : -EBADMSG;
}

static int read_header(int fd, GElf_Ehdr *ret) {
        char raw[sizeof(Elf64_Ehdr)] = {};
        Elf *elf;
        int r;

        r = read_at(fd, 0, raw, sizeof(raw));
        if (r < 0)
                return r;

        if (elf_version(EV_CURRENT) == EV_NONE)
                return -ENOSYS;

        elf = elf_memory(raw, sizeof(raw));
        if (!elf)
                return -ENOMEM;

        r = gelf_getehdr(elf, ret) ? 0 : -EBADMSG;
        (void) elf_end(elf);
        return r;
}

/* There is no gelf_*() for section headers without a file. */
static int translate_section(int elf_class, const uint8_t *raw, Elf64_Shdr *ret) {
        _cleanup_(elf_piece_done) ElfPiece piece;
        const Elf32_Shdr *narrow;
        int r;

        r = elf_piece_copy(&piece, elf_class, raw, ELF_T_SHDR, 1);
        if (r < 0)
                return r;

        if (elf_class == ELFCLASS64) {
                memcpy(ret, piece.data->d_buf, sizeof(*ret));
                return 0;
        }

        narrow = piece.data->d_buf;
        *ret = (Elf64_Shdr){ .sh_type = narrow->sh_type,
                             .sh_offset = narrow->sh_offset,
                             .sh_size = narrow->sh_size,
                             .sh_link = narrow->sh_link };
        return 0;
}

static int read_section(const SymbolFile *f, const GElf_Ehdr *header, size_t index, Elf64_Shdr *ret) {
        const size_t size = elf_item_size(f->elf_class, ELF_T_SHDR);
        uint8_t raw[sizeof(Elf64_Shdr)];
        int r;

        if (header->e_shentsize != size || header->e_shoff > INT64_MAX / 2)
                return -EBADMSG;

        r = read_at(f->fd, header->e_shoff + index * size, raw, size);
        if (r < 0)
                return r;

        return translate_section(f->elf_class, raw, ret);
}

static Table table_of(const Elf64_Shdr *section) {
        return (Table){ section->sh_offset, section->sh_size };
}

static int find_tables(SymbolFile *f, const GElf_Ehdr *header) {
        for (size_t i = 0; i < header->e_shnum && i < SECTIONS_MAX; i++) {
                Elf64_Shdr symbols, strings;
                int r;

                r = read_section(f, header, i, &symbols);
                if (r < 0)
                        return r;
                if (symbols.sh_type != SHT_SYMTAB)
                        continue;
                if (symbols.sh_link >= header->e_shnum)
                        return -EBADMSG;

                r = read_section(f, header, symbols.sh_link, &strings);
                if (r < 0)
                        return r;
                if (strings.sh_type != SHT_STRTAB || strings.sh_size > TABLE_SIZE_MAX ||
                    symbols.sh_size > TABLE_SIZE_MAX)
                        return -EBADMSG;

                f->symbols = table_of(&symbols);
                f->strings = table_of(&strings);
                return 0;
        }

        return -ENOENT;
}

/* Notes every place in a piece of the string table where a name is, with its NUL byte. */
static int take_strings(SymbolFile *f, uint64_t offset, const char *text, size_t size, const char *name,
                        size_t index) {
        const size_t name_size = strlen(name) + 1;
        const char *p = text;

        while ((p = memmem(p, size - (size_t) (p - text), name, name_size))) {
                if (f->n_names >= OFFSETS_MAX)
                        return -EBADMSG;

                f->names[f->n_names++] = (NameOffset){ offset + (uint64_t) (p - text), index };
                p++;
        }

        return 0;
}

/* A piece begins with the last bytes of the one before, too few to hold a name. */
static int find_names(SymbolFile *f, char *chunk, const char *const names[], size_t n_names) {
        for (size_t i = 0; i < n_names; i++) {
                const size_t overlap = strlen(names[i]);
                uint64_t offset = 0;

                assert(overlap < NAME_SIZE_MAX);

                while (f->strings.size - offset > overlap) {
                        const size_t size = min_size(CHUNK_SIZE, f->strings.size - offset);
                        int r;

                        r = read_at(f->fd, f->strings.offset + offset, chunk, size);
                        if (r < 0)
                                return r;

                        r = take_strings(f, offset, chunk, size, names[i], i);
                        if (r < 0)
                                return r;

                        offset += size - overlap;
                }
        }

        return 0;
}

static int take_symbol(const SymbolFile *f, const GElf_Sym *symbol, uint64_t values[]) {
        const unsigned type = GELF_ST_TYPE(symbol->st_info);

        if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 ||
            (type != STT_OBJECT && type != STT_NOTYPE))
                return 0;

        for (const NameOffset *n = f->names; n < f->names + f->n_names; n++) {
                if (n->offset != symbol->st_name)
                        continue;
                if (values[n->name] != 0 && values[n->name] != symbol->st_value)
                        return -ENOTUNIQ;
                values[n->name] = symbol->st_value;
        }

        return 0;
}

static int take_symbols(const SymbolFile *f, const char *chunk, size_t n_symbols, uint64_t values[]) {
        const size_t symbol_size = elf_item_size(f->elf_class, ELF_T_SYM);
        const size_t n_max = ELF_PIECE_MAX / symbol_size;

        for (size_t first = 0; first < n_symbols; first += n_max) {
                _cleanup_(elf_piece_done) ElfPiece piece;
                int r;

                r = elf_piece_copy(&piece, f->elf_class, chunk + first * symbol_size, ELF_T_SYM,
                                   min_size(n_max, n_symbols - first));
                if (r < 0)
                        return r;

                for (size_t i = 0; i < piece.n_items; i++) {
                        GElf_Sym symbol;

                        if (!gelf_getsym(piece.data, (int) i, &symbol))
                                return -EBADMSG;

                        r = take_symbol(f, &symbol, values);
                        if (r < 0)
                                return r;
                }
        }

        return 0;
}

static int find_symbols(const SymbolFile *f, char *chunk, uint64_t values[]) {
        const size_t symbol_size = elf_item_size(f->elf_class, ELF_T_SYM);
        const uint64_t n_symbols = f->symbols.size / symbol_size, n_max = CHUNK_SIZE / symbol_size;

        for (uint64_t first = 0; first < n_symbols; first += n_max) {
                const size_t n = min_size(n_max, n_symbols - first);
                int r;

                r = read_at(f->fd, f->symbols.offset + first * symbol_size, chunk, n * symbol_size);
                if (r < 0)
                        return r;

                r = take_symbols(f, chunk, n, values);
                if (r < 0)
                        return r;
        }

        return 0;
}

int symbol_file_find(int fd, const char *const names[], size_t n_names, uint64_t values[]) {
        _cleanup_free_ char *chunk = NULL;
        SymbolFile f = { .fd = fd };
        uint64_t found[SYMBOL_FILE_NAMES_MAX] = {};
        GElf_Ehdr header;
        int r;

        assert(fd >= 0);
        assert(names);
        assert(n_names <= SYMBOL_FILE_NAMES_MAX);
        assert(values);

        r = read_header(fd, &header);
        if (r < 0)
                return r;

        f.elf_class = header.e_ident[EI_CLASS];
        r = find_tables(&f, &header);
        if (r < 0)
                return r;

        chunk = malloc(CHUNK_SIZE);
        if (!chunk)
                return -ENOMEM;

        r = find_names(&f, chunk, names, n_names);
        if (r < 0)
                return r;

        if (f.n_names > 0) {
                r = find_symbols(&f, chunk, found);
                if (r < 0)
                        return r;
        }

        memcpy(values, found, n_names * sizeof(found[0]));
        return 0;
}
