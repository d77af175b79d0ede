/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json.h"
#include "unit.h"

#define ENVIRONMENT(entries) ((const Environment){ (char *) (entries), sizeof(entries) - 1 })

/* json: taken over. */
static void assert_dumped(json_t *json, const char *expected) {
        _cleanup_free_ char *text = NULL;

        assert_non_null(json);
        text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        assert_string_equal(text, expected);
        json_decref(json);
}

static void assert_text(const char *text, const char *expected) {
        assert_dumped(json_text(text, strlen(text)), expected);
}

static void test_valid_text_is_itself(void **state _unused_) {
        assert_text("", "\"\"");
        assert_text("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
        assert_text("\"\\\n\x01", "\"\\\"\\\\\\n\\u0001\"");
}

static void test_each_byte_that_is_no_text_is_escaped(void **state _unused_) {
        assert_text("\xff", "\"\\\\xff\"");
        assert_text("a\xc3", "\"a\\\\xc3\"");
        assert_text("\xc0\xaf", "\"\\\\xc0\\\\xaf\"");            /* overlong */
        assert_text("\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\""); /* a surrogate */
        assert_text("\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"");
}

static void test_only_the_first_bytes_count(void **state _unused_) {
        assert_dumped(json_text("abc", 2), "\"ab\"");
        assert_dumped(json_text("\xc3\xa9", 1), "\"\\\\xc3\"");
}

static void test_an_environment_is_an_object_of_what_getenv_finds(void **state _unused_) {
        assert_dumped(json_environment(&ENVIRONMENT("B=1\0A=a=b\0plain\0B=2\0=3\0\xff=\xfe\0")),
                      "{\"B\":\"1\",\"A\":\"a=b\",\"\\\\xff\":\"\\\\xfe\"}");
        assert_dumped(json_environment(&(const Environment){}), "{}");
}

static void test_names_that_would_be_the_same_are_refused(void **state _unused_) {
        assert_null(json_environment(&ENVIRONMENT("\xff=1\0\\xff=2\0")));
}

static void test_strings_are_an_array_of_all(void **state _unused_) {
        assert_dumped(json_strings(&ENVIRONMENT("B\0A\0B\0\xff\0")), "[\"B\",\"A\",\"B\",\"\\\\xff\"]");
        assert_dumped(json_strings(&(const Environment){}), "[]");
}

static void test_a_description_has_texts_and_numbers(void **state _unused_) {
        _cleanup_(description_done) Description d = {};

        assert_int_equal(description_add(&d, "Runtime", "glibc", 0), 0);
        assert_int_equal(description_add(&d, "Count", NULL, 12345678901), 0);
        assert_dumped(json_description(&d), "{\"Runtime\":\"glibc\",\"Count\":12345678901}");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid_text_is_itself),
                cmocka_unit_test(test_each_byte_that_is_no_text_is_escaped),
                cmocka_unit_test(test_only_the_first_bytes_count),
                cmocka_unit_test(test_an_environment_is_an_object_of_what_getenv_finds),
                cmocka_unit_test(test_names_that_would_be_the_same_are_refused),
                cmocka_unit_test(test_strings_are_an_array_of_all),
                cmocka_unit_test(test_a_description_has_texts_and_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
