/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>

#include "target.h"

/* Shells keep variables in tables of their own. What counts is what a program would get that the shell starts now:
 * so the shell is read first and then told to start one, which writes down what it got. */

#define START LIST("KEEP=1", "GONE=1", "NAME=old", "PATH=/usr/bin:/bin", "EMPTY=", "PWD=/", "ODD=a=b c")

typedef struct Shell {
        const char *name, *option; /* option: before -c, NULL for none */
        Runtime runtime;
} Shell;

static const Shell shells[] = {
        { "bash", NULL, RUNTIME_BASH },
        { "bash", "--posix", RUNTIME_BASH },
        { "dash", NULL, RUNTIME_ASH },
        { "busybox", "sh", RUNTIME_ASH },
};

/* Removes what bash sets for each program to the program's own path. */
static size_t remove_underscore(char *data, size_t size) {
        for (char *p = data; p < data + size; p += strlen(p) + 1)
                if (strncmp(p, "_=", 2) == 0) {
                        const size_t n = strlen(p) + 1;

                        memmove(p, p + n, size - (size_t) (p - data) - n);
                        return size - n;
                }

        return size;
}

static Target start_shell(const Shell *shell, const char *script) {
        const char *path = target_installed(shell->name);

        if (shell->option)
                return target_start(LIST(path, shell->option, "-c", script), START);
        return target_start(LIST(path, "-c", script), START);
}

/* before: commands that are run before it is read; their environment is the one that is expected. */
static void assert_as_inherited(const Shell *shell, const char *before) {
        _cleanup_(snapshot_done) Snapshot s = {};
        char *directory, file[256], script[4096], expected[65536];
        Location l = {};
        ssize_t n;
        Target t;
        int r;

        directory = target_make_directory();
        (void) snprintf(file, sizeof(file), "%s/got", directory);
        (void) snprintf(script, sizeof(script),
                        "%s\necho READY; read x; /usr/bin/env -0 >%s; echo READY; read x", before, file);

        t = start_shell(shell, script);
        r = target_read(&t, &l, &s);
        if (r < 0)
                fail_msg("%s after '%s': %s", shell->name, before, strerror(-r));
        assert_int_equal(l.runtime, shell->runtime);

        target_go_on(&t);
        target_wait_ready(&t);
        n = read_file_at(AT_FDCWD, file, expected, sizeof(expected));
        assert_true(n > 0);
        n = (ssize_t) remove_underscore(expected, (size_t) n);
        if (s.size != (size_t) n || memcmp(s.data, expected, s.size) != 0)
                fail_msg("%s after '%s' has not what a program gets", shell->name, before);

        target_end(&t);
        target_remove_directory(directory);
}

static void for_each_shell(const char *before) {
        for (const Shell *shell = shells; shell < shells + ELEMENTSOF(shells); shell++) {
                if (!target_installed(shell->name))
                        skip_because("%s is not installed", shell->name);
                assert_as_inherited(shell, before);
        }
}

static void for_bash(const char *before) {
        if (!target_installed("bash"))
                skip_because("bash is not installed");
        assert_as_inherited(&shells[0], before);
}

static void test_a_shell_that_changed_nothing(void **state _unused_) {
        for_each_shell(":");
}

static void test_right_after_export_before_anything_was_run(void **state _unused_) {
        for_each_shell("export A=1 B='two\nlines' C=; unset GONE; NAME=new");
}

static void test_after_a_program_was_run(void **state _unused_) {
        for_each_shell("export A=1; /bin/true");
        for_each_shell("export A=1; /bin/true; export B=2; unset A GONE; NAME=newer");
}

static void test_what_is_not_exported_or_not_set_is_not_inherited(void **state _unused_) {
        for_each_shell("OTHER=1; export UNSET; export LATER; LATER=1; unset KEEP; KEEP=local; readonly R=1; "
                       "export R; readonly S=2");
}

static void test_what_is_assigned_under_set_a_is_inherited(void **state _unused_) {
        for_each_shell("A=0; set -a; B=1; A=1; set +a; C=1");
}

static void test_very_many_variables_are_all_there_in_the_order_of_the_table(void **state _unused_) {
        for_each_shell("i=0; while [ $i -lt 700 ]; do export V$i=value$i; i=$((i+1)); done; unset V13 V600");
}

static void test_variables_of_a_function_hide_others_as_long_as_it_runs(void **state _unused_) {
        for_each_shell("export A=1; f() { local A=2; export A; B=3; }; f; export B");
}

static void test_bash_and_export_minus_n(void **state _unused_) {
        for_bash(
                "export A=1 B=2; export -n A; declare +x KEEP; declare -x D; declare -xr E=5; declare -xi F=1+2");
}

static void test_bash_does_not_export_arrays(void **state _unused_) {
        for_bash("export A=1; LIST=(1 2 3); export LIST; declare -A MAP=([a]=1); export MAP");
}

static void test_bash_in_a_subshell_function_and_eval(void **state _unused_) {
        for_bash("eval 'export A=1'; x=$(export INNER=1); export -- B=\"$x$(echo hi)\"");
}

static void test_bash_exports_functions_once_it_has_written_them_out(void **state _unused_) {
        for_bash("f() { echo hi; }; export -f f; /bin/true");
}

/* bash has not made the text yet that a program would get; nobody else can. */
static void test_bash_with_a_function_not_written_out_is_refused(void **state _unused_) {
        Target t;

        if (!target_installed("bash"))
                skip_because("bash is not installed");
        t = start_shell(&shells[0], "f() { echo hi; }; export -f f; echo READY; read x");
        target_assert_error(&t, -ENOTSUP);
        target_end(&t);
}

static void test_shells_whose_tables_are_not_known_are_refused(void **state _unused_) {
        static const char *const names[] = { "ksh93", "mksh" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const Shell shell = { .name = names[i] };
                Target t;

                if (!target_installed(names[i]))
                        skip_because("%s is not installed", names[i]);
                t = start_shell(&shell, "export A=1; unset GONE; echo READY; read x");
                target_assert_error(&t, -ENOTSUP);
                target_end(&t);
        }
}

/* A shell is not known by the name of its file. */
static void test_a_shell_of_another_name_is_no_other_shell(void **state _unused_) {
        static const char *const names[] = { "dash", "mksh" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char *directory, file[256];
                Target t;

                if (!target_installed(names[i]))
                        skip_because("%s is not installed", names[i]);
                directory = target_make_directory();
                (void) snprintf(file, sizeof(file), "%s/program", directory);
                target_copy_file(target_installed(names[i]), file);

                t = target_start(LIST(file, "-c", "export A=1; echo READY; read x"), LIST("B=1"));
                if (strcmp(names[i], "mksh") == 0)
                        target_assert_error(&t, -ENOTSUP);
                else {
                        _cleanup_(snapshot_done) Snapshot s = {};

                        assert_int_equal(target_read(&t, NULL, &s), 0);
                        assert_non_null(memmem(s.data, s.size, "A=1", 4));
                        assert_non_null(memmem(s.data, s.size, "B=1", 4));
                }
                target_end(&t);
                target_remove_directory(directory);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_shell_that_changed_nothing),
                cmocka_unit_test(test_right_after_export_before_anything_was_run),
                cmocka_unit_test(test_after_a_program_was_run),
                cmocka_unit_test(test_what_is_not_exported_or_not_set_is_not_inherited),
                cmocka_unit_test(test_what_is_assigned_under_set_a_is_inherited),
                cmocka_unit_test(test_very_many_variables_are_all_there_in_the_order_of_the_table),
                cmocka_unit_test(test_variables_of_a_function_hide_others_as_long_as_it_runs),
                cmocka_unit_test(test_bash_and_export_minus_n),
                cmocka_unit_test(test_bash_does_not_export_arrays),
                cmocka_unit_test(test_bash_in_a_subshell_function_and_eval),
                cmocka_unit_test(test_bash_exports_functions_once_it_has_written_them_out),
                cmocka_unit_test(test_bash_with_a_function_not_written_out_is_refused),
                cmocka_unit_test(test_shells_whose_tables_are_not_known_are_refused),
                cmocka_unit_test(test_a_shell_of_another_name_is_no_other_shell),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
