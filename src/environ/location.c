/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "location.h"
#include "array.h"
#include "ash.h"
#include "bash.h"
#include "go.h"
#include "libc.h"
#include "private-table.h"
#include "program.h"
#include "shell.h"
#include "static.h"

/* Who is asked in turn whether a program is one of his. Shells, Go programs and other languages' may have a libc, too,
 * which knows less; so who is not sure of one of them does not let the others be asked. */
static int (*const finders[])(Memory *m, const Program *p, Location *ret) = {
        shell_locate, private_table_locate, go_locate, libc_locate, static_locate,
};

int location_find(Memory *m, Location *ret) {
        Program program;
        Auxv auxv;
        int r;

        assert(m);
        assert(ret);

        memory_forget(m);
        memory_allow_looks(m);

        r = auxv_read(m, &auxv);
        if (r < 0)
                return r;

        r = program_read(m, &auxv, &program);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(finders); i++) {
                r = finders[i](m, &program, ret);
                if (r != -ENOEXEC)
                        return r;
        }

        return -ENOEXEC;
}

int location_record(const Location *l, Memory *m, Recorder *recorder) {
        assert(l);

        switch (l->form) {
        case FORM_ARRAY:
                return array_record(recorder, m, l->address);
        case FORM_BASH:
                return bash_record(recorder, m, l);
        case FORM_ASH:
                return ash_record(recorder, m, l);
        case FORM_GO:
                return go_record(recorder, m, l->address, l->guard);
        }

        return -ENOEXEC;
}

int location_finish(const Location *l, Recorder *recorder) {
        assert(l);

        return l->form == FORM_GO ? go_finish(recorder) : 0;
}
