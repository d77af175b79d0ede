/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps in variables of its own what looks like its environment, and is not: what main() got, tables of
 * assignments. Then it changes the real one as its argument tells, says READY, and waits until its input ends.
 *
 * With -DOWN_ENVIRON it defines a variable called environ, which libc's functions do not use; with
 * -DLOCAL_ENVIRON one that is nobody else's. */

#ifdef LOCAL_ENVIRON
#undef _GNU_SOURCE /* unistd.h would declare one that is everybody's */
#endif

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **__environ;

static char *table[] = { "TABLE=1", "PATH=/table", "HOME=/table", NULL };
static char *words[] = { "no", "assignments", "here", NULL };

char **kept_environment, **kept_arguments;
char **kept_table = table;

#ifdef OWN_ENVIRON
char **environ = table;
#elif defined(LOCAL_ENVIRON)
static char **volatile environ = table;
#endif

static char **copy(char *const array[]) {
        char **copied;
        size_t n = 0;

        while (array[n])
                n++;
        copied = calloc(n + 1, sizeof(char *));
        for (size_t i = 0; i < n; i++)
                copied[i] = strdup(array[i]);
        return copied;
}

int main(int argc, char *argv[], char *envp[]) {
        char byte;

        kept_environment = envp;
        kept_arguments = argv;
        if (argc != 2)
                return 2;
#ifdef LOCAL_ENVIRON
        if (!environ[0])
                return 2;
#endif

        if (strcmp(argv[1], "set") == 0 && (setenv("NEW", "1", 1) != 0 || unsetenv("GONE") != 0))
                return 3;
        if (strcmp(argv[1], "null") == 0)
                __environ = NULL;
        if (strcmp(argv[1], "words") == 0)
                __environ = words;
        if (strcmp(argv[1], "copy") == 0) {
                kept_environment = copy(envp);
                if (setenv("NEW", "1", 1) != 0)
                        return 3;
        }

        if (write(1, "READY\n", 6) != 6 || read(0, &byte, 1) < 0)
                return 4;

        return 0;
}
