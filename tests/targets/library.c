/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A C program with a library made of Go. What Go does to its environment it does to C's, too, but not the other way
 * round. */

#include <stdlib.h>
#include <unistd.h>

extern void change_in_go(void);

int main(void) {
        char byte;

        change_in_go();
        if (setenv("OF_C", "1", 1) != 0 || write(1, "READY\n", 6) != 6)
                return 1;

        return read(0, &byte, 1) < 0;
}
