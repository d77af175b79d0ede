/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "constants.h"
#include "image.h"
#include "unit.h"

#define READ_ONLY UINT64_C(0x10000)
#define CODE UINT64_C(0x20000)
#define DATA UINT64_C(0x30000)
#define SIZE 0x3000U

static Memory *memory_of_program(Program *ret) {
        Memory *m = image_new(ELFCLASS64);

        image_map(m, READ_ONLY, SIZE, "r--p");
        image_map(m, CODE, SIZE, "r-xp");
        image_map(m, DATA, SIZE, "rw-p");
        *ret = (Program){ .segments = { { .address = CODE, .size = SIZE, .flags = PF_R | PF_X },
                                        { .address = DATA, .size = SIZE, .flags = PF_R | PF_W },
                                        { .address = READ_ONLY, .size = SIZE, .flags = PF_R } },
                          .n_segments = 3 };
        return m;
}

static int find(Memory *m, const Program *p, Text *t) {
        *t = (Text){ .text = "version ", .size = strlen("version ") };
        memory_forget(m);
        return constants_find(m, p, t);
}

static void test_a_text_is_found_wherever_it_is(void **state _unused_) {
        static const uint64_t offsets[] = { 0, 1, 0xff0, 0xff4, 0xff8, 0xffc, 0x1000, SIZE - 12 };

        for (size_t i = 0; i < ELEMENTSOF(offsets); i++) {
                Program p;
                _cleanup_(memory_freep) Memory *m = memory_of_program(&p);
                Text t;

                assert_int_equal(find(m, &p, &t), 0);
                image_put(m, READ_ONLY + offsets[i], "version 1.23", 12);
                assert_int_equal(find(m, &p, &t), 1);
                assert_memory_equal(t.next, "1.23", 4);
        }
}

static void test_what_the_program_may_change_is_none_of_its_constants(void **state _unused_) {
        Program p;
        _cleanup_(memory_freep) Memory *m = memory_of_program(&p);
        Text t;

        image_put_string(m, DATA, "version 1.23");
        assert_int_equal(find(m, &p, &t), 0);
}

static void test_code_counts_where_nothing_is_only_to_be_read(void **state _unused_) {
        Program p;
        _cleanup_(memory_freep) Memory *m = memory_of_program(&p);
        Text t;

        image_put_string(m, CODE, "version 1.23");
        assert_int_equal(find(m, &p, &t), 0);
        p.n_segments = 2;
        assert_int_equal(find(m, &p, &t), 1);
}

static void test_a_segment_that_is_not_there_or_has_no_end_has_no_text(void **state _unused_) {
        Program p;
        _cleanup_(memory_freep) Memory *m = memory_of_program(&p);
        Text t;

        image_put_string(m, READ_ONLY, "version 1.23");
        p.segments[2].size = UINT64_MAX;
        assert_int_equal(find(m, &p, &t), 0);
        p.segments[2] = (Segment){ .address = 0x90000, .size = SIZE, .flags = PF_R };
        assert_int_equal(find(m, &p, &t), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_text_is_found_wherever_it_is),
                cmocka_unit_test(test_what_the_program_may_change_is_none_of_its_constants),
                cmocka_unit_test(test_code_counts_where_nothing_is_only_to_be_read),
                cmocka_unit_test(test_a_segment_that_is_not_there_or_has_no_end_has_no_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
