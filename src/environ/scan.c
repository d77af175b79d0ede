/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "scan.h"
#include "initial-stack.h"
#include "note.h"
#include "start-code.h"

/* Of writable memory, in bytes. libc's variables are among the first. */
#define SEARCHED_MAX (64U * 1024U * 1024U)

/* Returns 1 if a segment has a pointer to an address, or 0. */
static int segment_has_pointer(Memory *m, const Segment *s, uint64_t wanted) {
        const size_t pointer_size = memory_pointer_size(m);
        const uint64_t size = s->size < SEARCHED_MAX ? s->size : SEARCHED_MAX;
        uint64_t pointer;
        int r;

        for (uint64_t offset = -s->address % pointer_size; offset + pointer_size <= size;
             offset += pointer_size) {
                r = memory_read_pointer(m, s->address + offset, &pointer);
                if (r < 0)
                        return r;
                if (pointer == wanted)
                        return 1;
        }

        return 0;
}

/* Before libc has started, environ is NULL; it may be later, too, if the program wants it so. What tells the two
 * apart: right after environ, glibc (_dl_auxv) and musl (__libc.auxv) note where the auxiliary vector is. */
static int check_started(Memory *m, const Program *p) {
        InitialStack stack;
        int r;

        r = initial_stack_find(m, &stack);
        if (r < 0)
                return r == -ENOENT ? -ENOEXEC : r;

        for (const Segment *s = p->segments; s < p->segments + p->n_segments; s++) {
                if (!(s->flags & PF_W))
                        continue;

                r = segment_has_pointer(m, s, stack.auxv);
                if (r != 0)
                        return r < 0 ? r : 0;
        }

        return -EINPROGRESS;
}

static int find_runtime(Memory *m, const Program *p, StartCode start_code, Runtime *ret) {
        Note note;
        int r;

        if (start_code == START_CODE_MUSL) {
                *ret = RUNTIME_MUSL;
                return 0;
        }

        /* uClibc starts programs with the same code as glibc does, but has no such note. */
        r = note_find(m, p, "GNU", NT_GNU_ABI_TAG, &note);
        if (r < 0 && r != -ENOENT)
                return r;

        *ret = r < 0 ? RUNTIME_UNKNOWN : RUNTIME_GLIBC;
        return 0;
}

int scan_locate(Memory *m, const Program *p, const ElfFile *f, Location *ret) {
        uint64_t address, array;
        StartCode start_code;
        Runtime runtime;
        int r;

        assert(m);
        assert(p);
        assert(f);
        assert(ret);

        if (m->elf_class != ELFCLASS64 || f->machine != EM_X86_64)
                return -ENOEXEC;

        r = start_code_find_environ(m, p, &start_code, &address);
        if (r < 0)
                return r;

        r = find_runtime(m, p, start_code, &runtime);
        if (r < 0)
                return r;

        r = memory_read_pointer(m, address, &array);
        if (r >= 0 && array == 0)
                r = check_started(m, p);
        if (r < 0)
                return r;

        *ret = (Location){
                .form = FORM_ARRAY,
                .address = address,
                .runtime = runtime,
                .source = SOURCE_SCAN,
        };
        return 0;
}
