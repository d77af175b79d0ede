/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <string.h>

#include "go-program.h"
#include "link-map.h"
#include "symbol.h"

#define NOTES_SIZE_MAX 4096U /* bytes of a segment that are looked at */
#define SEARCH_MAX (64U * 1024U * 1024U)

/* Every part of Go that C can call goes through this function, and the linker exports it: runtime/cgo. */
#define CGO_SYMBOL "crosscall2"

/* What Go's linker puts into a writable segment, for "go version FILE": src/debug/buildinfo. */
#define BUILDINFO_MAGIC "\xff Go buildinf:"
#define BUILDINFO_ALIGNMENT 16U

/* The linker's note, cmd/link/internal/ld/elf.go: sizes of owner and text, type 4, owner. It is not there with
 * -ldflags=-buildid= . */
static bool is_go_note(const uint8_t *p) {
        static const uint8_t owner[] = "Go\0";
        uint32_t header[3];

        memcpy(header, p, sizeof(header));
        return header[0] == sizeof(owner) && header[2] == 4 &&
               memcmp(p + sizeof(header), owner, sizeof(owner)) == 0;
}

/* Notes begin at multiples of four bytes. Returns 1 or 0. */
static int has_go_note(Memory *m, const Program *p) {
        const size_t size_min = 4 * sizeof(uint32_t);

        for (const Segment *s = p->notes; s < p->notes + p->n_notes; s++) {
                uint8_t raw[NOTES_SIZE_MAX];
                const size_t size = min_size(sizeof(raw), s->file_size);
                int r;

                /* A file may have notes that are not loaded. */
                r = memory_read(m, s->address, raw, size);
                if (r == -EFAULT)
                        continue;
                if (r < 0)
                        return r;

                for (size_t i = 0; i + size_min <= size; i += sizeof(uint32_t))
                        if (is_go_note(raw + i))
                                return 1;
        }

        return 0;
}

static int segment_has_buildinfo(Memory *m, const Segment *segment) {
        const size_t n = strlen(BUILDINFO_MAGIC);
        uint64_t address = (segment->address + BUILDINFO_ALIGNMENT - 1) / BUILDINFO_ALIGNMENT *
                           BUILDINFO_ALIGNMENT,
                 end;

        end = segment->address + (segment->file_size < SEARCH_MAX ? segment->file_size : SEARCH_MAX);
        while (address < end && end - address >= n) {
                uint8_t raw[4096];
                const size_t size = min_size(sizeof(raw), end - address);
                int r;

                r = memory_read(m, address, raw, size);
                if (r < 0)
                        return r;

                for (size_t i = 0; i + n <= size; i += BUILDINFO_ALIGNMENT)
                        if (memcmp(raw + i, BUILDINFO_MAGIC, n) == 0)
                                return 1;

                address += size;
        }

        return 0;
}

/* Returns 1 or 0. */
static int has_buildinfo(Memory *m, const Program *p) {
        for (const Segment *s = p->segments; s < p->segments + p->n_segments; s++) {
                int r;

                if (!(s->flags & PF_W))
                        continue;

                r = segment_has_buildinfo(m, s);
                if (r != 0)
                        return r;
        }

        return 0;
}

static int exports_cgo(Memory *m, const Dynamic *d) {
        uint64_t address;
        int r;

        r = symbol_find_function(m, d, CGO_SYMBOL, &address);
        return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

/* "ld.so PROGRAM": the program headers are the loader's. The program comes first in the loader's list. */
static int check_loaded_by_hand(Memory *m, const Program *p) {
        LinkMapWalk walk;
        Dynamic dynamic;
        LinkMap object;
        int r;

        r = link_map_walk(m, p, &walk);
        if (r < 0)
                return -ENOEXEC;

        r = link_map_next(m, &walk, &object);
        if (r <= 0)
                return r < 0 ? r : -ENOEXEC;

        r = dynamic_read(m, object.dynamic, object.bias, &dynamic);
        if (r >= 0)
                r = exports_cgo(m, &dynamic);
        if (r < 0)
                return r;

        /* Go without C is linked with nothing; then the loader's libc, if it is one, is nobody's. */
        return r > 0 || !dynamic.has_needed ? -EOPNOTSUPP : -ENOEXEC;
}

/* Whether a program without the note has to be searched for the rest. Returns 1, 0, or an error. */
static int may_be_go(Memory *m, const Program *p) {
        Dynamic dynamic;
        int r;

        if (p->dynamic == 0)
                return 1;

        r = dynamic_read(m, p->dynamic, p->bias, &dynamic);
        if (r < 0)
                return r;

        /* What C made with a library has nothing of it; the others export a function of Go's. */
        return dynamic.has_needed ? exports_cgo(m, &dynamic) : 1;
}

int go_program_check(Memory *m, const Program *p) {
        int r;

        assert(m);
        assert(p);

        r = has_go_note(m, p);
        if (r != 0)
                return r < 0 ? r : 0;

        r = may_be_go(m, p);
        if (r > 0)
                r = has_buildinfo(m, p);
        if (r != 0)
                return r < 0 ? r : 0;

        return p->interpreter[0] == 0 && p->dynamic != 0 ? check_loaded_by_hand(m, p) : -ENOEXEC;
}

bool go_program_is_loading(Memory *m, const Program *p) {
        LinkMapWalk walk;

        assert(m);
        assert(p);

        return p->dynamic != 0 && link_map_walk(m, p, &walk) >= 0 && link_map_is_changing(m, &walk) > 0;
}
