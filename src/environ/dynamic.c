/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dynamic.h"
#include "elf-piece.h"

#define DYNAMIC_ENTRIES_MAX 1024U

/* glibc adds the bias to the addresses in the section when it loads the object, except where the section is
 * read-only; other loaders leave them. What is below the bias can only be an offset. */
static uint64_t dynamic_address(uint64_t value, uint64_t bias) {
        return value < bias ? value + bias : value;
}

static void dynamic_take_entry(Dynamic *d, const GElf_Dyn *entry) {
        const uint64_t address = dynamic_address(entry->d_un.d_ptr, d->bias);

        switch (entry->d_tag) {
        case DT_SYMTAB:
                d->symtab = address;
                break;
        case DT_STRTAB:
                d->strtab = address;
                break;
        case DT_STRSZ:
                d->strsz = entry->d_un.d_val;
                break;
        case DT_GNU_HASH:
                d->gnu_hash = address;
                break;
        case DT_HASH:
                d->hash = address;
                break;
        case DT_NEEDED:
                d->has_needed = true;
                break;
        case DT_DEBUG:
                d->has_debug = true;
                d->debug = entry->d_un.d_ptr;
                break;
        }
}

/* Returns 1 if the section ends in this piece, 0 if it goes on behind. */
static int dynamic_take_piece(Dynamic *d, const ElfPiece *piece) {
        for (size_t i = 0; i < piece->n_items; i++) {
                GElf_Dyn entry;

                if (!gelf_getdyn(piece->data, (int) i, &entry))
                        return -EBADMSG;
                if (entry.d_tag == DT_NULL)
                        return 1;

                dynamic_take_entry(d, &entry);
        }

        return 0;
}

int dynamic_read(Memory *m, uint64_t address, uint64_t bias, Dynamic *ret) {
        const size_t entry_size = elf_item_size(m->elf_class, ELF_T_DYN);
        Dynamic d = { .bias = bias };
        size_t n_entries = 0;

        assert(m);
        assert(ret);

        while (n_entries < DYNAMIC_ENTRIES_MAX) {
                _cleanup_(elf_piece_done) ElfPiece piece;
                const size_t n = memory_items_in_page(address, entry_size);
                int r;

                r = elf_piece_read(&piece, m, address, ELF_T_DYN, n);
                if (r < 0)
                        return r;

                r = dynamic_take_piece(&d, &piece);
                if (r < 0)
                        return r;
                if (r > 0) {
                        *ret = d;
                        return 0;
                }

                n_entries += n;
                address += n * entry_size;
        }

        return -EBADMSG;
}
