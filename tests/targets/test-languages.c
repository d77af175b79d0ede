/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>

#include "target.h"

/* Programs in other languages, and what they load after their start. */

static char *write_dotenv(const char *text) {
        char *directory = target_make_directory(), path[256];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/.env", directory);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, text, strlen(text)), 0);
        close(fd);

        return directory;
}

static bool module_is_there(const char *command) {
        return system(command) == 0;
}

static void assert_dotenv(const char *interpreter, const char *script) {
        char *directory = write_dotenv("FROM_FILE=value of it\nKEEP=other\nQUOTED=\"a b\"\n"), path[256];
        Target t;

        (void) snprintf(path, sizeof(path), "%s/.env", directory);
        t = target_start(LIST(interpreter, target_built(script), path),
                         LIST("KEEP=1", "GONE=1", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/"));
        target_assert(&t,
                      LIST("KEEP=1", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/",
                           "FROM_FILE=value of it", "QUOTED=a b"),
                      NULL);
        target_end(&t);
        target_remove_directory(directory);
}

static void test_a_ruby_program_with_dotenv(void **state _unused_) {
        if (access("/usr/bin/ruby", X_OK) < 0)
                skip_because("ruby is not installed");
        if (!module_is_there("/usr/bin/ruby -e 'require \"dotenv\"' 2>/dev/null"))
                skip_because("ruby-dotenv is not installed");

        assert_dotenv("/usr/bin/ruby", "load-dotenv.rb");
}

static void test_a_python_program_with_dotenv(void **state _unused_) {
        if (access("/usr/bin/python3", X_OK) < 0)
                skip_because("python3 is not installed");
        if (!module_is_there("/usr/bin/python3 -c 'import dotenv' 2>/dev/null"))
                skip_because("python3-dotenv is not installed");

        assert_dotenv("/usr/bin/python3", "load-dotenv.py");
}

#define START LIST("KEEP=1", "GONE=1", "CHANGED=old", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/")
#define EXPECTED LIST("KEEP=1", "CHANGED=new", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/", "NEW=1")

/* Starts a script that sets NEW and CHANGED, and removes GONE. */
static Target start_script(const char *name, const char *const options[2], const char *script) {
        const char *path = target_installed(name);

        if (!path)
                skip_because("%s is not installed", name);

        return options[1] ? target_start(LIST(path, options[0], options[1], script), START)
                          : target_start(LIST(path, options[0], script), START);
}

static void assert_script(const char *name, const char *option, const char *script) {
        Target t = start_script(name, LIST(option, NULL), script);
        Location l;

        target_assert(&t, EXPECTED, &l);
        assert_int_equal(l.form, FORM_ARRAY);
        target_end(&t);
}

static void test_a_perl_program(void **state _unused_) {
        assert_script("perl", "-e",
                      "$ENV{NEW} = 1; $ENV{CHANGED} = 'new'; delete $ENV{GONE};"
                      "syswrite STDOUT, \"READY\\n\"; <STDIN>");
}

static void test_a_node_program(void **state _unused_) {
        assert_script("node", "-e",
                      "process.env.NEW = '1'; process.env.CHANGED = 'new'; delete process.env.GONE;"
                      "require('fs').writeSync(1, 'READY\\n'); process.stdin.resume()");
}

static void test_a_python_program(void **state _unused_) {
        assert_script("python3", "-c",
                      "import os, sys; os.environ['NEW'] = '1'; os.environ['CHANGED'] = 'new';"
                      "del os.environ['GONE']; print('READY', flush=True); sys.stdin.read()");
}

static void test_a_ruby_program(void **state _unused_) {
        assert_script("ruby", "-e",
                      "ENV['NEW'] = '1'; ENV['CHANGED'] = 'new'; ENV.delete('GONE');"
                      "$stdout.syswrite(\"READY\\n\"); $stdin.read");
}

/* PHP takes back what a script has set, but at the end of it. */
static void test_a_php_program(void **state _unused_) {
        assert_script(
                "php", "-r",
                "putenv('NEW=1'); putenv('CHANGED=new'); putenv('GONE'); echo \"READY\\n\"; fgets(STDIN);");
}

static void test_a_tcl_program(void **state _unused_) {
        assert_script("tclsh", target_built("environ.tcl"), NULL);
}

static void test_a_lua_program(void **state _unused_) {
        if (target_installed("lua5.3") &&
            !module_is_there("lua5.3 -e 'require \"posix.stdlib\"' 2>/dev/null"))
                skip_because("lua-posix is not installed");

        assert_script("lua5.3", "-e",
                      "local p = require 'posix.stdlib'; p.setenv('NEW', '1'); p.setenv('CHANGED', 'new');"
                      "p.setenv('GONE'); io.write('READY\\n'); io.flush(); io.read()");
}

static void test_a_rust_program(void **state _unused_) {
        Target t;

        skip_unless_built("rust", "rustc is not installed");
        t = target_start(LIST(target_built("rust")), START);
        target_assert(&t, EXPECTED, NULL);
        target_end(&t);
}

static void test_a_static_rust_program(void **state _unused_) {
        Target t;

        skip_unless_built("rust-static", "rustc is not installed, or there is no static libc");
        t = target_start(LIST(target_built("rust-static")), START);
        target_assert(&t, EXPECTED, NULL);
        target_end(&t);
}

/* A Java program can't change its environment; it says itself that it is the one of START. */
static void test_a_java_program(void **state _unused_) {
        const char *java = target_installed("java");
        Target t;

        if (!java || !module_is_there("java --list-modules 2>/dev/null | grep -q '^jdk.compiler@'"))
                skip_because("there is no java that runs a source file");

        t = target_start(LIST(java, target_built("Environ.java")), START);
        target_assert(&t, START, NULL);
        target_end(&t);
}

/* Others have a table of their own, and leave libc's environ as it was. */
static void assert_refused(const char *name, const char *const options[2], const char *script) {
        Target t = start_script(name, options, script);

        target_assert_error(&t, -ENOTSUP);
        target_end(&t);
}

static void test_an_erlang_program_is_refused(void **state _unused_) {
        assert_refused("erl", LIST("-noshell", "-eval"),
                       "os:putenv(\"NEW\", \"1\"), os:putenv(\"CHANGED\", \"new\"), os:unsetenv(\"GONE\"),"
                       "io:format(\"READY~n\"), io:get_line(\"\"), halt().");
}

static void test_emacs_is_refused(void **state _unused_) {
        assert_refused("emacs", LIST("-Q", "--batch"),
                       "--eval=(progn (setenv \"NEW\" \"1\") (setenv \"CHANGED\" \"new\") (setenv \"GONE\")"
                       "(princ \"READY\\n\") (read-string \"\"))");
}

static void assert_gccgo_refused(const char *name, int error) {
        Target t;

        skip_unless_built(name, "gccgo is not installed, or there is no static libc");
        t = target_start(LIST(target_built(name), "unset", "GONE", "clear", "set", "NEW", "1"), START);
        target_assert_error(&t, error);
        target_end(&t);
}

/* It tells libc what it does, but hands it names that do not end where they should. */
static void test_a_program_of_gccgo_is_refused(void **state _unused_) {
        assert_gccgo_refused("gccgo", -ENOTSUP);
        assert_gccgo_refused("gccgo-stripped", -ENOTSUP);
        assert_gccgo_refused("gccgo-static-library", -ENOTSUP);
}

static void test_a_static_program_of_gccgo_is_refused(void **state _unused_) {
        assert_gccgo_refused("gccgo-static", -ENOEXEC);
        assert_gccgo_refused("gccgo-static-stripped", -ENOEXEC);
}

static bool snapshot_has(const Snapshot *s, const char *entry) {
        for (const char *p = s->data; p < s->data + s->size; p += strlen(p) + 1)
                if (strcmp(p, entry) == 0)
                        return true;

        return false;
}

static bool snapshot_has_name(const Snapshot *s, const char *name) {
        const size_t n = strlen(name);

        for (const char *p = s->data; p < s->data + s->size; p += strlen(p) + 1)
                if (strncmp(p, name, n) == 0 && p[n] == '=')
                        return true;

        return false;
}

/* A shell has its own table, and makes libc's from it when it runs a program. */
static void assert_shell(const char *path) {
        Target t = target_start(LIST(path, "-c", "export A=1; unset GONE; /bin/true; echo READY; read x"),
                                LIST("KEEP=1", "GONE=1", "PATH=/usr/bin:/bin"));
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(target_read(&t, NULL, &s), 0);
        assert_true(snapshot_has(&s, "A=1"));
        assert_true(snapshot_has(&s, "KEEP=1"));
        assert_false(snapshot_has_name(&s, "GONE"));
        target_end(&t);
}

static void test_zsh_right_after_it_ran_a_program(void **state _unused_) {
        const char *zsh = target_installed("zsh");

        if (!zsh)
                skip_because("zsh is not installed");
        assert_shell(zsh);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_ruby_program_with_dotenv),
                cmocka_unit_test(test_a_python_program_with_dotenv),
                cmocka_unit_test(test_a_perl_program),
                cmocka_unit_test(test_a_node_program),
                cmocka_unit_test(test_a_python_program),
                cmocka_unit_test(test_a_ruby_program),
                cmocka_unit_test(test_a_php_program),
                cmocka_unit_test(test_a_tcl_program),
                cmocka_unit_test(test_a_lua_program),
                cmocka_unit_test(test_a_rust_program),
                cmocka_unit_test(test_a_static_rust_program),
                cmocka_unit_test(test_a_java_program),
                cmocka_unit_test(test_an_erlang_program_is_refused),
                cmocka_unit_test(test_emacs_is_refused),
                cmocka_unit_test(test_a_program_of_gccgo_is_refused),
                cmocka_unit_test(test_a_static_program_of_gccgo_is_refused),
                cmocka_unit_test(test_zsh_right_after_it_ran_a_program),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
