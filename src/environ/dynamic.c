/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gelf.h>
#include <string.h>

#include "dynamic.h"

#define DYNAMIC_ENTRIES_MAX 1024U

static size_t dynamic_entry_size(const Memory *m) {
        return m->elf_class == ELFCLASS32 ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
}

static GElf_Dyn dynamic_entry_at(const uint8_t *p, int elf_class) {
        GElf_Dyn entry;
        Elf32_Dyn narrow;

        if (elf_class == ELFCLASS64)
                memcpy(&entry, p, sizeof(entry));
        else {
                memcpy(&narrow, p, sizeof(narrow));
                entry = (GElf_Dyn){ .d_tag = narrow.d_tag, .d_un.d_val = narrow.d_un.d_val };
        }

        return entry;
}

/* glibc adds the bias to the addresses in the section when it loads the object, except where the section is read-only;
 * other loaders leave them. What is below the bias can only be an offset. */
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
        case DT_DEBUG:
                d->has_debug = true;
                d->debug = entry->d_un.d_ptr;
                break;
        }
}

int dynamic_read(Memory *m, uint64_t address, uint64_t bias, Dynamic *ret) {
        const size_t step = dynamic_entry_size(m);
        Dynamic d = { .bias = bias };

        assert(m);
        assert(ret);

        for (size_t n = 0; n < DYNAMIC_ENTRIES_MAX; n++, address += step) {
                const uint8_t *view;
                uint8_t whole[sizeof(Elf64_Dyn)];
                GElf_Dyn entry;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;
                if (size < step) {
                        r = memory_read(m, address, whole, step);
                        if (r < 0)
                                return r;
                        view = whole;
                }

                entry = dynamic_entry_at(view, m->elf_class);
                if (entry.d_tag == DT_NULL) {
                        *ret = d;
                        return 0;
                }

                dynamic_take_entry(&d, &entry);
        }

        return -EBADMSG;
}
