/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object.h"
#include "shell.h"
#include "unit.h"

/* What a program imports tells whether it is a shell; in these there is no table to be found. */

typedef struct Case {
        ObjectSymbol symbols[OBJECT_SYMBOLS_MAX];
        int result;
} Case;

static void test_who_runs_programs_and_never_asks_libc_is_a_shell(void **state _unused_) {
        static const Case cases[] = {
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("getppid") }, -ENOTSUP },
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("tcsetpgrp") }, -ENOTSUP },
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("getppid"), { "getenv" } }, -ENOTSUP },
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("getppid"), IMPORT("getenv") }, -ENOEXEC },
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("getppid"), IMPORT("secure_getenv") },
                  -ENOEXEC },
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("tcsetpgrp"), IMPORT("setenv") }, -ENOEXEC },
                { { IMPORT("execve"), IMPORT("umask"), IMPORT("tcsetpgrp"), IMPORT("putenv") }, -ENOEXEC },
                { { IMPORT("execve"), IMPORT("umask") }, -ENOEXEC },
                { { IMPORT("execve"), IMPORT("getppid") }, -ENOEXEC },
                { { IMPORT("umask"), IMPORT("getppid") }, -ENOEXEC },
                { { IMPORT("execvex"), IMPORT("umask"), IMPORT("getppid") }, -ENOEXEC },
                { { { "execve" }, IMPORT("umask"), IMPORT("getppid") }, -ENOEXEC },
                { {}, -ENOEXEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                        Program p;
                        _cleanup_(memory_freep) Memory *m =
                                program_with_constants(elf_class, cases[i].symbols, &p);
                        Location l;

                        assert_int_equal(shell_locate(m, &p, &l), cases[i].result);
                }
}

static const ObjectSymbol asks_libc[OBJECT_SYMBOLS_MAX] = { IMPORT("execve"), IMPORT("umask"),
                                                            IMPORT("tcsetpgrp"), IMPORT("getenv") };

static void test_shells_that_ask_libc_are_told_by_a_text(void **state _unused_) {
        static const struct {
                const char *text;
                int result;
        } texts[] = {
                { "BusyBox v1.37.0 (Debian)", -ENOEXEC },
                { "BusyBox v1.30.1", -ENOEXEC },
                { "BusyBox v1.39.0", -ENOTSUP },
                { "BusyBox v1.4.0", -ENOTSUP },
                { "BusyBox v2.0.0", -ENOTSUP },
                { "# This file contains fish universal variable definitions.", -ENOTSUP },
                { "fish", -ENOEXEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (uint64_t at = PROGRAM_CONSTANTS + 0x1000 - 64; at < PROGRAM_CONSTANTS + 0x1000;
                     at += 3) {
                        Program p;
                        _cleanup_(memory_freep) Memory *m =
                                program_with_constants(ELFCLASS64, asks_libc, &p);
                        Location l;

                        image_put_string(m, at, texts[i].text);
                        assert_int_equal(shell_locate(m, &p, &l), texts[i].result);
                }
}

static void test_a_static_shell_is_told_by_its_builtins(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Program p = { .segments[0] = { .address = PROGRAM_CONSTANTS,
                                       .size = PROGRAM_CONSTANTS_SIZE,
                                       .flags = PF_R },
                      .n_segments = 1 };
        Location l;

        image_map(m, PROGRAM_CONSTANTS, PROGRAM_CONSTANTS_SIZE, "r--p");
        assert_int_equal(shell_locate(m, &p, &l), -ENOEXEC);
        image_put_string(m, PROGRAM_CONSTANTS + 0x100, "=getopts");
        assert_int_equal(shell_locate(m, &p, &l), -ENOEXEC);
        image_put_string(m, PROGRAM_CONSTANTS + 0x200, "unalias");
        assert_int_equal(shell_locate(m, &p, &l), -ENOTSUP);
        image_put_string(m, PROGRAM_CONSTANTS + 0x300, "BusyBox v1.35.0");
        assert_int_equal(shell_locate(m, &p, &l), -ENOEXEC);
}

static void test_a_shell_whose_libc_has_not_started_is_being_loaded(void **state _unused_) {
        static const ObjectSymbol shell[OBJECT_SYMBOLS_MAX] = { IMPORT("execve"), IMPORT("umask"),
                                                                IMPORT("getppid") };
        Program p;
        _cleanup_(memory_freep) Memory *m = program_with_constants(ELFCLASS64, shell, &p);
        Location l;

        image_put_pointer(m, PROGRAM_R_DEBUG + 8, 0);
        assert_int_equal(shell_locate(m, &p, &l), -EINPROGRESS);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_runs_programs_and_never_asks_libc_is_a_shell),
                cmocka_unit_test(test_shells_that_ask_libc_are_told_by_a_text),
                cmocka_unit_test(test_a_static_shell_is_told_by_its_builtins),
                cmocka_unit_test(test_a_shell_whose_libc_has_not_started_is_being_loaded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
