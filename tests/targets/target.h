/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fd-util.h"
#include "snapshot.h"
#include "unit.h"

/* A program that was started to be read. It says READY on its standard output when its environment is as it
 * should be, and waits on its standard input. */
typedef struct Target {
        pid_t pid;
        int pidfd;
        int stdin_fd, stdout_fd;
} Target;

/* Lists of strings, in place. */
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING ((const char *const[]){ NULL })

/* The path of a program that meson built, NULL if it could not. Good for a few calls. */
const char *target_built(const char *name);

#define skip_unless_built(name, why)               \
        do {                                       \
                if (!target_built(name))           \
                        skip_because("%s", (why)); \
        } while (0)

/* The path of an installed program, NULL if it is not there. Good for a few calls. */
const char *target_installed(const char *name);

/* Starts a program and waits until it is ready. extra_fd: its descriptor 3, or negative. */
Target target_start(const char *const argv[], const char *const environment[]);
Target target_start_with(const char *const argv[], const char *const environment[], const char *root,
                         int extra_fd);

/* Waits for a line, READY or another. Fails the test if the program ends without it. */
void target_wait_ready(const Target *t);
void target_read_line(const Target *t, char *buf, size_t size);

/* Lets it go on with what it does after the wait. */
void target_go_on(const Target *t);
void target_end(Target *t);

/* All of the library's way, from the pidfd to the snapshot; the error of the first step that has one.
 * ret_location: may be NULL. */
int target_read(const Target *t, Location *ret_location, Snapshot *ret);
Memory *target_open(const Target *t);

/* Exactly these entries in this order. ret_location: may be NULL. */
void target_assert(const Target *t, const char *const expected[], Location *ret_location);

void target_assert_error(const Target *t, int error);

/* The path of an object that this program itself has loaded, by a part of its name: "libc.so", "ld-". */
const char *target_loaded_object(const char *part);

/* A directory for the time of a test; everything in it is removed by target_remove_directory(). */
char *target_make_directory(void);
void target_remove_directory(char *path);
void target_copy_file(const char *from, const char *to);
