/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "ash.h"
#include "bash.h"
#include "constants.h"
#include "elf-piece.h"
#include "heap.h"
#include "libc.h"
#include "link-map.h"
#include "shell.h"
#include "symbol.h"

/* Bytes of names of symbols. A shell has more than the first only if it exports symbols for modules, and more than
 * the second only as bash does. */
#define NAMES_SMALL 4096U
#define NAMES_MAX (16U * 1024U)
#define BASH_NAMES_MAX (256U * 1024U)

#define BUSYBOX_DATA_MAX (64U * 1024U) /* bytes of writable data, by which busybox is small */
#define SYMBOLS_MAX 2048U

/* Versions 1.… of busybox whose ash would have been recognised. */
#define BUSYBOX_FIRST 30U
#define BUSYBOX_LAST 38U

/* What a program needs of the C library tells what it is. */
typedef enum Kind {
        KIND_OTHER,
        KIND_LIBC, /* may be a shell, and asks the C library for variables: zsh, busybox */
        KIND_OWN,  /* a shell that never does */
} Kind;

enum {
        NEEDS_EXECVE = 1 << 0,
        NEEDS_UMASK = 1 << 1,
        NEEDS_GETPPID = 1 << 2,
        NEEDS_TCSETPGRP = 1 << 3,
        NEEDS_LIBC = 1 << 4,
};

static const struct {
        const char *name;
        unsigned need;
} imports[] = {
        { "execve", NEEDS_EXECVE },       { "umask", NEEDS_UMASK }, { "getppid", NEEDS_GETPPID },
        { "tcsetpgrp", NEEDS_TCSETPGRP }, { "getenv", NEEDS_LIBC }, { "secure_getenv", NEEDS_LIBC },
        { "setenv", NEEDS_LIBC },         { "putenv", NEEDS_LIBC },
};

/* In an executable the names of the symbols follow the symbols. What a gnu hash table has an entry for is defined
 * here, and comes last. */
static int count_imports(Memory *m, const Dynamic *d, size_t *ret) {
        uint32_t first_defined = 0;
        size_t n = 0;
        int r;

        if (d->gnu_hash != 0) {
                r = memory_read(m, d->gnu_hash + sizeof(uint32_t), &first_defined, sizeof(first_defined));
                if (r < 0)
                        return r;
        }

        if (d->strtab > d->symtab)
                n = min_size((d->strtab - d->symtab) / elf_item_size(m->elf_class, ELF_T_SYM), SYMBOLS_MAX);

        /* An empty table says 1. */
        *ret = first_defined > 1 ? min_size(n, first_defined) : n;
        return 0;
}

static unsigned need_of(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(imports); i++)
                if (strcmp(name, imports[i].name) == 0)
                        return imports[i].need;

        return 0;
}

/* names: all of them, ended by a NUL byte. */
static int read_needs(Memory *m, const Dynamic *d, const char *names, unsigned *ret) {
        const size_t symbol_size = elf_item_size(m->elf_class, ELF_T_SYM);
        unsigned needs = 0;
        size_t n, n_imports;
        int r;

        r = count_imports(m, d, &n_imports);
        if (r < 0)
                return r;

        for (size_t i = 1; i < n_imports; i += n) {
                _cleanup_(elf_piece_done) ElfPiece piece;

                n = min_size(n_imports - i, ELF_PIECE_MAX / symbol_size);
                r = elf_piece_read(&piece, m, d->symtab + i * symbol_size, ELF_T_SYM, n);
                if (r < 0)
                        return r;

                for (size_t k = 0; k < n; k++) {
                        GElf_Sym symbol;

                        if (!gelf_getsym(piece.data, (int) k, &symbol))
                                return -EBADMSG;
                        if (symbol.st_shndx == SHN_UNDEF && symbol.st_name < d->strsz)
                                needs |= need_of(names + symbol.st_name);
                }
        }

        *ret = needs;
        return 0;
}

static Kind kind_of(unsigned needs) {
        if ((needs & NEEDS_EXECVE) == 0 || (needs & NEEDS_UMASK) == 0)
                return KIND_OTHER;
        if (needs & NEEDS_LIBC)
                return needs & NEEDS_TCSETPGRP ? KIND_LIBC : KIND_OTHER;

        return needs & (NEEDS_TCSETPGRP | NEEDS_GETPPID) ? KIND_OWN : KIND_OTHER;
}

/* To look at many names takes long; for those only who have a copy of environ, as shells do. */
static int may_be_shell(Memory *m, const Dynamic *d) {
        uint64_t address;
        int r;

        if (d->symtab == 0 || d->strtab == 0 || d->strsz > NAMES_MAX)
                return false;
        if (d->strsz <= NAMES_SMALL)
                return true;

        r = symbol_find_variable(m, d, "environ", &address);
        return r == -ENOENT ? false : r < 0 ? r : true;
}

/* For most programs this ends with the search in the names, which takes a fraction of a microsecond. */
static int read_kind(Memory *m, const Dynamic *d, Kind *ret) {
        static const char execve_name[] = "execve";
        char names[NAMES_MAX + 1];
        unsigned needs;
        int r;

        *ret = KIND_OTHER;
        r = may_be_shell(m, d);
        if (r <= 0)
                return r;

        r = memory_read(m, d->strtab, names, d->strsz);
        if (r < 0)
                return r;
        names[d->strsz] = 0;

        if (!memmem(names, d->strsz + 1, execve_name, sizeof(execve_name)))
                return 0;

        r = read_needs(m, d, names, &needs);
        if (r < 0)
                return r;

        *ret = kind_of(needs);
        return 0;
}

/* Returns 0 if the program is not busybox, 1 if it is one whose ash is known, -ENOTSUP if it is another. */
static int check_busybox(Memory *m, const Program *p) {
        Text t = { "BusyBox v", strlen("BusyBox v"), {} };
        unsigned version;
        int r;

        r = constants_find(m, p, &t);
        if (r <= 0)
                return r;

        if (t.next[0] != '1' || t.next[1] != '.' || t.next[2] < '0' || t.next[2] > '9' || t.next[3] < '0' ||
            t.next[3] > '9')
                return -ENOTSUP;

        version = (unsigned) (t.next[2] - '0') * 10 + (unsigned) (t.next[3] - '0');
        return version >= BUSYBOX_FIRST && version <= BUSYBOX_LAST ? 1 : -ENOTSUP;
}

/* POSIX demands these builtins. How a shell writes them down differs in what is in front of them. */
static int has_builtins(Memory *m, const Program *p) {
        Text getopts = { "getopts", sizeof("getopts"), {} }, unalias = { "unalias", sizeof("unalias"), {} };
        int r;

        r = constants_find(m, p, &getopts);
        return r <= 0 ? r : constants_find(m, p, &unalias);
}

static int locate_in_static(Memory *m, const Program *p, Location *ret) {
        int r;

        r = ash_locate(m, p, ret);
        if (r != -ENOEXEC)
                return r;

        r = has_builtins(m, p);
        if (r <= 0)
                return r < 0 ? r : -ENOEXEC;

        /* With busybox it may be any of its programs. */
        r = check_busybox(m, p);
        return r < 0 ? r : r == 0 ? -ENOTSUP : -ENOEXEC;
}

/* Its tables are worth a look only when it has been loaded, which libc's are proof of. */
static int locate_own(Memory *m, const Program *p, Location *ret) {
        int r;

        r = libc_locate(m, p, ret);
        if (r < 0 && r != -ENOEXEC)
                return r;
        memory_forget(m);

        r = ash_locate(m, p, ret);
        return r == -ENOEXEC ? -ENOTSUP : r;
}

/* What fish 3 and 4 write into their file of universal variables. */
static int check_fish(Memory *m, const Program *p) {
        Text t = { "fish universal variable definitions",
                   strlen("fish universal variable definitions"),
                   {} };
        int r;

        r = constants_find(m, p, &t);
        return r > 0 ? -ENOTSUP : r;
}

/* Of those that ask libc, too, busybox and fish have tables of their own nevertheless. */
static int locate_libc(Memory *m, const Program *p, Location *ret) {
        int r;

        r = check_fish(m, p);
        if (r < 0)
                return r;
        if (program_size(p, PF_W) > BUSYBOX_DATA_MAX)
                return -ENOEXEC;

        r = ash_locate(m, p, ret);
        if (r != -ENOEXEC)
                return r;

        r = check_busybox(m, p);
        return r < 0 ? r : -ENOEXEC;
}

static int locate(Memory *m, const Program *p, Location *ret) {
        Dynamic d;
        Kind kind;
        int r;

        r = link_map_read_executable(m, p, &d);
        if (r == -ENOEXEC)
                return locate_in_static(m, p, ret);
        if (r < 0)
                return r;

        r = d.strsz <= BASH_NAMES_MAX ? bash_locate(m, &d, ret) : -ENOEXEC;
        if (r != -ENOEXEC)
                return r;

        r = read_kind(m, &d, &kind);
        if (r < 0)
                return r;

        switch (kind) {
        case KIND_OWN:
                return locate_own(m, p, ret);
        case KIND_LIBC:
                return locate_libc(m, p, ret);
        default:
                return -ENOEXEC;
        }
}

int shell_locate(Memory *m, const Program *p, Location *ret) {
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = locate(m, p, ret);
        return r < 0 ? r : heap_find_libc_data(m, p, &ret->libc_data);
}
