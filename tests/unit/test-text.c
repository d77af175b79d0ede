/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "text.h"
#include "unit.h"

static void assert_character(const char *text, size_t length) {
        assert_int_equal(utf8_character_length(text, strlen(text)), length);
}

static void test_characters_of_each_length_are_recognised(void **state _unused_) {
        assert_character("a", 1);
        assert_character("\x7f", 1);
        assert_character("\xc2\x80", 2);
        assert_character("\xdf\xbf", 2);
        assert_character("\xe0\xa0\x80", 3);
        assert_character("\xed\x9f\xbf", 3);
        assert_character("\xee\x80\x80", 3);
        assert_character("\xef\xbf\xbd", 3);
        assert_character("\xf0\x90\x80\x80", 4);
        assert_character("\xf4\x8f\xbf\xbd", 4);
}

static void test_only_the_first_character_counts(void **state _unused_) {
        assert_character("ab", 1);
        assert_character("\xc3\xa4\xff", 2);
}

static void test_nothing_and_nul_are_no_characters(void **state _unused_) {
        assert_int_equal(utf8_character_length("a", 0), 0);
        assert_int_equal(utf8_character_length("\0a", 2), 0);
}

static void test_overlong_forms_are_invalid(void **state _unused_) {
        assert_character("\xc0\x80", 0);
        assert_character("\xc0\xaf", 0);
        assert_character("\xc1\xbf", 0);
        assert_character("\xe0\x80\x80", 0);
        assert_character("\xe0\x9f\xbf", 0);
        assert_character("\xf0\x80\x80\x80", 0);
        assert_character("\xf0\x8f\xbf\xbf", 0);
}

static void test_surrogates_are_invalid(void **state _unused_) {
        assert_character("\xed\xa0\x80", 0);
        assert_character("\xed\xaf\xbf", 0);
        assert_character("\xed\xb0\x80", 0);
        assert_character("\xed\xbf\xbf", 0);
}

static void test_noncharacters_are_invalid(void **state _unused_) {
        assert_character("\xef\xb7\x8f", 3); /* U+FDCF */
        assert_character("\xef\xb7\x90", 0); /* U+FDD0 */
        assert_character("\xef\xb7\xaf", 0); /* U+FDEF */
        assert_character("\xef\xb7\xb0", 3); /* U+FDF0 */
        assert_character("\xef\xbf\xbe", 0); /* U+FFFE */
        assert_character("\xef\xbf\xbf", 0); /* U+FFFF */
        assert_character("\xf0\x9f\xbf\xbe", 0);
        assert_character("\xf4\x8f\xbf\xbf", 0);
}

static void test_characters_behind_the_last_are_invalid(void **state _unused_) {
        assert_character("\xf4\x90\x80\x80", 0);
        assert_character("\xf5\x80\x80\x80", 0);
        assert_character("\xf8\x88\x80\x80\x80", 0);
        assert_character("\xfe", 0);
        assert_character("\xff", 0);
}

static void test_characters_cut_off_are_invalid(void **state _unused_) {
        assert_character("\xc3", 0);
        assert_character("\xe2\x82", 0);
        assert_character("\xf0\x9f\x98", 0);
        assert_int_equal(utf8_character_length("\xe2\x82\xac", 2), 0);
        assert_character("\xe2\x82x", 0);
}

static void test_stray_continuation_bytes_are_invalid(void **state _unused_) {
        assert_character("\x80", 0);
        assert_character("\xbf", 0);
}

static void assert_replaced(const char *text, size_t size, const char *expected, size_t expected_size) {
        _cleanup_free_ char *replaced = NULL;
        size_t replaced_size;

        assert_int_equal(utf8_replace_invalid(text, size, &replaced, &replaced_size), 0);
        assert_int_equal(replaced_size, expected_size);
        assert_memory_equal(replaced, expected, expected_size);
}

static void test_valid_text_stays_and_nul_bytes_stay(void **state _unused_) {
        assert_replaced("A=\xc3\xa4\0B=1\0", 9, "A=\xc3\xa4\0B=1\0", 9);
        assert_replaced("\0\0", 2, "\0\0", 2);
}

static void test_each_invalid_byte_is_replaced_by_one_character(void **state _unused_) {
        assert_replaced("a\xff"
                        "b",
                        3,
                        "a\xef\xbf\xbd"
                        "b",
                        5);
        assert_replaced("\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd", 6);
        assert_replaced("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 9);
        assert_replaced("\xef\xbf\xbf", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 9);
}

static void test_a_character_does_not_reach_over_a_nul_byte(void **state _unused_) {
        assert_replaced("\xe2\x82\0\xac", 4, "\xef\xbf\xbd\xef\xbf\xbd\0\xef\xbf\xbd", 10);
}

static void test_replacing_in_nothing_gives_nothing(void **state _unused_) {
        assert_replaced("", 0, "", 0);
        assert_replaced(NULL, 0, "", 0);
}

static void assert_escaped(const char *text, const char *expected) {
        _cleanup_free_ char *escaped = text_escape(text, strlen(text));

        assert_non_null(escaped);
        assert_string_equal(escaped, expected);
}

static void test_plain_text_needs_no_escapes(void **state _unused_) {
        assert_escaped("", "");
        assert_escaped("PATH=/usr/bin:/bin \"x\" 'y' $z", "PATH=/usr/bin:/bin \"x\" 'y' $z");
        assert_escaped("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void test_c0_and_delete_are_escaped(void **state _unused_) {
        assert_escaped("\n\t", "\\n\\t");
        assert_escaped("\x1b[31m\r\x01\x1f", "\\x1b[31m\\x0d\\x01\\x1f");
        assert_escaped("\x7f", "\\x7f");
}

static void test_a_nul_byte_is_escaped(void **state _unused_) {
        _cleanup_free_ char *escaped = text_escape("a\0b", 3);

        assert_string_equal(escaped, "a\\x00b");
}

static void test_markup_is_escaped_for_who_may_take_it_for_that(void **state _unused_) {
        static const char text[] = "<b>\xc3\xa4 &amp;\\\n";
        _cleanup_free_ char *escaped = text_escape_markup(text, strlen(text));

        assert_string_equal(escaped, "\\x3cb\\x3e\xc3\xa4 \\x26amp;\\\\\\n");
        assert_escaped("<b>&amp;", "<b>&amp;");
}

static void test_c1_is_escaped_byte_by_byte(void **state _unused_) {
        assert_escaped("\xc2\x80", "\\xc2\\x80");
        assert_escaped("\xc2\x9b", "\\xc2\\x9b"); /* CSI */
        assert_escaped("\xc2\x9f", "\\xc2\\x9f");
        assert_escaped("\xc2\xa0", "\xc2\xa0");
}

static void test_what_changes_the_direction_of_writing_is_escaped(void **state _unused_) {
        assert_escaped("\xe2\x80\xae"
                       "evil",
                       "\\xe2\\x80\\xaeevil");
        assert_escaped("\xe2\x80\xaa", "\\xe2\\x80\\xaa");
        assert_escaped("\xe2\x81\xa6", "\\xe2\\x81\\xa6");
        assert_escaped("\xe2\x81\xa9", "\\xe2\\x81\\xa9");
        assert_escaped("\xe2\x80\x8e", "\\xe2\\x80\\x8e");
        assert_escaped("\xe2\x80\x8f", "\\xe2\\x80\\x8f");
        assert_escaped("\xd8\x9c", "\\xd8\\x9c");
}

static void test_line_and_paragraph_separators_are_escaped(void **state _unused_) {
        assert_escaped("\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9");
}

static void test_backslashes_are_escaped_so_that_escapes_cannot_be_forged(void **state _unused_) {
        assert_escaped("\\n", "\\\\n");
        assert_escaped("\\", "\\\\");
}

static void test_bytes_that_are_no_text_are_escaped(void **state _unused_) {
        assert_escaped("\xff", "\\xff");
        assert_escaped("\xe2\x82", "\\xe2\\x82");
        assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");
        assert_escaped("\xef\xbf\xbf", "\\xef\\xbf\\xbf");
}

static void assert_escaped_again(const char *text, const char *expected) {
        _cleanup_free_ char *escaped = text_escape_again(text, strlen(text));

        assert_non_null(escaped);
        assert_string_equal(escaped, expected);
}

static void test_what_is_escaped_already_stays(void **state _unused_) {
        assert_escaped_again("a\\x1b\\\\\x1b[m\n", "a\\x1b\\\\\\x1b[m\\n");
        assert_escaped_again("\\xe2\\x80\\xae\xe2\x80\xae", "\\xe2\\x80\\xae\\xe2\\x80\\xae");
}

static void assert_json(const char *json, const char *expected) {
        _cleanup_free_ char *escaped = text_escape_json(json, strlen(json));

        assert_non_null(escaped);
        assert_string_equal(escaped, expected);
}

static void test_json_has_escapes_of_its_own(void **state _unused_) {
        assert_json("{\n  \"a\\n\xc3\xa9\"\n}", "{\n  \"a\\n\xc3\xa9\"\n}");
        assert_json("\"\x7f\xc2\x9b\xe2\x80\xae\"", "\"\\u007F\\u009B\\u202E\"");
        assert_json("", "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_characters_of_each_length_are_recognised),
                cmocka_unit_test(test_only_the_first_character_counts),
                cmocka_unit_test(test_nothing_and_nul_are_no_characters),
                cmocka_unit_test(test_overlong_forms_are_invalid),
                cmocka_unit_test(test_surrogates_are_invalid),
                cmocka_unit_test(test_noncharacters_are_invalid),
                cmocka_unit_test(test_characters_behind_the_last_are_invalid),
                cmocka_unit_test(test_characters_cut_off_are_invalid),
                cmocka_unit_test(test_stray_continuation_bytes_are_invalid),
                cmocka_unit_test(test_valid_text_stays_and_nul_bytes_stay),
                cmocka_unit_test(test_each_invalid_byte_is_replaced_by_one_character),
                cmocka_unit_test(test_a_character_does_not_reach_over_a_nul_byte),
                cmocka_unit_test(test_replacing_in_nothing_gives_nothing),
                cmocka_unit_test(test_plain_text_needs_no_escapes),
                cmocka_unit_test(test_c0_and_delete_are_escaped),
                cmocka_unit_test(test_a_nul_byte_is_escaped),
                cmocka_unit_test(test_markup_is_escaped_for_who_may_take_it_for_that),
                cmocka_unit_test(test_c1_is_escaped_byte_by_byte),
                cmocka_unit_test(test_what_changes_the_direction_of_writing_is_escaped),
                cmocka_unit_test(test_line_and_paragraph_separators_are_escaped),
                cmocka_unit_test(test_backslashes_are_escaped_so_that_escapes_cannot_be_forged),
                cmocka_unit_test(test_bytes_that_are_no_text_are_escaped),
                cmocka_unit_test(test_what_is_escaped_already_stays),
                cmocka_unit_test(test_json_has_escapes_of_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
