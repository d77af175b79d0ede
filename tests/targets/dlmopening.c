/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loads a second libc, whose environ is another variable, and sets a variable in each. */

#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
        int (*setenv_of_other)(const char *, const char *, int);
        void *other;
        char byte;

        other = dlmopen(LM_ID_NEWLM, LIBC_SO, RTLD_NOW);
        if (!other)
                return 2;

        *(void **) &setenv_of_other = dlsym(other, "setenv");
        if (!setenv_of_other || setenv_of_other("OF_OTHER", "1", 1) != 0 || setenv("NEW", "1", 1) != 0)
                return 3;

        return write(1, "READY\n", 6) == 6 && read(0, &byte, 1) == 0 ? 0 : 4;
}
