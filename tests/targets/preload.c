/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Libraries to be loaded before libc. */

#ifdef ALL_NAMES
char **__environ;
extern char **environ __attribute__((alias("__environ")));
extern char **_environ __attribute__((alias("__environ")));
#endif

#ifdef ENVIRON_ONLY
char **environ;
#endif

int preload_something(void);
int preload_something(void) {
        return 1;
}
