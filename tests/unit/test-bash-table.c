/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bash-image.h"
#include "unit.h"

static const BashEntry three[] = { { "A", "1" }, { "LONGER_NAME", "2" }, { "C", "3" }, {} };

static int walk(Memory *m, const BashTable *t, size_t *ret) {
        BashWalk walk = {};
        BashVariable v;
        int r;

        for (*ret = 0; (r = bash_table_next(m, t, &walk, &v)) > 0; (*ret)++)
                ;
        return r;
}

static void test_all_variables_of_a_table_are_visited(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++)
                for (uint32_t n_buckets = 1; n_buckets <= 64; n_buckets *= 4) {
                        BashImage i = bash_image_new(elf_class);
                        _cleanup_(memory_freep) Memory *m = i.m;
                        const uint64_t address = bash_image_table(&i, n_buckets, three);
                        BashTable t;
                        size_t n;

                        assert_int_equal(bash_table_read(m, address, &t), 0);
                        assert_int_equal(walk(m, &t, &n), 0);
                        assert_int_equal(n, 3);
                }
}

static void test_no_table_is_an_empty_one(void **state _unused_) {
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        uint64_t item;
        BashTable t;
        size_t n;

        assert_int_equal(bash_table_read(m, 0, &t), 0);
        assert_int_equal(walk(m, &t, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(bash_table_find_bucket(m, &t, 17, &item), 0);
        assert_int_equal(item, 0);
}

static void test_sizes_that_can_not_be_are_refused(void **state _unused_) {
        static const uint32_t sizes[] = { 0, 3, 0x7fffffff, 0x80000000, 0xffffffff, 1U << 30 };
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        const uint64_t address = bash_image_table(&i, 4, three);
        BashTable t;

        for (size_t k = 0; k < ELEMENTSOF(sizes); k++) {
                image_put_u32(m, address + 8, sizes[k]);
                assert_int_equal(bash_table_read(m, address, &t), -ENOTSUP);
        }

        image_put_u32(m, address + 8, 4);
        image_put_u32(m, address + 12, 0xffffffff);
        assert_int_equal(bash_table_read(m, address, &t), -ENOTSUP);
}

static void test_a_table_with_other_than_the_items_it_counts_is_changing(void **state _unused_) {
        static const uint32_t counts[] = { 2, 4, 100 };
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        const uint64_t address = bash_image_table(&i, 4, three);
        BashTable t;
        size_t n;

        for (size_t k = 0; k < ELEMENTSOF(counts); k++) {
                image_put_u32(m, address + 12, counts[k]);
                assert_int_equal(bash_table_read(m, address, &t), 0);
                assert_int_equal(walk(m, &t, &n), -EAGAIN);
        }
}

static void test_a_loop_in_a_bucket_ends(void **state _unused_) {
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        const uint64_t address = bash_image_table(&i, 1, three);
        uint64_t item;
        BashTable t;
        size_t n;

        assert_int_equal(bash_table_read(m, address, &t), 0);
        assert_int_equal(bash_table_find_bucket(m, &t, 0, &item), 0);
        image_put_pointer(m, item, item);
        assert_int_equal(walk(m, &t, &n), -EAGAIN);
        assert_int_equal(n, 3);
}

static void test_an_item_in_a_bucket_where_it_does_not_belong_is_changing(void **state _unused_) {
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        const uint64_t address = bash_image_table(&i, 4, (BashEntry[]){ { "A", "1" }, {} });
        uint64_t item;
        BashTable t;
        size_t n;

        assert_int_equal(bash_table_read(m, address, &t), 0);
        assert_int_equal(bash_table_find_bucket(m, &t, bash_hash_of("A"), &item), 0);
        image_put_u32(m, item + 24, bash_hash_of("A") + 1);
        assert_int_equal(walk(m, &t, &n), -EAGAIN);
}

static void test_items_without_variable_name_or_sense_are_changing(void **state _unused_) {
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        const uint64_t address = bash_image_table(&i, 1, (BashEntry[]){ { "A", "1" }, {} });
        uint64_t item, variable;
        BashVariable v;
        BashTable t;

        assert_int_equal(bash_table_read(m, address, &t), 0);
        assert_int_equal(bash_table_find_bucket(m, &t, 0, &item), 0);
        assert_int_equal(memory_read_pointer(m, item + 16, &variable), 0);

        image_put_u32(m, variable + 40, 0x80000001);
        assert_int_equal(bash_variable_read(m, item, &v), -EAGAIN);
        image_put_u32(m, variable + 40, BASH_EXPORTED);
        assert_int_equal(bash_variable_read(m, item, &v), 0);
        image_put_pointer(m, variable, 0);
        assert_int_equal(bash_variable_read(m, item, &v), -EAGAIN);
        image_put_pointer(m, item + 16, 0);
        assert_int_equal(bash_variable_read(m, item, &v), -EAGAIN);
        image_put_pointer(m, item + 16, 0x7fff00000000);
        assert_int_equal(bash_variable_read(m, item, &v), -EFAULT);
}

static void test_a_name_that_has_not_its_hash_is_changing(void **state _unused_) {
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        BashVariable v = { .name = bash_image_string(&i, "NAME"), .hash = bash_hash_of("NAME") };
        size_t length;

        assert_int_equal(bash_variable_check_name(m, &v, &length), 0);
        assert_int_equal(length, 4);
        v.hash++;
        assert_int_equal(bash_variable_check_name(m, &v, &length), -EAGAIN);
        v = (BashVariable){ .name = bash_image_string(&i, ""), .hash = bash_hash_of("") };
        assert_int_equal(bash_variable_check_name(m, &v, &length), -EAGAIN);
}

/* Letters beyond ASCII are negative where char is signed. */
static void test_a_hash_may_be_made_of_signed_or_unsigned_characters(void **state _unused_) {
        BashImage i = bash_image_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m = i.m;
        BashVariable v = { .name = bash_image_string(&i, "\xff"), .hash = bash_hash_of("\xff") };
        size_t length;

        assert_int_equal(bash_variable_check_name(m, &v, &length), 0);
        v.hash = 2166136261U * 16777619U ^ 0xff;
        assert_int_equal(bash_variable_check_name(m, &v, &length), 0);
}

static void test_a_name_without_end_is_not_followed_for_ever(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const size_t size = 4U << 20;
        _cleanup_free_ char *text = malloc(size);
        BashVariable v = { .name = 0x10000 };
        size_t length;

        image_map(m, 0x10000, size, "rw-p");
        memset(text, 'x', size);
        image_put(m, 0x10000, text, size);
        assert_int_equal(bash_variable_check_name(m, &v, &length), -EAGAIN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_variables_of_a_table_are_visited),
                cmocka_unit_test(test_no_table_is_an_empty_one),
                cmocka_unit_test(test_sizes_that_can_not_be_are_refused),
                cmocka_unit_test(test_a_table_with_other_than_the_items_it_counts_is_changing),
                cmocka_unit_test(test_a_loop_in_a_bucket_ends),
                cmocka_unit_test(test_an_item_in_a_bucket_where_it_does_not_belong_is_changing),
                cmocka_unit_test(test_items_without_variable_name_or_sense_are_changing),
                cmocka_unit_test(test_a_name_that_has_not_its_hash_is_changing),
                cmocka_unit_test(test_a_hash_may_be_made_of_signed_or_unsigned_characters),
                cmocka_unit_test(test_a_name_without_end_is_not_followed_for_ever),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
