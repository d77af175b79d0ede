/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "debug-file.h"
#include "static.h"
#include "target.h"

/* Statically linked programs: with symbols, without, and with their symbols in another file. */

#define NO_STATIC "there is no static libc"
#define NO_MUSL "musl-gcc is not installed"
#define NO_32_BIT "the compiler can't make 32-bit programs"
#define NO_CLANG "clang or lld is not installed"

#if defined(__x86_64__)
#define SCANS true
#else
#define SCANS false
#endif

static const struct Kind {
        const char *name, *why_not;
        Runtime runtime;
        bool refers; /* to environ, and can do all that program.c can */
        bool scans;  /* can be found without symbols */
} programs[] = {
        { "static", NO_STATIC, RUNTIME_GLIBC, false, SCANS },
        { "static-reference", NO_STATIC, RUNTIME_GLIBC, true, SCANS },
        { "static-pie", NO_STATIC, RUNTIME_GLIBC, false, SCANS },
        { "static-pie-reference", NO_STATIC, RUNTIME_GLIBC, true, SCANS },
        { "static-clang", NO_CLANG, RUNTIME_GLIBC, true, SCANS },
        { "static-32", NO_32_BIT, RUNTIME_GLIBC, false, false },
        { "static-32-reference", NO_32_BIT, RUNTIME_GLIBC, true, false },
        { "static-musl", NO_MUSL, RUNTIME_MUSL, false, SCANS },
        { "static-musl-reference", NO_MUSL, RUNTIME_MUSL, true, SCANS },
        { "static-musl-pie", NO_MUSL, RUNTIME_MUSL, false, SCANS },
        { "static-musl-pie-reference", NO_MUSL, RUNTIME_MUSL, true, SCANS },
};

#define START LIST("FIRST=1", "GONE=1", "CHANGED=old", "LAST=1")

/* What a program does and what it has then. */
static const struct Change {
        const char *arguments[16];
        const char *expected[8];
        bool refers;
} changes[] = {
        { {}, { "FIRST=1", "GONE=1", "CHANGED=old", "LAST=1" }, false },
        { { "set", "NEW", "1", "check", "NEW", "1" },
          { "FIRST=1", "GONE=1", "CHANGED=old", "LAST=1", "NEW=1" },
          false },
        { { "unset", "GONE" }, { "FIRST=1", "CHANGED=old", "LAST=1" }, false },
        { { "set", "CHANGED", "new", "put", "PUT=1", "put", "no assignment" },
          { "FIRST=1", "GONE=1", "CHANGED=new", "LAST=1", "PUT=1" },
          false },
        { { "clear" }, {}, false },
        { { "clear", "set", "ONLY", "1" }, { "ONLY=1" }, false },
        { { "null" }, {}, true },
        { { "empty" }, {}, true },
        { { "null", "set", "AFTER", "1" }, { "AFTER=1" }, true },
        { { "own", "A=1", "no assignment", "", "=", "A=2" },
          { "A=1", "no assignment", "", "=", "A=2" },
          true },
};

static Target start(const char *path, const struct Change *change) {
        const char *argv[ELEMENTSOF(change->arguments) + 2] = { path };

        for (size_t i = 0; i < ELEMENTSOF(change->arguments) && change->arguments[i]; i++)
                argv[i + 1] = change->arguments[i];
        return target_start(argv, START);
}

/* Does all that a program can do, and compares each time. */
static void assert_all_changes(const struct Kind *p, const char *suffix, Source source) {
        char name[128];

        (void) snprintf(name, sizeof(name), "%s%s", p->name, suffix);
        for (const struct Change *c = changes; c < changes + ELEMENTSOF(changes); c++) {
                Location l;
                Target t;

                if (c->refers && !p->refers)
                        continue;

                t = start(target_built(name), c);
                target_assert(&t, c->expected, &l);
                assert_int_equal(l.source, source);
                assert_int_equal(l.runtime, p->runtime);
                assert_string_equal(l.object, "");
                assert_string_equal(l.symbol, source == SOURCE_SCAN ? "" : "__environ");
                target_end(&t);
        }
}

static void assert_programs(const char *why_not, const char *suffix, Source source) {
        for (const struct Kind *p = programs; p < programs + ELEMENTSOF(programs); p++) {
                if (strcmp(p->why_not, why_not) != 0 || (source == SOURCE_SCAN && !p->scans))
                        continue;

                skip_unless_built(p->name, p->why_not);
                assert_all_changes(p, suffix, source);
        }
}

static void test_glibc_programs_with_symbols_are_found_by_them(void **state _unused_) {
        assert_programs(NO_STATIC, "", SOURCE_SYMBOL_TABLE);
}

static void test_musl_programs_with_symbols_are_found_by_them(void **state _unused_) {
        assert_programs(NO_MUSL, "", SOURCE_SYMBOL_TABLE);
}

static void test_32_bit_programs_with_symbols_are_found_by_them(void **state _unused_) {
        assert_programs(NO_32_BIT, "", SOURCE_SYMBOL_TABLE);
}

static void test_programs_of_clang_and_lld_are_found(void **state _unused_) {
        assert_programs(NO_CLANG, "", SOURCE_SYMBOL_TABLE);
        assert_programs(NO_CLANG, "-stripped", SOURCE_SCAN);
}

static void test_stripped_glibc_programs_are_found_by_their_code(void **state _unused_) {
        assert_programs(NO_STATIC, "-stripped", SOURCE_SCAN);
        assert_programs(NO_STATIC, "-half-stripped", SOURCE_SCAN);
}

static void test_stripped_musl_programs_are_found_by_their_code(void **state _unused_) {
        assert_programs(NO_MUSL, "-stripped", SOURCE_SCAN);
        assert_programs(NO_MUSL, "-half-stripped", SOURCE_SCAN);
}

static void test_stripped_32_bit_programs_are_refused(void **state _unused_) {
        Target t;

        skip_unless_built("static-32", NO_32_BIT);
        t = target_start(LIST(target_built("static-32-stripped"), "set", "NEW", "1"), START);
        target_assert_error(&t, -ENOEXEC);
        target_end(&t);
}

static const struct Trap {
        const char *name, *what;
        const char *expected[8];
} traps[] = {
        { "set", "keeps what main() got", { "FIRST=1", "CHANGED=old", "LAST=1", "NEW=1" } },
        { "copy",
          "keeps a copy of what main() got",
          { "FIRST=1", "GONE=1", "CHANGED=old", "LAST=1", "NEW=1" } },
        { "null", "has no environment any more", {} },
        { "words", "has no assignments any more", { "no", "assignments", "here" } },
};

static void assert_traps(const char *name, const char *why_not, Source source) {
        skip_unless_built(name, why_not);

        for (const struct Trap *trap = traps; trap < traps + ELEMENTSOF(traps); trap++) {
                Location l;
                Target t = target_start(LIST(target_built(name), trap->name), START);

                target_assert(&t, trap->expected, &l);
                assert_int_equal(l.source, source);
                target_end(&t);
        }
}

static void test_what_main_got_is_not_taken_for_the_environment(void **state _unused_) {
        assert_traps("keeping-static", NO_STATIC, SOURCE_SCAN);
        assert_traps("keeping-static-musl", NO_MUSL, SOURCE_SCAN);
}

static void test_an_environ_of_the_programs_own_is_not_taken_for_libcs(void **state _unused_) {
        assert_traps("keeping-own-environ-static", NO_STATIC, SOURCE_SYMBOL_TABLE);
        assert_traps("keeping-own-environ-static-stripped", NO_STATIC, SOURCE_SCAN);
        assert_traps("keeping-own-environ-static-musl", NO_MUSL, SOURCE_SYMBOL_TABLE);
        assert_traps("keeping-own-environ-static-musl-stripped", NO_MUSL, SOURCE_SCAN);
}

static void test_a_local_variable_called_environ_is_not_taken_for_libcs(void **state _unused_) {
        assert_traps("keeping-local-environ-static", NO_STATIC, SOURCE_SYMBOL_TABLE);
}

/* By the scan alone. Returns what location_find() and snapshot_take() would. */
static int scan(const Target *t, Snapshot *ret) {
        _cleanup_(memory_freep) Memory *m = target_open(t);
        Location l = {};
        Program p;
        Auxv auxv;
        int r;

        r = auxv_read(m, &auxv);
        if (r >= 0)
                r = program_read(m, &auxv, &p);
        if (r >= 0)
                r = static_locate_by_scan(m, &p, &l);
        return r < 0 ? r : snapshot_take(m, &l, ret);
}

/* Returns whether it was found. */
static bool assert_scan_is_right_or_refused(const Target *t, const char *const expected[]) {
        _cleanup_(snapshot_done) Snapshot s = {};
        size_t offset = 0;
        int r;

        r = scan(t, &s);
        if (r < 0) {
                assert_int_equal(r, -ENOEXEC);
                return false;
        }

        for (size_t n = 0; expected[n]; n++) {
                assert_true(offset < s.size);
                assert_string_equal(s.data + offset, expected[n]);
                offset += strlen(expected[n]) + 1;
        }
        assert_int_equal(offset, s.size);
        return true;
}

static void test_the_scan_is_right_or_refuses_in_every_program_and_state(void **state _unused_) {
        static const char *const others[] = {
                "plain-pie",  "table-pie",       "plain-no-pie",   "plain-sysv",
                "copy-pie",   "copy-no-pie",     "copy-sysv",      "plain-clang",
                "copy-clang", "plain-32",        "copy-32-no-pie", "table-32",
                "plain-musl", "plain-32-no-pie", "copy-musl",      "copy-musl-no-pie",
        };
        static const char *const suffixes[] = { "", "-stripped", "-half-stripped" };
        unsigned n_right = 0, n_refused = 0;
        char name[128];

        for (const struct Kind *p = programs; p < programs + ELEMENTSOF(programs); p++)
                for (size_t i = 0; target_built(p->name) && i < ELEMENTSOF(suffixes); i++)
                        for (const struct Change *c = changes; c < changes + ELEMENTSOF(changes); c++) {
                                Target t;
                                bool right;

                                if (c->refers && !p->refers)
                                        continue;

                                (void) snprintf(name, sizeof(name), "%s%s", p->name, suffixes[i]);
                                t = start(target_built(name), c);
                                right = assert_scan_is_right_or_refused(&t, c->expected);
                                assert_int_equal(right, p->scans);
                                n_right += right;
                                n_refused += !right;
                                target_end(&t);
                        }

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                Target t;

                if (!target_built(others[i]))
                        continue;

                t = start(target_built(others[i]), &changes[1]);
                assert_false(assert_scan_is_right_or_refused(&t, changes[1].expected));
                n_refused++;
                target_end(&t);
        }

        printf("%u scans were right, %u refused\n", n_right, n_refused);
}

static void test_a_static_program_without_libc_is_refused(void **state _unused_) {
        Target t;

        skip_unless_built("no-libc-static", "it is written for x86_64");
        t = target_start(LIST(target_built("no-libc-static")), START);
        target_assert_error(&t, -ENOEXEC);
        target_end(&t);
}

#define NOWHERE "/nowhere/program"

/* A stripped program, and the memory of it. */
typedef struct Stripped {
        Target target;
        Memory *memory;
        DebugLink link;
} Stripped;

static Stripped stripped_start(const char *path) {
        Stripped s = { .target = target_start(LIST(path, "set", "NEW", "1"), LIST("A=1")) };

        s.memory = target_open(&s.target);
        assert_int_equal(debug_link_read(s.memory, &s.link), 0);
        return s;
}

static void stripped_assert(const Stripped *s, Source source) {
        _cleanup_(snapshot_done) Snapshot snapshot = {};
        Location l = {};

        assert_int_equal(location_find(s->memory, &l), 0);
        assert_int_equal(l.source, source);
        assert_string_equal(l.symbol, source == SOURCE_SCAN ? "" : "__environ");
        assert_int_equal(snapshot_take(s->memory, &l, &snapshot), 0);
        assert_int_equal(snapshot.size, 10);
        assert_memory_equal(snapshot.data, "A=1\0NEW=1", 10);
}

static void stripped_end(Stripped *s) {
        target_end(&s->target);
        s->memory = memory_free(s->memory);
}

static void make_directories(const char *path) {
        char part[4096];

        for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                (void) snprintf(part, sizeof(part), "%.*s", (int) (slash - path), path);
                (void) mkdir(part, 0755);
        }
}

/* Where a debug file belongs below a root. */
static void path_by_id(char path[static 4096], const char *root, const BuildId *id) {
        int n = snprintf(path, 4096, "%s/.build-id/%02x/", root, id->bytes[0]);

        for (size_t i = 1; i < id->size; i++)
                n += snprintf(path + n, 4096 - (size_t) n, "%02x", id->bytes[i]);
        (void) snprintf(path + n, 4096 - (size_t) n, ".debug");
        make_directories(path);
}

static void assert_debug_file_by_id(const char *name, bool scans) {
        char stripped[128], debug[128], path[4096], *root = target_make_directory();
        Stripped s;

        (void) snprintf(stripped, sizeof(stripped), "%s-stripped", name);
        (void) snprintf(debug, sizeof(debug), "%s.debug", name);
        s = stripped_start(target_built(stripped));
        assert_int_equal(s.link.build_id.size, 20);

        assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &s.memory->debug_fd), -ENOENT);
        if (scans)
                stripped_assert(&s, SOURCE_SCAN);

        path_by_id(path, root, &s.link.build_id);
        target_copy_file(target_built(debug), path);
        assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &s.memory->debug_fd), 0);
        stripped_assert(&s, SOURCE_DEBUG_FILE);

        stripped_end(&s);
        target_remove_directory(root);
}

static void test_a_debug_file_is_found_by_its_build_id(void **state _unused_) {
        skip_unless_built("static", NO_STATIC);
        assert_debug_file_by_id("static", SCANS);
        assert_debug_file_by_id("static-pie", SCANS);
}

static void test_a_debug_file_makes_32_bit_programs_readable(void **state _unused_) {
        skip_unless_built("static-32", NO_32_BIT);
        assert_debug_file_by_id("static-32", false);
}

static void test_a_debug_file_that_others_may_write_to_is_not_trusted(void **state _unused_) {
        char path[4096], *root;
        Stripped s;
        int fd;

        skip_unless_built("static", NO_STATIC);
        root = target_make_directory();
        s = stripped_start(target_built("static-stripped"));
        path_by_id(path, root, &s.link.build_id);
        target_copy_file(target_built("static.debug"), path);

        assert_int_equal(chmod(path, 0664), 0);
        assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &fd), -EPERM);
        assert_int_equal(chmod(path, 0646), 0);
        assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &fd), -EPERM);
        if (geteuid() == 0) {
                assert_int_equal(chmod(path, 0644), 0);
                assert_int_equal(chown(path, 65534, 0), 0);
                assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &fd), -EPERM);
        }

        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0644), 0);
        assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &fd), -EPERM);

        stripped_end(&s);
        target_remove_directory(root);
}

static void test_the_debug_file_of_another_program_is_not_used(void **state _unused_) {
        static const char *const wrong[] = { "static-reference.debug", "static-pie.debug", "static-stripped",
                                             "plain-pie", "load-dotenv.rb" };

        skip_unless_built("static", NO_STATIC);
        for (size_t i = 0; SCANS && i < ELEMENTSOF(wrong); i++) {
                Stripped s = stripped_start(target_built("static-stripped"));

                s.memory->debug_fd = open(target_built(wrong[i]), O_RDONLY | O_CLOEXEC);
                assert_true(s.memory->debug_fd >= 0);
                stripped_assert(&s, SOURCE_SCAN);
                stripped_end(&s);
        }
}

/* Runs objcopy, which puts the name and checksum of the debug file into the program. */
static void link_debug_file(const char *debug, const char *from, const char *to) {
        char command[8192];

        (void) snprintf(command, sizeof(command), "objcopy --add-gnu-debuglink='%s' '%s' '%s'", debug, from,
                        to);
        if (system(command) != 0)
                skip_because("objcopy is not installed");
}

static void test_a_debug_file_is_found_by_its_name(void **state _unused_) {
        char program[128], debug[4096], *directory, *root;
        Stripped s;

        skip_unless_built("static-musl", NO_MUSL);
        directory = target_make_directory();
        root = target_make_directory();
        (void) snprintf(program, sizeof(program), "%s/program", directory);
        (void) snprintf(debug, sizeof(debug), "%s%s/program.debug", root, directory);
        make_directories(debug);
        target_copy_file(target_built("static-musl.debug"), debug);
        link_debug_file(debug, target_built("static-musl-stripped"), program);

        s = stripped_start(program);
        assert_string_equal(s.link.name, "program.debug");
        assert_int_equal(debug_file_open(root, NOWHERE, &s.link, &s.memory->debug_fd), -ENOENT);
        assert_int_equal(debug_file_open(root, program, &s.link, &s.memory->debug_fd), 0);
        stripped_assert(&s, SOURCE_DEBUG_FILE);

        stripped_end(&s);
        target_remove_directory(root);
        target_remove_directory(directory);
}

static void test_a_program_with_symbols_wants_no_debug_file(void **state _unused_) {
        static const char *const names[] = { "static", "plain-pie" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(memory_freep) Memory *m = NULL;
                DebugLink link;
                Target t;

                skip_unless_built(names[i], NO_STATIC);
                t = target_start(LIST(target_built(names[i])), START);
                m = target_open(&t);
                assert_int_equal(debug_link_read(m, &link), -ENOENT);
                target_end(&t);
        }
}

/* It gives back what it gets, so when it has, it runs. */
static Target busybox_start(const char *const argv[]) {
        Target t = target_start_with(argv, LIST("FIRST=1", "LAST=2"), NULL, -EBADF);

        assert_int_equal(write(t.stdin_fd, "READY\n", 6), 6);
        target_wait_ready(&t);
        return t;
}

/* Whether a program has no dynamic loader. */
static bool is_static(const Target *t) {
        _cleanup_(memory_freep) Memory *m = target_open(t);
        Program p;
        Auxv auxv;

        assert_int_equal(auxv_read(m, &auxv), 0);
        assert_int_equal(program_read(m, &auxv, &p), 0);
        return !p.has_interpreter;
}

#define NO_BUSYBOX "no static busybox is installed"

static void test_an_applet_of_a_stripped_busybox_is_found(void **state _unused_) {
        const char *path = target_installed("busybox");
        Location l;
        Target t;

        if (!path || !SCANS)
                skip_because(NO_BUSYBOX);

        t = busybox_start(LIST(path, "cat"));
        if (!is_static(&t)) {
                target_end(&t);
                skip_because(NO_BUSYBOX);
        }
        target_assert(&t, LIST("FIRST=1", "LAST=2"), &l);
        assert_int_equal(l.source, SOURCE_SCAN);
        target_end(&t);
}

/* It keeps its variables in tables of its own; environ is what it was started with. */
static void test_the_shell_of_a_stripped_busybox_is_not_read_as_an_applet(void **state _unused_) {
        const char *path = target_installed("busybox");
        static const char script[] = "export FIRST=changed; echo READY; read LINE";

        if (!path)
                skip_because(NO_BUSYBOX);

        for (unsigned i = 0; i < 2; i++) {
                const char *const *argv =
                        i == 0 ? LIST(path, "sh", "-c", script) : LIST(path, "ash", "-c", script);
                _cleanup_(snapshot_done) Snapshot s = {};
                Target t = target_start(argv, LIST("FIRST=1"));

                assert_int_equal(scan(&t, &s), -ENOEXEC);
                target_end(&t);
        }
}

static void test_a_static_bash_is_not_read_by_libcs_variable(void **state _unused_) {
        const char *path = target_installed("bash-static");
        _cleanup_(snapshot_done) Snapshot s = {};
        Target t;

        if (!path)
                skip_because("bash-static is not installed");

        t = target_start(LIST(path, "-c", "export FIRST=changed; echo READY; read LINE"), LIST("FIRST=1"));
        assert_int_equal(scan(&t, &s), -ENOEXEC);
        target_end(&t);
}

/* A static PIE that distributions ship stripped. It reads its configuration when it runs. */
static void test_ldconfig_is_found(void **state _unused_) {
        char fifo[64], *directory;
        Location l;
        Target t;
        int fd;

        if (access("/sbin/ldconfig", X_OK) < 0 || !SCANS)
                skip_because("ldconfig is not installed");

        directory = target_make_directory();
        (void) snprintf(fifo, sizeof(fifo), "%s/conf", directory);
        assert_int_equal(mkfifo(fifo, 0600), 0);
        t = target_start_with(LIST("/sbin/ldconfig", "-N", "-X", "-f", fifo), LIST("FIRST=1", "LAST=2"),
                              NULL, -EBADF);
        fd = open(fifo, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        target_assert(&t, LIST("FIRST=1", "LAST=2"), &l);
        assert_int_equal(l.source, SOURCE_SCAN);

        assert_int_equal(kill(t.pid, SIGKILL), 0);
        target_end(&t);
        close(fd);
        target_remove_directory(directory);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_glibc_programs_with_symbols_are_found_by_them),
                cmocka_unit_test(test_musl_programs_with_symbols_are_found_by_them),
                cmocka_unit_test(test_32_bit_programs_with_symbols_are_found_by_them),
                cmocka_unit_test(test_programs_of_clang_and_lld_are_found),
                cmocka_unit_test(test_stripped_glibc_programs_are_found_by_their_code),
                cmocka_unit_test(test_stripped_musl_programs_are_found_by_their_code),
                cmocka_unit_test(test_stripped_32_bit_programs_are_refused),
                cmocka_unit_test(test_what_main_got_is_not_taken_for_the_environment),
                cmocka_unit_test(test_an_environ_of_the_programs_own_is_not_taken_for_libcs),
                cmocka_unit_test(test_a_local_variable_called_environ_is_not_taken_for_libcs),
                cmocka_unit_test(test_the_scan_is_right_or_refuses_in_every_program_and_state),
                cmocka_unit_test(test_a_static_program_without_libc_is_refused),
                cmocka_unit_test(test_a_debug_file_is_found_by_its_build_id),
                cmocka_unit_test(test_a_debug_file_makes_32_bit_programs_readable),
                cmocka_unit_test(test_a_debug_file_that_others_may_write_to_is_not_trusted),
                cmocka_unit_test(test_the_debug_file_of_another_program_is_not_used),
                cmocka_unit_test(test_a_debug_file_is_found_by_its_name),
                cmocka_unit_test(test_a_program_with_symbols_wants_no_debug_file),
                cmocka_unit_test(test_an_applet_of_a_stripped_busybox_is_found),
                cmocka_unit_test(test_the_shell_of_a_stripped_busybox_is_not_read_as_an_applet),
                cmocka_unit_test(test_a_static_bash_is_not_read_by_libcs_variable),
                cmocka_unit_test(test_ldconfig_is_found),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
