/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "elf-piece.h"
#include "symbol.h"

typedef enum SymbolKind { SYMBOL_VARIABLE, SYMBOL_FUNCTION } SymbolKind;

#define CHAIN_MAX 65536U /* symbols with one hash value that are looked at, for one name in one object */

static int read_symbol(Memory *m, const Dynamic *d, uint64_t index, GElf_Sym *ret) {
        _cleanup_(elf_piece_done) ElfPiece piece;
        int r;

        r = elf_piece_read(&piece, m, d->symtab + index * elf_item_size(m->elf_class, ELF_T_SYM), ELF_T_SYM,
                           1);
        if (r < 0)
                return r;

        return gelf_getsym(piece.data, 0, ret) ? 0 : -EBADMSG;
}

static bool symbol_is_exported(const GElf_Sym *symbol, SymbolKind kind) {
        const unsigned type = GELF_ST_TYPE(symbol->st_info), binding = GELF_ST_BIND(symbol->st_info);
        const bool is_of_kind = kind == SYMBOL_FUNCTION
                                        ? type == STT_FUNC
                                        : type == STT_OBJECT || type == STT_NOTYPE || type == STT_COMMON;

        return symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 && is_of_kind &&
               (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE);
}

/* Returns 0 and the symbol's address if it is the one that is looked for, -ENOENT if it is another. */
static int symbol_match(Memory *m, const Dynamic *d, uint64_t index, SymbolKind kind, const char *name,
                        uint64_t *ret) {
        const size_t name_size = strlen(name) + 1;
        char found[32];
        GElf_Sym symbol;
        int r;

        assert(name_size <= sizeof(found));

        r = read_symbol(m, d, index, &symbol);
        if (r < 0)
                return r;

        if (!symbol_is_exported(&symbol, kind))
                return -ENOENT;
        if (symbol.st_name > d->strsz || d->strsz - symbol.st_name < name_size)
                return -ENOENT;

        r = memory_read(m, d->strtab + symbol.st_name, found, name_size);
        if (r < 0)
                return r;
        if (memcmp(found, name, name_size) != 0)
                return -ENOENT;

        *ret = symbol.st_shndx == SHN_ABS ? symbol.st_value : symbol.st_value + d->bias;
        return 0;
}

static uint32_t gnu_hash_of(const char *name) {
        uint32_t h = 5381;

        for (const char *p = name; *p; p++)
                h = h * 33 + (uint8_t) *p;

        return h;
}

/* The filter in front of the buckets says no for most names that an object does not define. */
static int gnu_hash_may_hold(Memory *m, uint64_t bloom, uint32_t bloom_size, uint32_t shift, uint32_t h) {
        const size_t word_size = memory_pointer_size(m);
        const uint32_t word_bits = (uint32_t) word_size * 8;
        uint64_t word;
        int r;

        r = memory_read_pointer(m, bloom + (uint64_t) (h / word_bits % bloom_size) * word_size, &word);
        if (r < 0)
                return r;

        return (int) (word >> (h % word_bits) & word >> ((shift < 32 ? h >> shift : 0) % word_bits) & 1);
}

static int gnu_hash_find(Memory *m, const Dynamic *d, SymbolKind kind, const char *name, uint64_t *ret) {
        struct {
                uint32_t n_buckets, first_symbol, bloom_size, bloom_shift;
        } table;
        const uint32_t h = gnu_hash_of(name);
        uint64_t bloom, buckets, chains;
        uint32_t symbol;
        int r;

        r = memory_read(m, d->gnu_hash, &table, sizeof(table));
        if (r < 0)
                return r;
        if (table.n_buckets == 0 || table.bloom_size == 0)
                return -ENOENT;

        bloom = d->gnu_hash + sizeof(table);
        buckets = bloom + (uint64_t) table.bloom_size * memory_pointer_size(m);
        chains = buckets + (uint64_t) table.n_buckets * sizeof(uint32_t);

        r = gnu_hash_may_hold(m, bloom, table.bloom_size, table.bloom_shift, h);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;

        r = memory_read(m, buckets + (uint64_t) (h % table.n_buckets) * sizeof(uint32_t), &symbol,
                        sizeof(symbol));
        if (r < 0)
                return r;
        if (symbol < table.first_symbol)
                return -ENOENT;

        for (size_t n = 0; n < CHAIN_MAX; n++, symbol++) {
                uint32_t chained;

                r = memory_read(m, chains + (uint64_t) (symbol - table.first_symbol) * sizeof(uint32_t),
                                &chained, sizeof(chained));
                if (r < 0)
                        return r;

                if ((chained | 1) == (h | 1)) {
                        r = symbol_match(m, d, symbol, kind, name, ret);
                        if (r != -ENOENT)
                                return r;
                }

                if (chained & 1)
                        return -ENOENT;
        }

        return -EBADMSG;
}

static uint32_t sysv_hash_of(const char *name) {
        uint32_t h = 0;

        for (const char *p = name; *p; p++) {
                uint32_t high;

                h = (h << 4) + (uint8_t) *p;
                high = h & 0xf0000000U;
                h ^= high >> 24;
                h &= ~high;
        }

        return h;
}

static int sysv_hash_find(Memory *m, const Dynamic *d, SymbolKind kind, const char *name, uint64_t *ret) {
        struct {
                uint32_t n_buckets, n_chains;
        } table;
        uint64_t buckets, chains;
        uint32_t symbol;
        int r;

        r = memory_read(m, d->hash, &table, sizeof(table));
        if (r < 0)
                return r;
        if (table.n_buckets == 0)
                return -ENOENT;

        buckets = d->hash + sizeof(table);
        chains = buckets + (uint64_t) table.n_buckets * sizeof(uint32_t);

        r = memory_read(m, buckets + (uint64_t) (sysv_hash_of(name) % table.n_buckets) * sizeof(uint32_t),
                        &symbol, sizeof(symbol));
        if (r < 0)
                return r;

        for (size_t n = 0; symbol != STN_UNDEF; n++) {
                if (n >= CHAIN_MAX || symbol >= table.n_chains)
                        return -EBADMSG;

                r = symbol_match(m, d, symbol, kind, name, ret);
                if (r != -ENOENT)
                        return r;

                r = memory_read(m, chains + (uint64_t) symbol * sizeof(uint32_t), &symbol, sizeof(symbol));
                if (r < 0)
                        return r;
        }

        return -ENOENT;
}

static int symbol_find(Memory *m, const Dynamic *d, SymbolKind kind, const char *name, uint64_t *ret) {
        assert(m);
        assert(d);
        assert(name);
        assert(ret);

        if (d->symtab == 0 || d->strtab == 0)
                return -ENOENT;
        if (d->gnu_hash != 0)
                return gnu_hash_find(m, d, kind, name, ret);
        if (d->hash != 0)
                return sysv_hash_find(m, d, kind, name, ret);

        return -ENOENT;
}

int symbol_find_variable(Memory *m, const Dynamic *d, const char *name, uint64_t *ret) {
        return symbol_find(m, d, SYMBOL_VARIABLE, name, ret);
}

int symbol_find_function(Memory *m, const Dynamic *d, const char *name, uint64_t *ret) {
        return symbol_find(m, d, SYMBOL_FUNCTION, name, ret);
}
