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

static void assert_script(const char *name, const char *option, const char *script) {
        const char *path = target_installed(name);
        Target t;

        if (!path)
                skip_because("%s is not installed", name);

        t = target_start(LIST(path, option, script), LIST("KEEP=1", "GONE=1", "LC_ALL=C.UTF-8"));
        target_assert(&t, LIST("KEEP=1", "LC_ALL=C.UTF-8", "NEW=1"), NULL);
        target_end(&t);
}

static void test_a_perl_program(void **state _unused_) {
        assert_script("perl", "-e",
                      "$ENV{NEW} = 1; delete $ENV{GONE}; syswrite STDOUT, \"READY\\n\"; <STDIN>");
}

static void test_a_node_program(void **state _unused_) {
        assert_script("node", "-e",
                      "process.env.NEW = '1'; delete process.env.GONE;"
                      "require('fs').writeSync(1, 'READY\\n'); process.stdin.resume()");
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
                cmocka_unit_test(test_zsh_right_after_it_ran_a_program),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
