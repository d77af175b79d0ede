/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>

#include "client.h"
#include "unit.h"

/* The words of a command line, and what is to be left of them. */
#define WORDS(...) ((char *[]){ (char *) "pekeenv", __VA_ARGS__, NULL })

static char **arguments;

static int parse(char *words[], Options *ret) {
        int n = 0;

        while (words[n])
                n++;

        optind = 0; /* getopt(3): from the start */
        opterr = 0;
        return options_parse(n, words, ret, &arguments);
}

static void assert_left(const char *first, ...) {
        va_list more;
        size_t i = 0;

        va_start(more, first);
        for (const char *word = first; word; word = va_arg(more, const char *)) {
                assert_non_null(arguments[i]);
                assert_string_equal(arguments[i++], word);
        }
        va_end(more);
        assert_null(arguments[i]);
}

static void test_options_stand_anywhere_and_the_rest_is_left(void **state _unused_) {
        _cleanup_(options_done) Options o = {};

        assert_int_equal(parse(WORDS("-0", "get", "-q", "12", "--no-pager", "NAME", "--all"), &o),
                         EXIT_USAGE);
        assert_int_equal(parse(WORDS("-0", "get", "-q", "12", "--no-pager", "NAME", "--no-legend"), &o), 0);
        assert_true(o.format == FORMAT_NULL && o.quiet && o.no_pager && o.no_legend && !o.no_ask_password);
        assert_left("get", "12", "NAME", NULL);
}

static void test_nothing_is_left_of_options_alone(void **state _unused_) {
        _cleanup_(options_done) Options o = {};

        assert_int_equal(parse(WORDS("-q"), &o), 0);
        assert_left(NULL);
}

static void test_behind_two_dashes_nothing_is_an_option(void **state _unused_) {
        _cleanup_(options_done) Options o = {};

        assert_int_equal(parse(WORDS("-q", "get", "--", "12", "--", "-0"), &o), 0);
        assert_true(o.quiet && o.format == FORMAT_LINES);
        assert_left("get", "12", "--", "-0", NULL);
}

static void test_the_command_of_exec_has_options_of_its_own(void **state _unused_) {
        static char *words[][8] = {
                { "pekeenv", "exec", "-q", "12", "printf", "-q", "--", "-0" },
                { "pekeenv", "-q", "exec", "12", "printf", "-q", "--", "-0" },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                _cleanup_(options_done) Options o = {};
                char *line[9] = {};

                memcpy(line, words[i], sizeof(words[i]));
                assert_int_equal(parse(line, &o), 0);
                assert_true(o.quiet && o.format == FORMAT_LINES);
                assert_left("exec", "12", "printf", "-q", "--", "-0", NULL);
        }
}

static void test_the_command_of_exec_may_stand_behind_two_dashes(void **state _unused_) {
        _cleanup_(options_done) Options o = {};

        assert_int_equal(parse(WORDS("exec", "12", "-q", "--", "printf", "-0", "--"), &o), 0);
        assert_true(o.quiet && o.format == FORMAT_LINES);
        assert_left("exec", "12", "printf", "-0", "--", NULL);

        assert_int_equal(parse(WORDS("exec", "--", "12", "printf", "-0"), &o), 0);
        assert_left("exec", "12", "printf", "-0", NULL);
}

static void test_masks_add_up(void **state _unused_) {
        _cleanup_(options_done) Options o = {};

        assert_int_equal(parse(WORDS("--mask=A,B", "--mask", "--mask=C", "12"), &o), 0);
        assert_true(o.mask);
        assert_string_equal(o.masks, "A,B,C");
        assert_left("12", NULL);
}

static void test_modes_of_json(void **state _unused_) {
        static const struct {
                const char *option;
                Format format;
        } modes[] = {
                { "--json=pretty", FORMAT_JSON_PRETTY },
                { "--json=short", FORMAT_JSON },
                { "--json=off", FORMAT_LINES },
        };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                _cleanup_(options_done) Options o = {};

                assert_int_equal(parse(WORDS((char *) modes[i].option, "12"), &o), 0);
                assert_int_equal(o.format, modes[i].format);
        }
}

static void test_what_does_not_go_together_is_refused(void **state _unused_) {
        static const char *const pairs[][2] = {
                { "-0", "--shell" },
                { "--shell", "--json=short" },
                { "--json=short", "--json=pretty" },
                { "-Hx", "-Mx" },
                { "--direct", "-Hx" },
                { "--direct", "-Mx" },
                { "--all", "-0" },
                { "--all", "--shell" },
                { "--json", "x" },
                { "--json=", "x" },
                { "--no", "x" },
                { "--null=x", "x" },
                { "-Z", "x" },
                { "x", "--unknown" },
                { "x", "-H" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_(options_done) Options o = {};

                assert_int_equal(parse(WORDS((char *) pairs[i][0], (char *) pairs[i][1]), &o), EXIT_USAGE);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options_stand_anywhere_and_the_rest_is_left),
                cmocka_unit_test(test_nothing_is_left_of_options_alone),
                cmocka_unit_test(test_behind_two_dashes_nothing_is_an_option),
                cmocka_unit_test(test_the_command_of_exec_has_options_of_its_own),
                cmocka_unit_test(test_the_command_of_exec_may_stand_behind_two_dashes),
                cmocka_unit_test(test_masks_add_up),
                cmocka_unit_test(test_modes_of_json),
                cmocka_unit_test(test_what_does_not_go_together_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
