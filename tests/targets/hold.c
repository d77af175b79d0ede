/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Libraries that hold a program up while it is being loaded: they say READY and wait for a byte of input.
 * There is no libc yet, or none that works. */

#include <link.h>
#include <stddef.h>
#include <sys/syscall.h>

static long call(long number, long a, long b, long c) {
        long result = number;

        __asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
        return result;
}

static void hold(void) {
        char byte;

        (void) call(SYS_write, 1, (long) "READY\n", 6);
        (void) call(SYS_read, 0, (long) &byte, 1);
}

#ifdef AS_CONSTRUCTOR
/* Linked with -z initfirst: before libc's own. */
__attribute__((constructor)) static void construct(void) {
        hold();
}
#else
/* An audit library, rtld-audit(7): while the loader looks for libc. */
unsigned la_version(unsigned version) {
        return version;
}

char *la_objsearch(const char *name, uintptr_t *cookie, unsigned flag) {
        static const char libc[] = "libc.so";
        static int held;
        size_t i = 0;

        (void) cookie;
        (void) flag;
        while (name[i] && libc[i] && name[i] == libc[i])
                i++;
        if (!libc[i] && !held) {
                held = 1;
                hold();
        }

        return (char *) name;
}
#endif
