/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fd-util.h"
#include "line-reader.h"
#include "unit.h"

#define BUFFER_SIZE sizeof(((LineReader *) NULL)->buf)

static LineReader *reader_on(const void *data, size_t size, int *ret_fd) {
        LineReader *reader;

        *ret_fd = memfd_with(data, size);
        reader = line_reader_new(*ret_fd);
        assert_non_null(reader);

        return reader;
}

static void assert_next_line(LineReader *reader, const char *expected) {
        const char *line;

        assert_int_equal(line_reader_next(reader, &line), 1);
        assert_string_equal(line, expected);
}

static void assert_end(LineReader *reader, int expected) {
        const char *line;

        assert_int_equal(line_reader_next(reader, &line), expected);
}

static void test_lines_come_one_by_one_without_newline(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ LineReader *reader = reader_on("one\ntwo\n", 8, &fd);

        assert_next_line(reader, "one");
        assert_next_line(reader, "two");
        assert_end(reader, 0);
        assert_end(reader, 0);
}

static void test_empty_lines_are_lines(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ LineReader *reader = reader_on("\n\nx\n", 4, &fd);

        assert_next_line(reader, "");
        assert_next_line(reader, "");
        assert_next_line(reader, "x");
        assert_end(reader, 0);
}

static void test_an_empty_file_has_no_lines(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ LineReader *reader = reader_on("", 0, &fd);

        assert_end(reader, 0);
}

static void test_a_last_line_without_newline_is_dropped(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ LineReader *reader = reader_on("whole\nhalf", 10, &fd);

        assert_next_line(reader, "whole");
        assert_end(reader, 0);
}

static void test_reading_starts_at_the_start_wherever_the_descriptor_is(void **state _unused_) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ LineReader *reader = reader_on("one\ntwo\n", 8, &fd);

        assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
        assert_next_line(reader, "one");
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 5);
}

/* Every line starts with its number, and lines of all lengths meet the border of the buffer. */
static void test_lines_across_the_border_of_the_buffer_are_whole(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with("", 0);
        _cleanup_free_ LineReader *reader = NULL;
        const unsigned n_lines = 5000;
        char expected[256];

        for (unsigned i = 0; i < n_lines; i++)
                dprintf(fd, "%u%*s\n", i, (int) (i % 97), "x");

        reader = line_reader_new(fd);
        for (unsigned i = 0; i < n_lines; i++) {
                (void) snprintf(expected, sizeof(expected), "%u%*s", i, (int) (i % 97), "x");
                assert_next_line(reader, expected);
        }
        assert_end(reader, 0);
}

static void test_a_line_that_just_fits_is_returned(void **state _unused_) {
        _cleanup_free_ char *text = malloc(BUFFER_SIZE + 2);
        _cleanup_free_ LineReader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *line;

        memset(text, 'x', BUFFER_SIZE);
        memcpy(text + BUFFER_SIZE - 1, "\ny\n", 3);
        reader = reader_on(text, BUFFER_SIZE + 2, &fd);

        assert_int_equal(line_reader_next(reader, &line), 1);
        assert_int_equal(strlen(line), BUFFER_SIZE - 1);
        assert_next_line(reader, "y");
        assert_end(reader, 0);
}

static void test_a_line_that_is_too_long_is_an_error(void **state _unused_) {
        _cleanup_free_ char *text = malloc(BUFFER_SIZE + 1);
        _cleanup_free_ LineReader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;

        memset(text, 'x', BUFFER_SIZE);
        text[BUFFER_SIZE] = '\n';
        reader = reader_on(text, BUFFER_SIZE + 1, &fd);

        assert_end(reader, -EBADMSG);
        assert_end(reader, -EBADMSG);
}

static void test_the_error_of_the_file_is_reported(void **state _unused_) {
        _cleanup_free_ LineReader *reader = NULL;
        int pair[2];

        assert_int_equal(pipe(pair), 0);
        reader = line_reader_new(pair[0]);
        assert_end(reader, -ESPIPE);

        close(pair[0]);
        close(pair[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines_come_one_by_one_without_newline),
                cmocka_unit_test(test_empty_lines_are_lines),
                cmocka_unit_test(test_an_empty_file_has_no_lines),
                cmocka_unit_test(test_a_last_line_without_newline_is_dropped),
                cmocka_unit_test(test_reading_starts_at_the_start_wherever_the_descriptor_is),
                cmocka_unit_test(test_lines_across_the_border_of_the_buffer_are_whole),
                cmocka_unit_test(test_a_line_that_just_fits_is_returned),
                cmocka_unit_test(test_a_line_that_is_too_long_is_an_error),
                cmocka_unit_test(test_the_error_of_the_file_is_reported),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
