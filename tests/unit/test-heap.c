/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "heap.h"
#include "image.h"
#include "unit.h"

#define HEAP UINT64_C(0x555500000000)
#define KEY UINT64_C(0x9234567812345678)
#define FREE (HEAP + 0x2000) /* first piece of the list of 32 bytes */
#define TEXT (HEAP + 0x3000)

static Memory *heap_new(uint64_t lists) {
        Memory *m = image_new(ELFCLASS64);

        image_map(m, HEAP, 0x21000, "rw-p");
        image_put_pointer(m, lists + 8, 0x291);
        image_put_pointer(m, lists + 16 + 128, FREE);
        image_put_pointer(m, FREE - 8, 0x21);
        image_put_pointer(m, FREE + 8, KEY);
        image_put_pointer(m, TEXT - 8, 0x21);
        image_put_string(m, TEXT, "A=34567890");
        return m;
}

static int is_freed(Memory *m, uint64_t address) {
        Heap h = {};

        return heap_is_freed(&h, m, address);
}

static void test_a_string_in_use_is_not_freed(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = heap_new(HEAP);

        assert_int_equal(is_freed(m, TEXT), 0);
}

static void test_the_key_in_the_second_word_tells(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = heap_new(HEAP);

        image_put_pointer(m, TEXT + 8, KEY);
        assert_int_equal(is_freed(m, TEXT), 1);
}

static void test_the_lists_may_come_behind_variables_of_the_thread(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = heap_new(HEAP + 0xd00);

        image_put_pointer(m, TEXT + 8, KEY);
        assert_int_equal(is_freed(m, TEXT), 1);
}

static void test_without_a_key_both_words_tell(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);

        image_map(m, HEAP, 0x21000, "rw-p");
        image_put_pointer(m, FREE - 8, 0x21);
        image_put_pointer(m, TEXT - 8, 0x21);

        image_put_pointer(m, TEXT, TEXT >> 12);
        assert_int_equal(is_freed(m, TEXT), 0);
        image_put_pointer(m, TEXT + 8, KEY);
        assert_int_equal(is_freed(m, TEXT), 1);

        image_put_pointer(m, TEXT, (TEXT >> 12) ^ FREE);
        assert_int_equal(is_freed(m, TEXT), 1);
        image_put_pointer(m, FREE - 8, 0x31);
        assert_int_equal(is_freed(m, TEXT), 0);
}

/* free() has written the key, and is held up before it has put the piece on a list. */
static void test_without_lists_the_key_is_looked_for_where_malloc_keeps_it(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint64_t libc_data = UINT64_C(0x7f0000000000);
        Heap h = { .libc_data = libc_data };

        image_map(m, HEAP, 0x21000, "rw-p");
        image_map(m, libc_data, 0x2000, "rw-p");
        image_put_string(m, TEXT, "A=345678");
        image_put_pointer(m, TEXT + 8, KEY);
        assert_int_equal(heap_is_freed(&h, m, TEXT), 0);

        h = (Heap){ .libc_data = libc_data };
        image_put_pointer(m, libc_data + 0x1ff8, KEY);
        assert_int_equal(heap_is_freed(&h, m, TEXT), 1);
}

/* Nearly all strings have a second word that might be a key. */
static void test_the_librarys_data_is_looked_through_for_few_strings(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint64_t libc_data = UINT64_C(0x7f0000000000), size = 0x40000;
        const size_t n = 1000;
        Heap h = { .libc_data = libc_data };

        image_map(m, HEAP, 0x21000, "rw-p");
        image_map(m, libc_data, size, "rw-p");
        for (size_t i = 0; i < n; i++)
                image_put_pointer(m, TEXT + 16 * i + 8, KEY + i * 0x123456789abc);
        image_put_pointer(m, libc_data + size - 8, KEY);

        memory_allow_looks(m);
        assert_int_equal(heap_is_freed(&h, m, TEXT), 1);
        for (size_t i = 1; i < n; i++)
                assert_int_equal(heap_is_freed(&h, m, TEXT + 16 * i), 0);
        assert_true(m->n_looks < 4 * size / sizeof(uint64_t));
}

static void test_what_is_no_memory_of_mallocs_is_not_freed(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = heap_new(HEAP);

        assert_int_equal(is_freed(m, TEXT + 1), 0);
        assert_int_equal(is_freed(m, 0x1000), 0);
        assert_int_equal(is_freed(m, UINT64_MAX - 15), 0);
        assert_int_equal(is_freed(m, HEAP + 0x21000 - 16), 0);
}

static void test_wild_lists_are_no_lists(void **state _unused_) {
        static const uint64_t wild[] = { 8, HEAP + 1, HEAP + 0x20ff8, 0x7fff00000000, UINT64_MAX };

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                _cleanup_(memory_freep) Memory *m = heap_new(HEAP);

                image_put_pointer(m, HEAP + 16 + 128, wild[i]);
                assert_int_equal(is_freed(m, TEXT), 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_string_in_use_is_not_freed),
                cmocka_unit_test(test_the_key_in_the_second_word_tells),
                cmocka_unit_test(test_the_lists_may_come_behind_variables_of_the_thread),
                cmocka_unit_test(test_without_a_key_both_words_tell),
                cmocka_unit_test(test_without_lists_the_key_is_looked_for_where_malloc_keeps_it),
                cmocka_unit_test(test_the_librarys_data_is_looked_through_for_few_strings),
                cmocka_unit_test(test_what_is_no_memory_of_mallocs_is_not_freed),
                cmocka_unit_test(test_wild_lists_are_no_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
