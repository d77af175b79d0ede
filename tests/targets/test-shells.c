/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
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

/* A script that is read where it says %s, be that in a function. If it is another process that waits there, as a
 * subshell, it writes its PID to $D/pid before. */
static void assert_inside(const Shell *shell, const char *format) {
        char *directory = target_make_directory(), file[256], pid[32] = "", script[4096], got[65536];
        static const char ask[] = "echo READY; read x; /usr/bin/env -0 >\"$D/got\"; echo READY; read x";
        const char *place = strstr(format, "%s");
        _cleanup_(snapshot_done) Snapshot s = {};
        Location l = {};
        Target t, inner;
        ssize_t n;
        int r;

        assert_non_null(place);
        (void) snprintf(script, sizeof(script), "export D=%s; %.*s%s%s", directory, (int) (place - format),
                        format, ask, place + 2);
        inner = t = start_shell(shell, script);
        (void) snprintf(file, sizeof(file), "%s/pid", directory);
        if (read_file_at(AT_FDCWD, file, pid, sizeof(pid) - 1) > 0)
                inner.pid = atoi(pid);
        inner.pidfd = open_pidfd(inner.pid, 0);
        assert_true(inner.pidfd >= 0);

        r = target_read(&inner, &l, &s);
        if (r < 0)
                fail_msg("%s in '%s': %s", shell->name, format, strerror(-r));
        assert_int_equal(l.runtime, shell->runtime);

        target_go_on(&t);
        target_wait_ready(&t);
        (void) snprintf(file, sizeof(file), "%s/got", directory);
        n = read_file_at(AT_FDCWD, file, got, sizeof(got));
        assert_true(n > 0);
        n = (ssize_t) remove_underscore(got, (size_t) n);
        if (s.size != (size_t) n || memcmp(s.data, got, s.size) != 0)
                fail_msg("%s in '%s' has not what a program gets", shell->name, format);

        target_go_on(&t);
        close(inner.pidfd);
        target_end(&t);
        target_remove_directory(directory);
}

static void for_each_shell_inside(const char *format) {
        for (const Shell *shell = shells; shell < shells + ELEMENTSOF(shells); shell++) {
                if (!target_installed(shell->name))
                        skip_because("%s is not installed", shell->name);
                assert_inside(shell, format);
        }
}

static void for_bash_inside(const char *format) {
        if (!target_installed("bash"))
                skip_because("bash is not installed");
        assert_inside(&shells[0], format);
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

/* What bash has imported it has written out when it started. */
static void test_bash_exports_functions_that_it_was_started_with(void **state _unused_) {
        for_bash_inside("exec env 'BASH_FUNC_f%%=() { echo hi; }' bash -c 'export A=1; %s'");
}

static void test_bash_variables_of_functions_in_each_other(void **state _unused_) {
        for_bash_inside("f() { local -x KEEP=in L=1; local A=in B; %s; }; export A=out B=out; f");
        for_bash_inside("g() { local -x A=g; unset L; %s; }; f() { local -x A=f L=2 K; g; }; f");
        for_bash_inside("f() { [ $1 = 0 ] || { local -x L$1=$1 A=$1; f $(($1 - 1)); return; }; %s; }; f 50");
        for_bash_inside("f() { local -x A=1; }; f; %s");
}

static void test_bash_variables_for_one_command_are_there_while_it_runs(void **state _unused_) {
        for_bash_inside("A=1 KEEP=2 eval '%s'");
        for_bash_inside("f() { %s; }; A=1 KEEP=2 f");
        for_bash_inside("A=1 /bin/true; B=2 eval :; %s");
}

static void test_bash_keeps_entries_whose_names_it_can_not_use(void **state _unused_) {
        for_bash_inside("exec env 'in-valid=1' 'in valid.\xff=2' bash -c 'export A=1; %s'");
}

static void test_a_shell_in_a_subshell(void **state _unused_) {
        for_each_shell_inside(
                "export A=1; ( export A=2 B=3; unset GONE; sh -c 'echo $PPID' >\"$D/pid\"; %s ); :");
        for_each_shell_inside("export A=1; ( export A=2 ); %s");
}

static void test_a_shell_without_its_first_variables(void **state _unused_) {
        for_each_shell_inside("unset IFS PS1 PS2 PS4 MAIL PWD; export A=1; %s");
        for_each_shell_inside("export IFS PS1=x PPID MAIL=y OPTIND; %s");
}

static void test_a_shell_that_changes_its_directory(void **state _unused_) {
        for_each_shell_inside("cd /usr; %s");
        for_each_shell_inside("/bin/true; cd /usr; cd /; %s");
}

/* A session may be started by a startup file, and last. */
static void test_bash_in_a_startup_file(void **state _unused_) {
        const char *bash = target_installed("bash");
        char *directory, path[256], variable[300];
        _cleanup_(snapshot_done) Snapshot s = {};
        static const char text[] = "export A=1; echo READY; read x";
        int fd, r;
        Target t;

        if (!bash)
                skip_because("bash is not installed");
        directory = target_make_directory();
        (void) snprintf(path, sizeof(path), "%s/startup", directory);
        (void) snprintf(variable, sizeof(variable), "BASH_ENV=%s", path);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, text, strlen(text)), 0);
        close(fd);

        t = target_start(LIST(bash, "-c", ":"), LIST(variable));
        r = target_read(&t, NULL, &s);
        assert_int_equal(r, 0);
        assert_non_null(memmem(s.data, s.size, "\0A=1", 5));
        target_end(&t);
        target_remove_directory(directory);
}

static void assert_refused(const char *path, const char *script) {
        static const char *const first[] = { "", "/bin/true; " };

        for (size_t i = 0; i < ELEMENTSOF(first); i++) {
                char all[256];
                Target t;

                (void) snprintf(all, sizeof(all), "%s%s", first[i], script);
                t = target_start(LIST(path, "-c", all), START);
                target_assert_error(&t, -ENOTSUP);
                target_end(&t);
        }
}

static void assert_shell_is_refused(const char *name) {
        if (!target_installed(name))
                skip_because("%s is not installed", name);
        assert_refused(target_installed(name), "export A=1; unset GONE; echo READY; read x");
}

static void test_ksh93_is_refused(void **state _unused_) {
        assert_shell_is_refused("ksh93");
}

static void test_mksh_is_refused(void **state _unused_) {
        assert_shell_is_refused("mksh");
}

static void test_a_static_mksh_is_refused(void **state _unused_) {
        assert_shell_is_refused("mksh-static");
}

static void test_lksh_is_refused(void **state _unused_) {
        assert_shell_is_refused("lksh");
}

static void test_posh_is_refused(void **state _unused_) {
        assert_shell_is_refused("posh");
}

static void test_a_static_bash_is_refused(void **state _unused_) {
        assert_shell_is_refused("bash-static");
}

static void test_rc_is_refused(void **state _unused_) {
        if (!target_installed("rc"))
                skip_because("rc is not installed");
        assert_refused(target_installed("rc"), "A=1; echo READY; cat");
}

/* It calls setenv() for some variables only. */
static void test_fish_is_refused(void **state _unused_) {
        if (!target_installed("fish"))
                skip_because("fish is not installed");
        assert_refused(target_installed("fish"), "set -x A 1; echo READY; read x");
}

/* To the kernel the loader is the program then. */
static void test_shells_that_the_dynamic_loader_was_told_to_run(void **state _unused_) {
        const char *loader = target_loaded_object("ld-"), *bash = target_installed("bash"),
                   *dash = target_installed("dash");
        static const char script[] = "export A=1; echo READY; read x";
        _cleanup_(snapshot_done) Snapshot s = {};
        Target t;

        if (!loader || !bash || !dash)
                skip_because("there is no dynamic loader, bash or dash");

        t = target_start(LIST(loader, bash, "-c", script), START);
        assert_int_equal(target_read(&t, NULL, &s), 0);
        assert_non_null(memmem(s.data, s.size, "\0A=1", 5));
        target_end(&t);

        t = target_start(LIST(loader, dash, "-c", script), START);
        target_assert_error(&t, -ENOTSUP);
        target_end(&t);
}

static void assert_keeps_environ(const char *shell, const char *option, const char *script) {
        static const char *const first[] = { "", "/bin/true; " };
        const char *path = target_installed(shell);

        if (!path)
                skip_because("%s is not installed", shell);
        for (size_t i = 0; i < ELEMENTSOF(first); i++) {
                _cleanup_(snapshot_done) Snapshot s = {};
                char all[256];
                Location l;
                Target t;

                (void) snprintf(all, sizeof(all), "%s%s", first[i], script);
                t = target_start(LIST(path, option, all), START);
                assert_int_equal(target_read(&t, &l, &s), 0);
                assert_int_equal(l.form, FORM_ARRAY);
                assert_non_null(memmem(s.data, s.size, "\0A=1", 5));
                assert_null(memmem(s.data, s.size, "GONE=", 5));
                target_end(&t);
        }
}

static void test_zsh_keeps_environ_up_to_date(void **state _unused_) {
        assert_keeps_environ("zsh", "-fc", "export A=1; unset GONE; echo READY; read x; :");
}

static void test_yash_keeps_environ_up_to_date(void **state _unused_) {
        assert_keeps_environ("yash", "-c", "export A=1; unset GONE; echo READY; read x; :");
}

static void test_tcsh_keeps_environ_up_to_date(void **state _unused_) {
        assert_keeps_environ("tcsh", "-fc", "setenv A 1; unsetenv GONE; echo READY; set x = $<:q");
}

static void test_csh_keeps_environ_up_to_date(void **state _unused_) {
        assert_keeps_environ("bsd-csh", "-fc", "setenv A 1; unsetenv GONE; echo READY; set x = $<:q");
}

/* These have job control, or run programs and never ask libc for a variable, and are no shells. */
static void assert_no_shell(Target t) {
        _cleanup_(snapshot_done) Snapshot s = {};
        Location l;

        assert_int_equal(target_read(&t, &l, &s), 0);
        assert_int_equal(l.form, FORM_ARRAY);
        assert_non_null(memmem(s.data, s.size, "KEEP=1", 7));
        assert_int_equal(kill(t.pid, SIGKILL), 0);
        target_end(&t);
}

static void test_python_is_not_taken_for_a_shell(void **state _unused_) {
        const char *python = target_installed("python3");

        if (!python)
                skip_because("python3 is not installed");
        assert_no_shell(target_start(
                LIST(python, "-c", "import sys; print('READY', flush=True); sys.stdin.read()"), START));
}

static void test_gdb_is_not_taken_for_a_shell(void **state _unused_) {
        const char *gdb = target_installed("gdb");

        if (!gdb)
                skip_because("gdb is not installed");
        assert_no_shell(target_start(LIST(gdb, "-q", "-nx", "-ex", "echo READY\\n"), START));
}

static void test_dbus_daemon_is_not_taken_for_a_shell(void **state _unused_) {
        const char *daemon = target_installed("dbus-daemon");
        char address[1024];
        Target t;

        if (!daemon)
                skip_because("dbus-daemon is not installed");
        t = target_start_with(LIST(daemon, "--session", "--nofork", "--nopidfile", "--print-address"), START,
                              NULL, -EBADF);
        target_read_line(&t, address, sizeof(address));
        assert_no_shell(t);
}

/* One that is no shell has no table, and is read or refused as any program. */
static void test_another_program_of_busybox_is_not_taken_for_a_shell(void **state _unused_) {
        const char *busybox = target_installed("busybox");
        _cleanup_(snapshot_done) Snapshot s = {};
        Location l = {};
        Target t;
        int r;

        if (!busybox)
                skip_because("busybox is not installed");
        t = target_start(LIST(busybox, "awk", "BEGIN { print \"READY\"; fflush(); getline }"), START);
        r = target_read(&t, &l, &s);
        assert_true(r == -ENOEXEC || (r == 0 && l.form == FORM_ARRAY));
        target_end(&t);
}

static const char *value_of(const Snapshot *s, const char *name) {
        const size_t n = strlen(name);

        for (const char *p = s->data; p < s->data + s->size; p += strlen(p) + 1)
                if (strncmp(p, name, n) == 0 && p[n] == '=')
                        return p + n + 1;

        return NULL;
}

/* Returns whether there is such a variable, and a number is its value. */
static bool number_of(const Snapshot *s, const char *name, unsigned long *ret) {
        const char *value = value_of(s, name);
        char *end;

        if (!value || value[0] < '0' || value[0] > '9')
                return false;

        *ret = strtoul(value, &end, 10);
        return *end == 0;
}

/* G1 and G2 are set one after the other; T0 to T6 come and go in turn. */
static bool could_have_been(const Snapshot *s) {
        unsigned long first, second, n;

        if (!number_of(s, "G1", &first) || !number_of(s, "G2", &second))
                return false;
        if (first != second && first != second + 1)
                return false;

        for (unsigned i = 0; i < 7; i++) {
                const char name[] = { 'T', (char) ('0' + i), 0 };

                if (!value_of(s, name))
                        continue;
                if (!number_of(s, name, &n) || n % 7 != i || n > first || first > n + 8)
                        return false;
        }

        return value_of(s, "KEEP") && strcmp(value_of(s, "KEEP"), "1") == 0;
}

static void print_snapshot(const Snapshot *s) {
        for (const char *p = s->data; p < s->data + s->size; p += strlen(p) + 1)
                print_error("%s\n", p);
}

static void run_on_one_processor(pid_t pid, int processor) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(processor, &set);
        assert_int_equal(sched_setaffinity(pid, sizeof(set), &set), 0);
}

/* The shell and we take turns on one processor: each time it is held up wherever it happens to be. */
static void assert_changes(const char *name, const char *option, const char *change, size_t n_reads) {
        const int processor = sched_getcpu();
        const char *path = target_installed(name);
        char script[512];
        size_t n_changing = 0, n_wrong = 0;
        int r = 0;
        cpu_set_t before;
        Target t;

        if (!path)
                skip_because("%s is not installed", name);
        (void) snprintf(
                script, sizeof(script),
                "export G1=0 G2=0; echo READY; i=0; while :; do i=$((i + 1)); export G1=$i; export G2=$i; "
                "export T$((i %% 7))=$i; unset T$(((i + 3) %% 7)); %s; done",
                change);
        t = target_start(option ? LIST(path, option, "-c", script) : LIST(path, "-c", script), START);

        assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
        run_on_one_processor(t.pid, processor);
        run_on_one_processor(0, processor);
        for (size_t i = 0; i < n_reads && (r == 0 || r == -EAGAIN); i++) {
                _cleanup_(snapshot_done) Snapshot s = {};

                r = target_read(&t, NULL, &s);
                n_changing += r == -EAGAIN;
                if (r == 0 && !could_have_been(&s)) {
                        print_snapshot(&s);
                        n_wrong++;
                }
                (void) sched_yield();
        }
        assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
        assert_int_equal(kill(t.pid, SIGKILL), 0);
        target_end(&t);

        if (r < 0 && r != -EAGAIN)
                fail_msg("reading %s failed: %s", name, strerror(-r));
        assert_int_equal(n_wrong, 0);
        assert_true(n_changing < n_reads / 2);
}

static void test_bash_that_changes_all_the_time(void **state _unused_) {
        assert_changes("bash", NULL, ":", 3000);
}

static void test_bash_that_changes_and_runs_programs_all_the_time(void **state _unused_) {
        assert_changes("bash", NULL, "/bin/true", 1000);
}

static void test_dash_that_changes_all_the_time(void **state _unused_) {
        assert_changes("dash", NULL, ":", 3000);
}

static void test_busybox_sh_that_changes_all_the_time(void **state _unused_) {
        assert_changes("busybox", "sh", ":", 3000);
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
                cmocka_unit_test(test_bash_exports_functions_that_it_was_started_with),
                cmocka_unit_test(test_bash_variables_of_functions_in_each_other),
                cmocka_unit_test(test_bash_variables_for_one_command_are_there_while_it_runs),
                cmocka_unit_test(test_bash_keeps_entries_whose_names_it_can_not_use),
                cmocka_unit_test(test_a_shell_in_a_subshell),
                cmocka_unit_test(test_a_shell_without_its_first_variables),
                cmocka_unit_test(test_a_shell_that_changes_its_directory),
                cmocka_unit_test(test_bash_in_a_startup_file),
                cmocka_unit_test(test_ksh93_is_refused),
                cmocka_unit_test(test_mksh_is_refused),
                cmocka_unit_test(test_a_static_mksh_is_refused),
                cmocka_unit_test(test_lksh_is_refused),
                cmocka_unit_test(test_posh_is_refused),
                cmocka_unit_test(test_a_static_bash_is_refused),
                cmocka_unit_test(test_rc_is_refused),
                cmocka_unit_test(test_fish_is_refused),
                cmocka_unit_test(test_shells_that_the_dynamic_loader_was_told_to_run),
                cmocka_unit_test(test_zsh_keeps_environ_up_to_date),
                cmocka_unit_test(test_yash_keeps_environ_up_to_date),
                cmocka_unit_test(test_tcsh_keeps_environ_up_to_date),
                cmocka_unit_test(test_csh_keeps_environ_up_to_date),
                cmocka_unit_test(test_python_is_not_taken_for_a_shell),
                cmocka_unit_test(test_gdb_is_not_taken_for_a_shell),
                cmocka_unit_test(test_dbus_daemon_is_not_taken_for_a_shell),
                cmocka_unit_test(test_another_program_of_busybox_is_not_taken_for_a_shell),
                cmocka_unit_test(test_bash_that_changes_all_the_time),
                cmocka_unit_test(test_bash_that_changes_and_runs_programs_all_the_time),
                cmocka_unit_test(test_dash_that_changes_all_the_time),
                cmocka_unit_test(test_busybox_sh_that_changes_all_the_time),
                cmocka_unit_test(test_a_shell_of_another_name_is_no_other_shell),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
