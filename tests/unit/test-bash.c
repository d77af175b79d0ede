/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bash-image.h"
#include "bash.h"
#include "object.h"
#include "unit.h"

#define EXECUTABLE UINT64_C(0x400000)
#define SYMBOL(n) (OBJECT_VARIABLE + 0x10U * (n))
#define X BASH_EXPORTED

/* In the order of the symbols below. */
enum { NEEDS_MAKING, SHELL_PGRP, EXPORT_ENV, VARIABLES, TEMPORARY, INVALID, FUNCTIONS, RESTRICTED, VERSION };

typedef struct Bash {
        BashImage image;
        Object executable;
} Bash;

static uint64_t address_of(unsigned symbol) {
        return EXECUTABLE + SYMBOL(symbol);
}

static void point(Bash *b, unsigned symbol, uint64_t value) {
        image_put_pointer(b->image.m, address_of(symbol), value);
}

/* With one scope of these variables. */
static Bash bash_new(int elf_class, const BashEntry entries[]) {
        Bash b = {
                .image = bash_image_new(elf_class),
                .executable = { .base = EXECUTABLE,
                                .symbols = { { "array_needs_making", SYMBOL(NEEDS_MAKING) },
                                             { "shell_pgrp", SYMBOL(SHELL_PGRP) },
                                             { "export_env", SYMBOL(EXPORT_ENV) },
                                             { "shell_variables", SYMBOL(VARIABLES) },
                                             { "temporary_env", SYMBOL(TEMPORARY) },
                                             { "invalid_env", SYMBOL(INVALID) },
                                             { "shell_functions", SYMBOL(FUNCTIONS) },
                                             { "restricted", SYMBOL(RESTRICTED) },
                                             { "dist_version", SYMBOL(VERSION) } } },
        };
        uint64_t table;

        object_put(b.image.m, &b.executable);
        for (unsigned i = NEEDS_MAKING; i <= VERSION; i++)
                point(&b, i, 0);
        image_put_u32(b.image.m, address_of(NEEDS_MAKING), 1);
        image_put_u32(b.image.m, address_of(SHELL_PGRP), 4711);
        point(&b, VERSION, bash_image_string(&b.image, "5.2"));
        table = bash_image_table(&b.image, 8, entries);
        point(&b, VARIABLES, bash_image_context(&b.image, table, 0));
        return b;
}

static int locate(Bash *b, Location *ret) {
        const Dynamic d = object_expect(&b->executable);

        memory_forget(b->image.m);
        return bash_locate(b->image.m, &d, ret);
}

static int record(Bash *b, Recorder *recorder) {
        Location l;
        int r;

        r = locate(b, &l);
        if (r < 0)
                return r;

        recorder_begin(recorder);
        return bash_record(recorder, b->image.m, &l);
}

static void assert_recorded(Bash *b, const char *text, size_t size) {
        _cleanup_(recorder_done) Recorder recorder = {};

        assert_int_equal(record(b, &recorder), 0);
        assert_int_equal(recorder.size, size);
        assert_memory_equal(recorder.data, text, size);
}

static void assert_error(Bash *b, int error) {
        _cleanup_(recorder_done) Recorder recorder = {};

        assert_int_equal(record(b, &recorder), error);
}

#define ASSERT_ENTRIES(b, text) assert_recorded((b), (text), sizeof(text) - 1)

static void test_exported_variables_are_found_in_both_classes(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Bash b = bash_new(elf_class, (BashEntry[]){ { "A", "1", NULL, X }, { "B", "2" }, {} });
                _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

                ASSERT_ENTRIES(&b, "A=1\0");
        }
}

static void test_what_is_in_no_environment_is_left_out(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X },
                                                     { "NO_VALUE", NULL, NULL, X },
                                                     { "INVISIBLE", "1", NULL, X | BASH_INVISIBLE },
                                                     { "array", "x", NULL, X | BASH_ARRAY },
                                                     { "map", "x", NULL, X | BASH_ASSOCIATIVE },
                                                     { "_", "/bin/true", NULL, X },
                                                     {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

        ASSERT_ENTRIES(&b, "A=1\0");
}

static void test_the_string_that_bash_has_made_goes_before_the_value(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", "A=as imported", X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

        ASSERT_ENTRIES(&b, "A=as imported\0");
}

static void test_a_string_of_another_name_is_changing(void **state _unused_) {
        static const char *const others[] = { "B=1", "A", "", "AA=1", "\x12\x34\x56" };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", others[i], X }, {} });
                _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

                assert_error(&b, -EAGAIN);
        }
}

static void test_inner_scopes_hide_outer_ones_if_they_export(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "out", NULL, X }, { "B", "out", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        uint64_t global, inner;

        assert_int_equal(memory_read_pointer(m, address_of(VARIABLES), &global), 0);
        inner = bash_image_table(&b.image, 4,
                                 (BashEntry[]){ { "A", "in", NULL, X }, { "B", "in", NULL, 0 }, {} });
        point(&b, VARIABLES, bash_image_context(&b.image, inner, bash_image_context(&b.image, 0, global)));
        ASSERT_ENTRIES(&b, "A=in\0B=out\0");
}

static void test_temporary_and_invalid_names_come_first(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, { "B", "1", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

        point(&b, TEMPORARY, bash_image_table(&b.image, 4, (BashEntry[]){ { "A", "2", NULL, X }, {} }));
        point(&b, INVALID,
              bash_image_table(
                      &b.image, 4,
                      (BashEntry[]){
                              { "in-valid", "old", "in-valid=old", X | BASH_INVISIBLE | BASH_IMPORTED },
                              { "in-valid", "new", "in-valid=new", X | BASH_INVISIBLE | BASH_IMPORTED },
                              {} }));
        ASSERT_ENTRIES(&b, "in-valid=new\0A=2\0B=1\0");
}

static void test_functions_come_last_and_only_if_written_out(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        const uint32_t function = X | BASH_FUNCTION;

        point(&b, FUNCTIONS,
              bash_image_table(&b.image, 4,
                               (BashEntry[]){ { "f", "parsed", "BASH_FUNC_f%%=() { :\n}", function },
                                              { "g", "parsed", NULL, BASH_FUNCTION },
                                              {} }));
        ASSERT_ENTRIES(&b, "A=1\0BASH_FUNC_f%%=() { :\n}\0");

        image_put_u32(m, address_of(RESTRICTED), 1);
        ASSERT_ENTRIES(&b, "A=1\0");
        image_put_u32(m, address_of(RESTRICTED), 0);

        point(&b, FUNCTIONS,
              bash_image_table(&b.image, 4, (BashEntry[]){ { "f", "parsed", NULL, function }, {} }));
        assert_error(&b, -ENOTSUP);
        point(&b, FUNCTIONS,
              bash_image_table(&b.image, 4,
                               (BashEntry[]){ { "f", "parsed", "f=() { :\n}", function }, {} }));
        assert_error(&b, -EAGAIN);
}

static void test_a_value_that_bash_would_make_is_refused(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X | BASH_REGENERATE, 0x1234 }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

        assert_error(&b, -ENOTSUP);
}

static void test_an_array_that_is_up_to_date_is_what_counts(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        const uint64_t array = bash_image_place(&b.image, 4 * sizeof(uint64_t));

        image_put_u32(m, address_of(NEEDS_MAKING), 0);
        assert_error(&b, -EAGAIN);

        image_put_pointer(m, array, bash_image_string(&b.image, "B=2"));
        image_put_pointer(m, array + 8, bash_image_string(&b.image, "_=/bin/true"));
        image_put_pointer(m, array + 16, bash_image_string(&b.image, "__=3"));
        image_put_pointer(m, array + 24, 0);
        point(&b, EXPORT_ENV, array);
        ASSERT_ENTRIES(&b, "B=2\0__=3\0");
}

static void test_an_unknown_version_is_read_only_while_its_array_is_up_to_date(void **state _unused_) {
        static const char *const versions[] = { "4.4", "5.4", "6.0", "", "a version that is long" };

        for (size_t i = 0; i < ELEMENTSOF(versions); i++) {
                Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, {} });
                _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
                const uint64_t array = bash_image_place(&b.image, sizeof(uint64_t));

                point(&b, VERSION, bash_image_string(&b.image, versions[i]));
                assert_error(&b, -ENOTSUP);

                image_put_u32(m, address_of(NEEDS_MAKING), 0);
                point(&b, EXPORT_ENV, array);
                ASSERT_ENTRIES(&b, "");
        }
}

static void test_a_program_without_these_symbols_is_not_bash(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        Dynamic d = object_expect(&b.executable);
        Location l;

        d.gnu_hash = d.hash = 0;
        assert_int_equal(bash_locate(m, &d, &l), -ENOEXEC);
}

static void test_bash_is_starting_while_it_has_no_process_group(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;

        image_put_u32(m, address_of(SHELL_PGRP), 0xffffffff);
        assert_error(&b, -EINPROGRESS);
}

static void test_tables_of_another_layout_are_refused(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        uint64_t context, table, buckets;

        assert_int_equal(memory_read_pointer(m, address_of(VARIABLES), &context), 0);
        assert_int_equal(memory_read_pointer(m, context + 32, &table), 0);
        assert_int_equal(memory_read_pointer(m, table, &buckets), 0);

        point(&b, VARIABLES, 0);
        assert_error(&b, -ENOTSUP);
        point(&b, VARIABLES, 0x7fff00000000);
        assert_error(&b, -ENOTSUP);
        point(&b, VARIABLES, context);
        image_put_u32(m, table + 8, 3);
        assert_error(&b, -ENOTSUP);
        image_put_u32(m, table + 8, 8);
        for (size_t i = 0; i < 8; i++)
                image_put_pointer(m, buckets + i * 8, table);
        assert_error(&b, -ENOTSUP);
}

static void test_scopes_that_are_a_loop_are_refused(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, X }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        uint64_t context;

        assert_int_equal(memory_read_pointer(m, address_of(VARIABLES), &context), 0);
        image_put_pointer(m, context + 24, context);
        assert_error(&b, -ENOTSUP);

        image_put_pointer(m, context + 32, 0);
        assert_error(&b, -ENOTSUP);
}

/* A table tells how many variables are in it. */
static void test_a_bucket_that_is_a_loop_is_followed_for_a_limited_time(void **state _unused_) {
        Bash b = bash_new(ELFCLASS64, (BashEntry[]){ { "A", "1", NULL, 0 }, {} });
        _cleanup_(memory_freep) Memory *m _unused_ = b.image.m;
        uint64_t context, table, buckets, item;

        assert_int_equal(memory_read_pointer(m, address_of(VARIABLES), &context), 0);
        assert_int_equal(memory_read_pointer(m, context + 32, &table), 0);
        assert_int_equal(memory_read_pointer(m, table, &buckets), 0);
        assert_int_equal(memory_read_pointer(m, buckets + (bash_hash_of("A") & 7) * 8, &item), 0);
        image_put_u32(m, table + 12, INT32_MAX);
        image_put_pointer(m, item, item);
        assert_error(&b, -ETIMEDOUT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_exported_variables_are_found_in_both_classes),
                cmocka_unit_test(test_what_is_in_no_environment_is_left_out),
                cmocka_unit_test(test_the_string_that_bash_has_made_goes_before_the_value),
                cmocka_unit_test(test_a_string_of_another_name_is_changing),
                cmocka_unit_test(test_inner_scopes_hide_outer_ones_if_they_export),
                cmocka_unit_test(test_temporary_and_invalid_names_come_first),
                cmocka_unit_test(test_functions_come_last_and_only_if_written_out),
                cmocka_unit_test(test_a_value_that_bash_would_make_is_refused),
                cmocka_unit_test(test_an_array_that_is_up_to_date_is_what_counts),
                cmocka_unit_test(test_an_unknown_version_is_read_only_while_its_array_is_up_to_date),
                cmocka_unit_test(test_a_program_without_these_symbols_is_not_bash),
                cmocka_unit_test(test_bash_is_starting_while_it_has_no_process_group),
                cmocka_unit_test(test_tables_of_another_layout_are_refused),
                cmocka_unit_test(test_scopes_that_are_a_loop_are_refused),
                cmocka_unit_test(test_a_bucket_that_is_a_loop_is_followed_for_a_limited_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
