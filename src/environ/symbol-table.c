/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "elf-piece.h"
#include "symbol-table.h"

/* A gigabyte of symbols. It ends the search, whatever a file says of itself, before a reader's time is over. */
#define SYMBOLS_MAX (UINT64_C(1) << 25)

#define NAME_SIZE 32U

/* A table and the strings that its names are in. */
typedef struct SymbolTable {
        const ElfFile *file;
        size_t symbol_size, pointer_size;
        uint64_t offset;
        uint64_t n_symbols;
        uint64_t next; /* to be read */
        uint64_t names;
        uint64_t names_size;

        char cached[4096]; /* names: neighbours in the table have theirs beside each other mostly */
        uint64_t cached_from;
        size_t cached_size;
} SymbolTable;

static int symbol_table_open(const ElfFile *f, SymbolTable *ret) {
        GElf_Shdr table, names;
        size_t size;
        int r;

        r = elf_file_find_section(f, SHT_SYMTAB, &table);
        if (r < 0)
                return r;

        r = elf_file_read_section(f, table.sh_link, &names);
        if (r < 0)
                return r;

        size = elf_item_size(f->elf_class, ELF_T_SYM);
        if (table.sh_entsize != size || names.sh_type != SHT_STRTAB || table.sh_offset > INT64_MAX ||
            names.sh_offset > INT64_MAX)
                return -EBADMSG;

        *ret = (SymbolTable){
                .file = f,
                .symbol_size = size,
                .pointer_size = f->elf_class == ELFCLASS32 ? sizeof(uint32_t) : sizeof(uint64_t),
                .offset = table.sh_offset,
                .n_symbols = table.sh_size / size < SYMBOLS_MAX ? table.sh_size / size : SYMBOLS_MAX,
                .names = names.sh_offset,
                .names_size = names.sh_size,
        };
        return 0;
}

static int symbol_table_read_piece(SymbolTable *t, ElfPiece *piece) {
        uint8_t raw[ELF_PIECE_MAX];
        const uint64_t left = t->n_symbols - t->next;
        const size_t n = min_size(sizeof(raw) / t->symbol_size, (size_t) left);
        int r;

        piece->elf = NULL;
        r = elf_file_read(t->file, t->offset + t->next * t->symbol_size, raw, n * t->symbol_size);
        if (r < 0)
                return r;

        t->next += n;
        return elf_piece_copy(piece, t->file->elf_class, raw, ELF_T_SYM, n);
}

static bool symbol_is_variable(const GElf_Sym *symbol) {
        const unsigned type = GELF_ST_TYPE(symbol->st_info);

        return (type == STT_OBJECT || type == STT_NOTYPE) && symbol->st_shndx != SHN_UNDEF &&
               symbol->st_shndx != SHN_ABS && symbol->st_value != 0;
}

/* A local symbol with a default visibility is a static variable. */
static bool symbol_is_local(const GElf_Sym *symbol) {
        return GELF_ST_BIND(symbol->st_info) == STB_LOCAL &&
               GELF_ST_VISIBILITY(symbol->st_other) != STV_HIDDEN &&
               GELF_ST_VISIBILITY(symbol->st_other) != STV_INTERNAL;
}

static bool symbol_can_be(const GElf_Sym *symbol, const TableVariable *v, const SymbolTable *t,
                          const Program *p) {
        const size_t size = v->size ? v->size : t->pointer_size;
        const uint64_t address = symbol->st_value + p->bias;

        if (symbol->st_size != 0 && (symbol->st_size < size || (v->size == 0 && symbol->st_size > size)))
                return false;

        return (v->may_be_local || !symbol_is_local(symbol)) &&
               address % min_size(size, t->pointer_size) == 0 && program_has(p, address, size, PF_R | PF_W);
}

/* Reads a name as far as it could be one of ours. */
static int read_name(SymbolTable *t, const GElf_Sym *symbol, char name[static NAME_SIZE]) {
        size_t size;
        int r;

        if (symbol->st_name >= t->names_size)
                return -EBADMSG;

        size = min_size(NAME_SIZE - 1, (size_t) (t->names_size - symbol->st_name));
        if (symbol->st_name < t->cached_from || symbol->st_name + size > t->cached_from + t->cached_size) {
                t->cached_from = symbol->st_name;
                t->cached_size = min_size(sizeof(t->cached), (size_t) (t->names_size - symbol->st_name));
                r = elf_file_read(t->file, t->names + t->cached_from, t->cached, t->cached_size);
                if (r < 0)
                        return r;
        }

        memcpy(name, t->cached + (symbol->st_name - t->cached_from), size);
        name[size] = 0;
        return 0;
}

static int take_symbol(SymbolTable *t, const Program *p, const GElf_Sym *symbol, TableVariable variables[],
                       size_t n_variables) {
        const uint64_t address = symbol->st_value + p->bias;
        char name[NAME_SIZE];
        int r;

        r = read_name(t, symbol, name);
        if (r < 0)
                return r;

        for (TableVariable *v = variables; v < variables + n_variables; v++) {
                if (strcmp(v->name, name) != 0 || !symbol_can_be(symbol, v, t, p))
                        continue;
                if (v->address != 0 && v->address != address)
                        return -EBADMSG;
                v->address = address;
        }

        return 0;
}

static int take_piece(SymbolTable *t, const Program *p, const ElfPiece *piece, TableVariable variables[],
                      size_t n_variables) {
        for (size_t i = 0; i < piece->n_items; i++) {
                GElf_Sym symbol;
                int r;

                if (!gelf_getsym(piece->data, (int) i, &symbol))
                        return -EBADMSG;
                if (!symbol_is_variable(&symbol))
                        continue;

                r = take_symbol(t, p, &symbol, variables, n_variables);
                if (r < 0)
                        return r;
        }

        return 0;
}

int symbol_table_find(const ElfFile *f, const Program *p, TableVariable variables[], size_t n_variables) {
        SymbolTable table;
        int r;

        assert(f);
        assert(p);
        assert(variables || n_variables == 0);

        for (TableVariable *v = variables; v < variables + n_variables; v++)
                v->address = 0;

        r = symbol_table_open(f, &table);
        if (r < 0)
                return r;

        while (table.next < table.n_symbols) {
                _cleanup_(elf_piece_done) ElfPiece piece;

                r = symbol_table_read_piece(&table, &piece);
                if (r < 0)
                        return r;

                r = take_piece(&table, p, &piece, variables, n_variables);
                if (r < 0)
                        return r;
        }

        return 0;
}
