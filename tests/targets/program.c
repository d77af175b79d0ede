/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Changes its own environment as its arguments tell, says READY, and waits until its input ends. A byte of
 * input makes it go on with the next arguments.
 *
 * Built in many ways: with -DREFERENCE it refers to environ, so that the linker may give it a copy. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef REFERENCE
extern char **environ;

static void set_many(unsigned long n) {
        char name[32];

        for (unsigned long i = 0; i < n; i++) {
                (void) snprintf(name, sizeof(name), "N%lu", i);
                if (setenv(name, "value", 1) != 0)
                        exit(3);
        }
}

static void make_many(unsigned long n) {
        char **array = calloc(n + 1, sizeof(char *));

        for (unsigned long i = 0; i < n; i++) {
                char entry[32];

                (void) snprintf(entry, sizeof(entry), "N%lu=%lu", i, i * i);
                array[i] = strdup(entry);
        }
        environ = array;
}

/* An array and its strings in memory of this kind: two entries, A=1 and B=2. */
static void map_environ(int protection, int flags, const char *file) {
        static const char strings[] = "A=1\0B=2";
        const int fd = file ? open(file, O_RDWR | O_CREAT, 0600) : -1;
        char **array;

        if (file && (fd < 0 || ftruncate(fd, 4096) < 0))
                exit(3);
        array = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (array == MAP_FAILED)
                exit(3);

        array[0] = memcpy(array + 3, strings, sizeof(strings));
        array[1] = array[0] + 4;
        array[2] = NULL;
        if (mprotect(array, 4096, protection) < 0)
                exit(3);
        environ = array;
}
#endif

static void set_big(unsigned long size) {
        char *value = malloc(size + 1);

        for (unsigned long i = 0; i < size; i++)
                value[i] = (char) ('a' + i % 23);
        value[size] = 0;
        if (setenv("BIG", value, 1) != 0)
                exit(3);
}

static void wait_for_input(void) {
        char byte;

        if (write(1, "READY\n", 6) != 6 || read(0, &byte, 1) != 1)
                exit(0);
}

/* Returns how many arguments it has used. */
static int act(char *argv[]) {
        const char *what = argv[0];

        if (strcmp(what, "set") == 0 && setenv(argv[1], argv[2], 1) == 0)
                return 3;
        if (strcmp(what, "unset") == 0 && unsetenv(argv[1]) == 0)
                return 2;
        if (strcmp(what, "put") == 0 && putenv(argv[1]) == 0)
                return 2;
        if (strcmp(what, "check") == 0 && getenv(argv[1]) && strcmp(getenv(argv[1]), argv[2]) == 0)
                return 3;
        if (strcmp(what, "clear") == 0 && clearenv() == 0)
                return 1;
        if (strcmp(what, "big") == 0) {
                set_big(strtoul(argv[1], NULL, 10));
                return 2;
        }
        if (strcmp(what, "wait") == 0) {
                wait_for_input();
                return 1;
        }
        if (strcmp(what, "exec") == 0)
                (void) execv(argv[1], argv + 1);
#ifdef REFERENCE
        if (strcmp(what, "own") == 0) {
                environ = argv + 1;
                return -1;
        }
        if (strcmp(what, "null") == 0) {
                environ = NULL;
                return 1;
        }
        if (strcmp(what, "empty") == 0) {
                static char *empty[1];

                environ = empty;
                return 1;
        }
        if (strcmp(what, "read-only") == 0) {
                map_environ(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, NULL);
                return 1;
        }
        if (strcmp(what, "private") == 0 || strcmp(what, "shared") == 0) {
                map_environ(PROT_READ | PROT_WRITE, what[0] == 'p' ? MAP_PRIVATE : MAP_SHARED, argv[1]);
                return 2;
        }
        if (strcmp(what, "wild") == 0) {
                environ = (char **) strtoul(argv[1], NULL, 0);
                return 2;
        }
        if (strcmp(what, "many") == 0) {
                make_many(strtoul(argv[1], NULL, 10));
                return 2;
        }
        if (strcmp(what, "set-many") == 0) {
                set_many(strtoul(argv[1], NULL, 10));
                return 2;
        }
#endif
        exit(2);
}

int main(int argc, char *argv[]) {
        for (int i = 1; i < argc;) {
                int used = act(argv + i);

                if (used < 0)
                        break;
                i += used;
        }

        wait_for_input();
        return 0;
}
