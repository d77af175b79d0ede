/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "debug-file.h"
#include "keeper.h"
#include "link-map.h"
#include "note.h"
#include "scan.h"
#include "static.h"
#include "symbol-table.h"

/* getenv() of glibc and of musl refers to the first; the fourth is musl's alone. */
enum { ENVIRON, ENVIRON_WEAK, ENVIRON_BSD, ENVIRON_MUSL, PROGRAM_NAME, PROGRAM_NAME_WEAK, N_VARIABLES };

static const TableVariable all_variables[N_VARIABLES] = {
        [ENVIRON] = { .name = "__environ" },
        [ENVIRON_WEAK] = { .name = "environ" },
        [ENVIRON_BSD] = { .name = "_environ" },
        [ENVIRON_MUSL] = { .name = "___environ" },
        /* Set by glibc and by musl when they take over the arguments of main(), right after environ. */
        [PROGRAM_NAME] = { .name = "__progname_full" },
        [PROGRAM_NAME_WEAK] = { .name = "program_invocation_name" },
};

/* Whether the program is a dynamic loader that was executed by hand: it has no PT_INTERP, too. */
static int is_loader(Memory *m, const Program *p) {
        LinkMapWalk walk;
        int r;

        r = link_map_walk(m, p, &walk);
        if (r == -ENOEXEC)
                return false;

        return r < 0 ? r : true;
}

#define NOTES_COMPARED 4096U

static int check_notes(Memory *m, const Program *p, const ElfFile *f, const GElf_Phdr *header) {
        uint8_t in_file[NOTES_COMPARED], in_memory[NOTES_COMPARED];
        const size_t size = min_size(NOTES_COMPARED, (size_t) header->p_filesz);
        int r;

        r = elf_file_read(f, header->p_offset, in_file, size);
        if (r < 0)
                return r;

        r = memory_read(m, header->p_vaddr + p->bias, in_memory, size);
        if (r < 0)
                return r;

        return memcmp(in_file, in_memory, size) == 0 ? 0 : -EBADMSG;
}

/* Whether the file has the very program headers and notes, of which one is unique, that are in memory. */
static int check_executable(Memory *m, const Program *p, const ElfFile *f) {
        _cleanup_(elf_piece_done) ElfPiece in_file = {}, in_memory = {};
        int r;

        if (f->n_program_headers != p->n_headers || f->entry + p->bias != p->entry_point)
                return -EBADMSG;

        r = elf_file_read_program_headers(f, &in_file);
        if (r < 0)
                return r;

        r = elf_piece_read(&in_memory, m, p->headers, ELF_T_PHDR, p->n_headers);
        if (r < 0)
                return r;

        for (size_t i = 0; i < in_file.n_items; i++) {
                GElf_Phdr a, b;

                if (!gelf_getphdr(in_file.elf, (int) i, &a) || !gelf_getphdr(in_memory.elf, (int) i, &b) ||
                    memcmp(&a, &b, sizeof(a)) != 0)
                        return -EBADMSG;

                r = a.p_type == PT_NOTE ? check_notes(m, p, f, &a) : 0;
                if (r < 0)
                        return r;
        }

        return 0;
}

/* The file may be of the program that was executed since the memory was opened. */
static int check_gone(Memory *m, const Program *p) {
        uint8_t byte;
        int r;

        memory_forget(m);
        r = memory_read(m, p->headers, &byte, sizeof(byte));
        return r < 0 ? r : -EBADMSG;
}

/* Opens the executable of a static program that libc keeps the environment of. */
static int open_executable(Memory *m, const Program *p, ElfFile *ret) {
        int r;

        if (p->has_interpreter)
                return -ENOEXEC;

        r = is_loader(m, p);
        if (r != 0)
                return r < 0 ? r : -ENOEXEC;

        /* Without it, it can't be told whose program this is. */
        if (memory_open_executable(m) < 0)
                return -ENOEXEC;

        r = elf_file_open(m->executable_fd, m->elf_class, ret);
        if (r < 0)
                return r;

        r = check_executable(m, p, ret);
        if (r == -EBADMSG)
                return check_gone(m, p);
        if (r < 0)
                return r;

        return keeper_check_libc(m, p, ret);
}

/* Before libc has started, environ is NULL; it may be later, too, if the program wants it so. What tells the two
 * apart is the name by which the program was invoked: NULL or "" before, and in a PIE that has not relocated itself
 * a pointer that leads nowhere. */
static int check_started(Memory *m, const TableVariable variables[static N_VARIABLES]) {
        const uint64_t variable = variables[PROGRAM_NAME].address ? variables[PROGRAM_NAME].address
                                                                  : variables[PROGRAM_NAME_WEAK].address;
        uint64_t name;
        char first;
        int r;

        if (variable == 0)
                return -ENOEXEC;

        r = memory_read_pointer(m, variable, &name);
        if (r < 0)
                return r;
        if (name == 0)
                return -EINPROGRESS;

        r = memory_read(m, name, &first, sizeof(first));
        if (r < 0)
                return r == -EFAULT ? -EINPROGRESS : r;

        return first == 0 ? -EINPROGRESS : 0;
}

static int find_runtime(Memory *m, const Program *p, const TableVariable variables[static N_VARIABLES],
                        Runtime *ret) {
        Note note;
        int r;

        if (variables[ENVIRON_MUSL].address != 0) {
                *ret = RUNTIME_MUSL;
                return 0;
        }

        r = note_find(m, p, "GNU", NT_GNU_ABI_TAG, &note);
        if (r < 0 && r != -ENOENT)
                return r;

        *ret = r < 0 ? RUNTIME_UNKNOWN : RUNTIME_GLIBC;
        return 0;
}

/* By the name that getenv() uses. Where a linker has made that one local, it can't be told from others of the
 * name; then all of libc's other names must agree: a program may have an environ of its own. */
static const TableVariable *choose_environ(const TableVariable variables[static N_VARIABLES]) {
        const TableVariable *weak = &variables[ENVIRON_WEAK], *bsd = &variables[ENVIRON_BSD];

        if (variables[ENVIRON].address != 0)
                return &variables[ENVIRON];

        return weak->address != 0 && weak->address == bsd->address ? weak : NULL;
}

/* Returns -ENOENT if the file has no symbol for it. */
static int locate_in_file(Memory *m, const Program *p, const ElfFile *f, Source source, Location *ret) {
        TableVariable variables[N_VARIABLES];
        const TableVariable *v;
        uint64_t array;
        Runtime runtime;
        int r;

        memcpy(variables, all_variables, sizeof(variables));
        r = symbol_table_find(f, p, variables, N_VARIABLES);
        if (r < 0)
                return r;

        v = choose_environ(variables);
        if (!v)
                return -ENOENT;

        r = find_runtime(m, p, variables, &runtime);
        if (r < 0)
                return r;

        r = memory_read_pointer(m, v->address, &array);
        if (r >= 0 && array == 0)
                r = check_started(m, variables);
        if (r < 0)
                return r;

        *ret = (Location){ .form = FORM_ARRAY, .address = v->address, .runtime = runtime, .source = source };
        strcpy(ret->symbol, v->name);
        return 0;
}

static int locate_in_debug_file(Memory *m, const Program *p, const ElfFile *executable, Location *ret) {
        ElfFile f;
        int r;

        if (m->debug_fd < 0)
                return -ENOENT;

        /* One of another program is as good as none. */
        r = debug_file_open_checked(m, p, executable, &f);
        if (r == -EBADMSG)
                return -ENOENT;

        return r < 0 ? r : locate_in_file(m, p, &f, SOURCE_DEBUG_FILE, ret);
}

int static_locate(Memory *m, const Program *p, Location *ret) {
        ElfFile executable;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = open_executable(m, p, &executable);
        if (r < 0)
                return r;

        r = locate_in_file(m, p, &executable, SOURCE_SYMBOL_TABLE, ret);
        if (r == -ENOENT)
                r = locate_in_debug_file(m, p, &executable, ret);
        if (r == -ENOENT)
                r = scan_locate(m, p, &executable, ret);
        return r;
}

int static_locate_by_scan(Memory *m, const Program *p, Location *ret) {
        ElfFile executable;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = open_executable(m, p, &executable);
        return r < 0 ? r : scan_locate(m, p, &executable, ret);
}
