/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "constants.h"
#include "link-map.h"
#include "private-table.h"
#include "symbol.h"

/* Bytes of names of symbols: in which one is looked for; and of Erlang there are no more. Node has megabytes, and
 * each look into so large a table of symbols takes a read of its own. */
#define NAMES_SMALL 4096U
#define NAMES_MAX (32U * 1024U)
#define ALL_NAMES_MAX (1024U * 1024U)

#define HOST_MAX (512U * 1024U) /* bytes of a program that does no more than to load .NET */

typedef int (*Find)(Memory *m, const Dynamic *d, const char *name, uint64_t *ret);

/* How a runtime is told. All of what is not NULL has to be there. */
typedef struct Mark {
        Find find;
        const char *symbol; /* which the executable exports */
        const char *name;   /* among those of its symbols, or the beginning of one */
        uint64_t size_max;  /* of the program, 0 for any */
        uint32_t names_max; /* bytes of names */
        const char *text;   /* among its constants */
} Mark;

/* Sorted by what takes longer to find out. */
static const Mark marks[] = {
        /* Erlang: for drivers; os:putenv() sets variables in the same table, erts/emulator/beam/erl_osenv.c. */
        { .find = symbol_find_function, .symbol = "erl_drv_putenv" },
        /* .NET with all its libraries in one file, and compiled ahead of time: for debuggers. Once s_environment of
         * System.Environment has been made, libc is not asked any more. */
        { .find = symbol_find_variable, .symbol = "DotNetRuntimeInfo" },
        { .find = symbol_find_variable, .symbol = "DotNetRuntimeDebugHeader" },
        /* gccgo, libgo/runtime: for the library. Its unsetenv_c() hands libc names that do not end. */
        { .find = symbol_find_function, .symbol = "__go_init_main" },
        /* Bun, as Node, exports this for modules; but as of a version of its own. */
        { .find = symbol_find_function,
          .symbol = "node_module_register",
          .name = "BUN_1.",
          .names_max = NAMES_MAX },
        /* Emacs has functions of its own in place of libc's; the text is the Lisp variable. */
        { .find = symbol_find_function, .symbol = "re_search_2", .text = "process-environment" },
        /* The programs that load .NET: what they look for in the library that they load. */
        { .name = "dlopen", .names_max = NAMES_MAX, .size_max = HOST_MAX, .text = "hostfxr_main" },
        /* gccgo with -static-libgo, whose package syscall has all system calls there are. */
        { .name = "klogctl", .names_max = NAMES_SMALL, .text = "libgo assertion " },
};

static int has_name(Memory *m, const Dynamic *d, const char *name, uint32_t size_max) {
        char names[NAMES_MAX];
        int r;

        assert(size_max <= sizeof(names));

        if (d->strtab == 0 || d->strsz > size_max)
                return false;

        r = memory_read(m, d->strtab, names, d->strsz);
        return r < 0 ? r : memmem(names, d->strsz, name, strlen(name)) != NULL;
}

static int exports(Memory *m, const Dynamic *d, const Mark *mark) {
        uint64_t address;
        int r;

        r = mark->find(m, d, mark->symbol, &address);
        return r == -ENOENT ? false : r < 0 ? r : true;
}

static int has_text(Memory *m, const Program *p, const char *text) {
        Text t = { text, strlen(text), {} };

        return constants_find(m, p, &t);
}

static int has_mark(Memory *m, const Program *p, const Dynamic *d, const Mark *mark) {
        int r = true;

        if (mark->size_max != 0 && program_size(p, 0) > mark->size_max)
                return false;
        if (mark->symbol)
                r = exports(m, d, mark);
        if (r > 0 && mark->name)
                r = has_name(m, d, mark->name, mark->names_max);
        if (r > 0 && mark->text)
                r = has_text(m, p, mark->text);

        return r;
}

int private_table_locate(Memory *m, const Program *p, Location *ret _unused_) {
        Dynamic d;
        int r;

        assert(m);
        assert(p);

        r = link_map_read_executable(m, p, &d);
        if (r < 0)
                return r;
        if (d.strsz > ALL_NAMES_MAX)
                return -ENOEXEC;

        for (size_t i = 0; i < ELEMENTSOF(marks); i++) {
                r = has_mark(m, p, &d, &marks[i]);
                if (r != 0)
                        return r < 0 ? r : -ENOTSUP;
        }

        return -ENOEXEC;
}
