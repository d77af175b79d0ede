/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "target.h"

/* Programs linked and loaded in all the ways there are. Each of them makes the same changes. */

#define START LIST("FIRST=1", "GONE=1", "CHANGED=old", "LAST=1")
#define CHANGES \
        "set", "NEW", "1", "unset", "GONE", "set", "CHANGED", "new", "put", "PUT=1", "check", "NEW", "1"
#define EXPECTED LIST("FIRST=1", "CHANGED=new", "LAST=1", "NEW=1", "PUT=1")

#define NO_CLANG "clang or lld is not installed"
#define NO_32_BIT "the compiler can't make 32-bit programs"
#define NO_MUSL "musl-gcc is not installed"
#define NO_STATIC "there is no static libc"
#define NO_X86_64 "it is written for x86_64"

#define MUSL_LOADER "/lib/ld-musl-x86_64.so.1"
#define LOADER_32 "/lib/ld-linux.so.2"

/* The executable's own entry has no path, or the one it was started by. */
static bool is_in_executable(const Location *l, const char *name) {
        const char *file = strrchr(l->object, '/');

        return l->object[0] == 0 || strcmp(file ? file + 1 : l->object, name) == 0;
}

static bool is_in_libc(const Location *l) {
        const char *file = strrchr(l->object, '/');

        return file && (strncmp(file, "/libc.so", 8) == 0 || strncmp(file, "/ld-musl-", 9) == 0 ||
                        strncmp(file, "/libc.musl-", 11) == 0);
}

static void assert_program(const char *name, Runtime runtime, bool in_executable) {
        Target t = target_start(LIST(target_built(name), CHANGES), START);
        Location l;

        target_assert(&t, EXPECTED, &l);
        assert_int_equal(l.runtime, runtime);
        assert_int_equal(l.source, SOURCE_DYNAMIC_SYMBOL);
        if (in_executable)
                assert_true(is_in_executable(&l, name));
        else
                assert_true(is_in_libc(&l));
        target_end(&t);
}

static void test_a_pie_program_without_reference_has_it_in_libc(void **state _unused_) {
        assert_program("plain-pie", RUNTIME_GLIBC, false);
}

static void test_a_pie_program_with_a_reference_has_a_copy(void **state _unused_) {
        skip_unless_built("copy-pie", NO_X86_64);
        assert_program("copy-pie", RUNTIME_GLIBC, true);
}

static void test_a_pie_program_that_refers_by_its_table_has_it_in_libc(void **state _unused_) {
        assert_program("table-pie", RUNTIME_GLIBC, false);
}

static void test_a_no_pie_program_without_reference_has_it_in_libc(void **state _unused_) {
        assert_program("plain-no-pie", RUNTIME_GLIBC, false);
}

static void test_a_no_pie_program_with_a_reference_has_a_copy(void **state _unused_) {
        skip_unless_built("copy-no-pie", NO_X86_64);
        assert_program("copy-no-pie", RUNTIME_GLIBC, true);
}

static void test_programs_with_a_sysv_table_only_are_found(void **state _unused_) {
        assert_program("plain-sysv", RUNTIME_GLIBC, false);
        skip_unless_built("copy-sysv", NO_X86_64);
        assert_program("copy-sysv", RUNTIME_GLIBC, true);
}

static void test_programs_of_clang_and_lld_are_found(void **state _unused_) {
        skip_unless_built("plain-clang", NO_CLANG);
        assert_program("plain-clang", RUNTIME_GLIBC, false);
        assert_program("copy-clang", RUNTIME_GLIBC, true);
}

static void test_32_bit_programs_are_found(void **state _unused_) {
        skip_unless_built("plain-32", NO_32_BIT);
        assert_program("plain-32", RUNTIME_GLIBC, false);
        assert_program("table-32", RUNTIME_GLIBC, false);
        assert_program("plain-32-no-pie", RUNTIME_GLIBC, false);
        assert_program("copy-32-no-pie", RUNTIME_GLIBC, true);
}

static void test_musl_programs_are_found(void **state _unused_) {
        skip_unless_built("plain-musl", NO_MUSL);
        assert_program("plain-musl", RUNTIME_MUSL, false);
        assert_program("copy-musl", RUNTIME_MUSL, true);
        assert_program("copy-musl-no-pie", RUNTIME_MUSL, true);
}

static void assert_with_preload(const char *program, const char *library, const char *in) {
        char preload[4200];
        Location l;
        Target t;

        (void) snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", target_built(library));
        t = target_start(LIST(target_built(program), CHANGES),
                         LIST("FIRST=1", preload, "GONE=1", "CHANGED=old"));
        target_assert(&t, LIST("FIRST=1", preload, "CHANGED=new", "NEW=1", "PUT=1"), &l);
        if (in)
                assert_non_null(strstr(l.object, in));
        else
                assert_string_equal(l.object, "");
        target_end(&t);
}

static void test_a_preloaded_library_that_defines_nothing_changes_nothing(void **state _unused_) {
        assert_with_preload("plain-pie", "preload-nothing.so", "libc.so");
        skip_unless_built("copy-pie", NO_X86_64);
        assert_with_preload("copy-pie", "preload-nothing.so", NULL);
}

static void test_a_preloaded_library_that_defines_environ_has_it(void **state _unused_) {
        assert_with_preload("plain-pie", "preload-all.so", "preload-all.so");
}

static void test_a_copy_wins_over_a_preloaded_library_that_defines_environ(void **state _unused_) {
        skip_unless_built("copy-no-pie", NO_X86_64);
        assert_with_preload("copy-no-pie", "preload-all.so", NULL);
}

/* libc reads __environ, which this library does not define. */
static void test_a_preloaded_environ_alone_is_not_what_getenv_reads(void **state _unused_) {
        assert_with_preload("plain-pie", "preload-environ.so", "libc.so");
}

static void test_a_preloaded_library_with_a_sysv_table_has_it(void **state _unused_) {
        assert_with_preload("plain-pie", "preload-sysv.so", "preload-sysv.so");
}

static void assert_by_loader(const char *loader, const char *program, Runtime runtime, bool in_executable) {
        Target t = target_start(LIST(loader, target_built(program), CHANGES), START);
        Location l;

        target_assert(&t, EXPECTED, &l);
        assert_int_equal(l.runtime, runtime);
        if (in_executable)
                assert_true(is_in_executable(&l, program));
        else
                assert_true(is_in_libc(&l));
        target_end(&t);
}

static void test_a_program_run_by_its_loader_by_hand_is_found(void **state _unused_) {
        const char *loader = target_loaded_object("ld-");

        assert_by_loader(loader, "plain-pie", RUNTIME_GLIBC, false);
        assert_by_loader(loader, "plain-no-pie", RUNTIME_GLIBC, false);
        skip_unless_built("copy-pie", NO_X86_64);
        assert_by_loader(loader, "copy-pie", RUNTIME_GLIBC, true);
        assert_by_loader(loader, "copy-no-pie", RUNTIME_GLIBC, true);
}

static void test_a_32_bit_program_run_by_its_loader_by_hand_is_found(void **state _unused_) {
        skip_unless_built("plain-32", NO_32_BIT);
        assert_by_loader(LOADER_32, "plain-32", RUNTIME_GLIBC, false);
        assert_by_loader(LOADER_32, "copy-32-no-pie", RUNTIME_GLIBC, true);
}

static void test_a_musl_program_run_by_its_loader_by_hand_is_found(void **state _unused_) {
        skip_unless_built("plain-musl", NO_MUSL);
        assert_by_loader(MUSL_LOADER, "plain-musl", RUNTIME_MUSL, false);
        assert_by_loader(MUSL_LOADER, "copy-musl", RUNTIME_MUSL, true);
}

static void test_files_deleted_after_the_start_are_not_missed(void **state _unused_) {
        char *directory = target_make_directory(), program[64], libc[64], path[128];
        Location l;
        Target t;

        (void) snprintf(program, sizeof(program), "%s/program", directory);
        (void) snprintf(libc, sizeof(libc), "%s/libc.so.6", directory);
        (void) snprintf(path, sizeof(path), "LD_LIBRARY_PATH=%s", directory);
        target_copy_file(target_built("plain-pie"), program);
        target_copy_file(target_loaded_object("libc.so"), libc);

        t = target_start(LIST(program, "set", "NEW", "1"), LIST(path, "A=1"));
        assert_int_equal(unlink(program), 0);
        assert_int_equal(unlink(libc), 0);
        target_assert(&t, LIST(path, "A=1", "NEW=1"), &l);
        assert_string_equal(l.object, libc);

        target_end(&t);
        target_remove_directory(directory);
}

static void test_files_replaced_after_the_start_are_not_taken_for_the_old_ones(void **state _unused_) {
        char *directory = target_make_directory(), program[64], libc[64], other[64], path[128];
        Target t;

        (void) snprintf(program, sizeof(program), "%s/program", directory);
        (void) snprintf(libc, sizeof(libc), "%s/libc.so.6", directory);
        (void) snprintf(other, sizeof(other), "%s/other", directory);
        (void) snprintf(path, sizeof(path), "LD_LIBRARY_PATH=%s", directory);
        target_copy_file(target_built("plain-no-pie"), program);
        target_copy_file(target_loaded_object("libc.so"), libc);

        t = target_start(LIST(program, "set", "NEW", "1"), LIST(path, "A=1"));
        target_copy_file(target_built("load-dotenv.rb"), other);
        assert_int_equal(rename(other, program), 0);
        target_copy_file(target_built("preload-all.so"), other);
        assert_int_equal(rename(other, libc), 0);
        target_assert(&t, LIST(path, "A=1", "NEW=1"), NULL);

        target_end(&t);
        target_remove_directory(directory);
}

static void make_directories(const char *root, const char *path) {
        char part[4096];

        for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                (void) snprintf(part, sizeof(part), "%s%.*s", root, (int) (slash - path), path);
                (void) mkdir(part, 0755);
        }
}

static void copy_into(const char *root, const char *from, const char *to) {
        char path[4200];

        (void) snprintf(path, sizeof(path), "%s%s", root, to);
        make_directories(root, to);
        target_copy_file(from, path);
}

static void test_a_program_in_a_chroot_is_found(void **state _unused_) {
        char loader[4096], libc[4096], *root;
        Location l;
        Target t;

        if (geteuid() != 0)
                skip_because("only root can change the root directory");

        (void) snprintf(loader, sizeof(loader), "%s", target_loaded_object("ld-"));
        (void) snprintf(libc, sizeof(libc), "%s", target_loaded_object("libc.so"));
        root = target_make_directory();
        copy_into(root, loader, loader);
        copy_into(root, libc, libc);
        copy_into(root, target_built("plain-pie"), "/bin/program");

        t = target_start_with(LIST("/bin/program", CHANGES), START, root, -EBADF);
        target_wait_ready(&t);
        target_assert(&t, EXPECTED, &l);
        assert_non_null(strstr(l.object, "libc.so"));

        target_end(&t);
        target_remove_directory(root);
}

static pid_t only_child(pid_t pid) {
        char path[64], text[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
        assert_true(read_file_at(AT_FDCWD, path, text, sizeof(text)) > 0);
        return (pid_t) strtol(text, NULL, 10);
}

/* In namespaces of its own for users, files, and processes. */
static void test_a_program_in_other_namespaces_is_found(void **state _unused_) {
        const char *unshare = target_installed("unshare");
        Target child, t;

        if (!unshare)
                skip_because("unshare is not installed");
        if (system("unshare --user --map-root-user --mount --pid --fork true 2>/dev/null") != 0)
                skip_because("user namespaces can't be made here");

        t = target_start(LIST(unshare, "--user", "--map-root-user", "--mount", "--pid", "--fork",
                              target_built("plain-pie"), CHANGES),
                         START);
        child = t;
        child.pid = only_child(t.pid);
        child.pidfd = open_pidfd(child.pid, 0);
        assert_true(child.pidfd >= 0);

        target_assert(&child, EXPECTED, NULL);
        close_fd(child.pidfd);
        target_end(&t);
}

/* What is loaded so has a libc of its own, with an environ of its own. */
static void test_a_libc_that_is_loaded_once_more_is_another(void **state _unused_) {
        Target t = target_start(LIST(target_built("dlmopening")), LIST("A=1"));
        Location l;

        target_assert(&t, LIST("A=1", "NEW=1"), &l);
        assert_true(is_in_libc(&l));
        target_end(&t);
}

static void assert_unsupported(const char *name, const char *why) {
        Target t;

        skip_unless_built(name, why);
        t = target_start(LIST(target_built(name)), START);
        target_assert_error(&t, -ENOEXEC);
        target_end(&t);
}

static void test_a_static_program_without_libc_is_unsupported(void **state _unused_) {
        assert_unsupported("no-libc-static", NO_X86_64);
}

static void test_a_dynamic_program_without_libc_is_unsupported(void **state _unused_) {
        assert_unsupported("no-libc-dynamic", NO_X86_64);
}

static void assert_held_while_loading(const char *program, const char *setting, const char *library) {
        char variable[4200];
        Target t;

        skip_unless_built(library, NO_X86_64);
        skip_unless_built(program, NO_X86_64);
        (void) snprintf(variable, sizeof(variable), "%s=%s", setting, target_built(library));

        t = target_start(LIST(target_built(program)), LIST("A=1", variable));
        target_assert_error(&t, -EINPROGRESS);

        target_go_on(&t);
        target_wait_ready(&t);
        target_assert(&t, LIST("A=1", variable), NULL);
        target_end(&t);
}

static void test_a_program_whose_libc_is_not_loaded_yet_is_not_unsupported(void **state _unused_) {
        assert_held_while_loading("plain-pie", "LD_AUDIT", "hold-audit.so");
}

static void test_a_program_with_a_copy_whose_libc_is_not_loaded_yet_is_not_empty(void **state _unused_) {
        assert_held_while_loading("copy-pie", "LD_AUDIT", "hold-audit.so");
}

static void test_a_program_whose_libc_has_not_started_yet_is_not_empty(void **state _unused_) {
        assert_held_while_loading("plain-pie", "LD_PRELOAD", "hold-constructor.so");
}

static void test_a_program_with_a_copy_whose_libc_has_not_started_yet_is_not_empty(void **state _unused_) {
        assert_held_while_loading("copy-no-pie", "LD_PRELOAD", "hold-constructor.so");
}

/* Without anybody who holds it up: from the exec on, as often as it goes. It is wrong if what is read is neither
 * an error nor right. */
static void assert_never_wrong_at_start(const char *name) {
        unsigned n_errors = 0, n_right = 0;

        for (unsigned i = 0; i < 200; i++) {
                Target t = target_start_with(LIST(target_built(name)), LIST("A=1", "B=2"), NULL, -EBADF);
                bool right = false;

                while (!right) {
                        _cleanup_(snapshot_done) Snapshot s = {};
                        char executable[4096] = {}, link[64];
                        int r;

                        r = target_read(&t, NULL, &s);

                        /* Before its exec it is this program. */
                        (void) snprintf(link, sizeof(link), "/proc/%d/exe", t.pid);
                        if (readlink(link, executable, sizeof(executable) - 1) < 0 ||
                            !strstr(executable, name))
                                continue;

                        if (r < 0) {
                                if (r != -EINPROGRESS && r != -EAGAIN && r != -ESTALE)
                                        fail_msg("a program that is just starting is called: %s",
                                                 strerror(-r));
                                n_errors++;
                                continue;
                        }
                        if (s.n_entries > 2) /* read before the exec */
                                continue;

                        assert_int_equal(s.size, 8);
                        assert_memory_equal(s.data, "A=1\0B=2", 8);
                        n_right++;
                        right = true;
                }

                target_wait_ready(&t);
                target_end(&t);
        }

        assert_int_equal(n_right, 200);
        printf("%s: %u reads while it was being loaded\n", name, n_errors);
}

static void test_a_program_that_is_just_starting_never_gives_a_wrong_answer(void **state _unused_) {
        assert_never_wrong_at_start("plain-pie");
}

static void
test_a_program_with_a_copy_that_is_just_starting_never_gives_a_wrong_answer(void **state _unused_) {
        skip_unless_built("copy-no-pie", NO_X86_64);
        assert_never_wrong_at_start("copy-no-pie");
}

static void test_a_musl_program_that_is_just_starting_never_gives_a_wrong_answer(void **state _unused_) {
        skip_unless_built("plain-musl", NO_MUSL);
        assert_never_wrong_at_start("plain-musl");
        assert_never_wrong_at_start("copy-musl");
}

static void test_a_static_program_that_is_just_starting_never_gives_a_wrong_answer(void **state _unused_) {
        skip_unless_built("static", NO_STATIC);
        assert_never_wrong_at_start("static");
        assert_never_wrong_at_start("static-pie");
        assert_never_wrong_at_start("static-stripped");
        assert_never_wrong_at_start("static-pie-stripped");
}

static void
test_a_static_musl_program_that_is_just_starting_never_gives_a_wrong_answer(void **state _unused_) {
        skip_unless_built("static-musl", NO_MUSL);
        assert_never_wrong_at_start("static-musl");
        assert_never_wrong_at_start("static-musl-pie-stripped");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_pie_program_without_reference_has_it_in_libc),
                cmocka_unit_test(test_a_pie_program_with_a_reference_has_a_copy),
                cmocka_unit_test(test_a_pie_program_that_refers_by_its_table_has_it_in_libc),
                cmocka_unit_test(test_a_no_pie_program_without_reference_has_it_in_libc),
                cmocka_unit_test(test_a_no_pie_program_with_a_reference_has_a_copy),
                cmocka_unit_test(test_programs_with_a_sysv_table_only_are_found),
                cmocka_unit_test(test_programs_of_clang_and_lld_are_found),
                cmocka_unit_test(test_32_bit_programs_are_found),
                cmocka_unit_test(test_musl_programs_are_found),
                cmocka_unit_test(test_a_preloaded_library_that_defines_nothing_changes_nothing),
                cmocka_unit_test(test_a_preloaded_library_that_defines_environ_has_it),
                cmocka_unit_test(test_a_copy_wins_over_a_preloaded_library_that_defines_environ),
                cmocka_unit_test(test_a_preloaded_environ_alone_is_not_what_getenv_reads),
                cmocka_unit_test(test_a_preloaded_library_with_a_sysv_table_has_it),
                cmocka_unit_test(test_a_program_run_by_its_loader_by_hand_is_found),
                cmocka_unit_test(test_a_32_bit_program_run_by_its_loader_by_hand_is_found),
                cmocka_unit_test(test_a_musl_program_run_by_its_loader_by_hand_is_found),
                cmocka_unit_test(test_files_deleted_after_the_start_are_not_missed),
                cmocka_unit_test(test_files_replaced_after_the_start_are_not_taken_for_the_old_ones),
                cmocka_unit_test(test_a_program_in_a_chroot_is_found),
                cmocka_unit_test(test_a_program_in_other_namespaces_is_found),
                cmocka_unit_test(test_a_libc_that_is_loaded_once_more_is_another),
                cmocka_unit_test(test_a_static_program_without_libc_is_unsupported),
                cmocka_unit_test(test_a_dynamic_program_without_libc_is_unsupported),
                cmocka_unit_test(test_a_program_whose_libc_is_not_loaded_yet_is_not_unsupported),
                cmocka_unit_test(test_a_program_with_a_copy_whose_libc_is_not_loaded_yet_is_not_empty),
                cmocka_unit_test(test_a_program_whose_libc_has_not_started_yet_is_not_empty),
                cmocka_unit_test(test_a_program_with_a_copy_whose_libc_has_not_started_yet_is_not_empty),
                cmocka_unit_test(test_a_program_that_is_just_starting_never_gives_a_wrong_answer),
                cmocka_unit_test(
                        test_a_program_with_a_copy_that_is_just_starting_never_gives_a_wrong_answer),
                cmocka_unit_test(test_a_musl_program_that_is_just_starting_never_gives_a_wrong_answer),
                cmocka_unit_test(test_a_static_program_that_is_just_starting_never_gives_a_wrong_answer),
                cmocka_unit_test(
                        test_a_static_musl_program_that_is_just_starting_never_gives_a_wrong_answer),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
