/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "note.h"

/* Of one segment or section, in bytes. What lies behind is not looked at. */
#define NOTES_MAX_SIZE 4096U

/* Linux and the linkers pad to 4 bytes, in both classes. Where a segment is aligned to 8 bytes (that of program
 * properties) the sizes are multiples of that anyway. */
static uint64_t padded(uint32_t size) {
        return ((uint64_t) size + 3) & ~UINT64_C(3);
}

static int search(const uint8_t *notes, size_t size, const char *owner, uint32_t type, Note *ret) {
        const size_t owner_size = strlen(owner) + 1;

        for (uint64_t offset = 0; offset + sizeof(GElf_Nhdr) <= size;) {
                GElf_Nhdr header;
                uint64_t name, content;

                memcpy(&header, notes + offset, sizeof(header));
                name = offset + sizeof(header);
                content = name + padded(header.n_namesz);
                offset = content + padded(header.n_descsz);
                if (content + header.n_descsz > size)
                        return -ENOENT;
                if (header.n_namesz != owner_size || memcmp(notes + name, owner, owner_size) != 0 ||
                    (type != NOTE_OF_ANY_TYPE && header.n_type != type))
                        continue;

                *ret = (Note){ .size = header.n_descsz };
                memcpy(ret->content, notes + content, min_size(ret->size, NOTE_CONTENT_MAX));
                return 0;
        }

        return -ENOENT;
}

int note_find(Memory *m, const Program *p, const char *owner, uint32_t type, Note *ret) {
        uint8_t notes[NOTES_MAX_SIZE];
        int r;

        assert(m);
        assert(p);
        assert(owner);
        assert(ret);

        for (const Segment *s = p->notes; s < p->notes + p->n_notes; s++) {
                const size_t size = min_size(sizeof(notes), (size_t) s->file_size);

                r = memory_read(m, s->address, notes, size);
                if (r < 0)
                        return r;

                r = search(notes, size, owner, type, ret);
                if (r != -ENOENT)
                        return r;
        }

        return -ENOENT;
}

int note_find_in_file(const ElfFile *f, const char *owner, uint32_t type, Note *ret) {
        uint8_t notes[NOTES_MAX_SIZE];
        int r;

        assert(f);
        assert(owner);
        assert(ret);

        for (size_t i = 1; i < f->n_sections; i++) {
                GElf_Shdr section;
                size_t size;

                r = elf_file_read_section(f, i, &section);
                if (r < 0)
                        return r;
                if (section.sh_type != SHT_NOTE)
                        continue;

                size = min_size(sizeof(notes), (size_t) section.sh_size);
                r = elf_file_read(f, section.sh_offset, notes, size);
                if (r < 0)
                        return r;

                r = search(notes, size, owner, type, ret);
                if (r != -ENOENT)
                        return r;
        }

        return -ENOENT;
}
