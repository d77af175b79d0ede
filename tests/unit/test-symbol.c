/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object.h"
#include "symbol.h"
#include "unit.h"

#define BASE UINT64_C(0x40000000)

static const HashStyle styles[] = { HASH_GNU, HASH_SYSV };

static int find(int elf_class, const Object *o, const char *name, uint64_t *ret) {
        _cleanup_(memory_freep) Memory *m = image_new(elf_class);
        const Dynamic d = object_expect(o);

        object_put(m, o);
        return symbol_find_variable(m, &d, name, ret);
}

static void assert_not_found(const Object *o, const char *name, int error) {
        uint64_t address;

        assert_int_equal(find(ELFCLASS64, o, name, &address), error);
}

static void test_a_variable_is_found_by_either_table_in_either_class(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++)
                for (size_t i = 0; i < ELEMENTSOF(styles); i++) {
                        const Object o = { .base = BASE,
                                           .hash = styles[i],
                                           .symbols = { { "first", 0x7008 },
                                                        { "environ", 0x7010 },
                                                        { "__environ", 0x7018 },
                                                        { "last", 0x7020 } } };
                        uint64_t address;

                        assert_int_equal(find(elf_class, &o, "environ", &address), 0);
                        assert_int_equal(address, BASE + 0x7010);
                        assert_int_equal(find(elf_class, &o, "__environ", &address), 0);
                        assert_int_equal(address, BASE + 0x7018);
                        assert_int_equal(find(elf_class, &o, "last", &address), 0);
                        assert_int_equal(find(elf_class, &o, "first", &address), 0);
                        assert_int_equal(find(elf_class, &o, "_environ", &address), -ENOENT);
                }
}

static void test_a_name_that_only_starts_alike_is_another(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(styles); i++) {
                assert_not_found(&(Object){ .base = BASE, .hash = styles[i], .symbols = { { "environ2" } } },
                                 "environ", -ENOENT);
                assert_not_found(&(Object){ .base = BASE, .hash = styles[i], .symbols = { { "enviro" } } },
                                 "environ", -ENOENT);
        }
}

static void test_a_function_is_found_as_such_and_a_variable_is_not(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(styles); i++) {
                const Object o = { .base = BASE,
                                   .hash = styles[i],
                                   .symbols = { { "crosscall2", 0x7010, .type = STT_FUNC },
                                                { "environ", 0x7018 } } };
                _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
                const Dynamic d = object_expect(&o);
                uint64_t address;

                object_put(m, &o);
                assert_int_equal(symbol_find_function(m, &d, "crosscall2", &address), 0);
                assert_int_equal(address, BASE + 0x7010);
                assert_int_equal(symbol_find_function(m, &d, "environ", &address), -ENOENT);
        }
}

static void test_what_is_undefined_local_or_a_function_is_no_variable(void **state _unused_) {
        static const ObjectSymbol others[] = {
                { "environ", .section_index = SYMBOL_UNDEFINED },
                { "environ", .type = STT_FUNC },
                { "environ", .type = STT_TLS },
                { "environ", .type = STT_GNU_IFUNC },
                { "environ", .type = STT_SECTION },
        };

        for (size_t k = 0; k < ELEMENTSOF(others); k++)
                for (size_t i = 0; i < ELEMENTSOF(styles); i++)
                        assert_not_found(
                                &(Object){ .base = BASE, .hash = styles[i], .symbols = { others[k] } },
                                "environ", -ENOENT);
}

static void test_a_weak_or_unique_variable_counts(void **state _unused_) {
        static const unsigned char bindings[] = { STB_WEAK, STB_GNU_UNIQUE };

        for (size_t i = 0; i < ELEMENTSOF(bindings); i++) {
                const Object o = { .base = BASE, .symbols = { { "environ", .binding = bindings[i] } } };
                uint64_t address;

                assert_int_equal(find(ELFCLASS64, &o, "environ", &address), 0);
                assert_int_equal(address, object_variable(&o));
        }
}

static void test_an_absolute_symbol_is_not_moved(void **state _unused_) {
        const Object o = { .base = BASE,
                           .symbols = { { "environ", .value = 0x1234, .section_index = SHN_ABS } } };
        uint64_t address;

        assert_int_equal(find(ELFCLASS64, &o, "environ", &address), 0);
        assert_int_equal(address, 0x1234);
}

static void test_an_undefined_entry_does_not_hide_a_definition_behind_it(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(styles); i++) {
                const Object o = {
                        .base = BASE,
                        .hash = styles[i],
                        .symbols = { { "environ", .section_index = SYMBOL_UNDEFINED },
                                     { "environ", 0x7010 } },
                };
                uint64_t address;

                assert_int_equal(find(ELFCLASS64, &o, "environ", &address), 0);
                assert_int_equal(address, BASE + 0x7010);
        }
}

static void test_an_object_without_any_table_defines_nothing(void **state _unused_) {
        const Dynamic nothing = {};
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t address;

        assert_not_found(&(Object){ .base = BASE, .hash = HASH_NONE, .symbols = { { "environ" } } },
                         "environ", -ENOENT);
        assert_not_found(&(Object){ .base = BASE }, "environ", -ENOENT);
        assert_not_found(&(Object){ .base = BASE, .hash = HASH_SYSV }, "environ", -ENOENT);
        assert_int_equal(symbol_find_variable(m, &nothing, "environ", &address), -ENOENT);
}

static const Object plain = { .base = BASE, .hash = HASH_GNU, .symbols = { { "a" }, { "environ" } } };
static const Object plain_sysv = { .base = BASE, .hash = HASH_SYSV, .symbols = { { "a" }, { "environ" } } };

/* Writes over a word of a hash table, counted from its start, and searches. */
static int find_after(const Object *o, const uint32_t words[][2], size_t n_words, const char *name) {
        const uint64_t table = o->hash == HASH_GNU ? object_gnu_hash(o) : object_sysv_hash(o);
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const Dynamic d = object_expect(o);
        uint64_t address;

        object_put(m, o);
        for (size_t i = 0; i < n_words; i++)
                image_put_u32(m, table + words[i][0] * 4, words[i][1]);

        return symbol_find_variable(m, &d, name, &address);
}

/* gnu hash: buckets, first symbol, filter words, shift; filter (2 words); bucket; chains */
static void test_a_gnu_table_without_buckets_or_filter_holds_nothing(void **state _unused_) {
        const uint32_t no_buckets[][2] = { { 0, 0 } }, no_filter[][2] = { { 2, 0 } };

        assert_int_equal(find_after(&plain, no_buckets, 1, "environ"), -ENOENT);
        assert_int_equal(find_after(&plain, no_filter, 1, "environ"), -ENOENT);
}

static void test_the_filter_of_a_gnu_table_may_say_no(void **state _unused_) {
        const uint32_t empty_filter[][2] = { { 4, 0 }, { 5, 0 } };

        assert_int_equal(find_after(&plain, NULL, 0, "environ"), 0);
        assert_int_equal(find_after(&plain, empty_filter, 2, "environ"), -ENOENT);
}

/* A true filter, as a linker makes it, for each class. */
static void test_the_filter_of_a_gnu_table_is_read_in_words_of_the_class(void **state _unused_) {
        const uint32_t h = object_gnu_hash_of("environ"), shift = 6;

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const uint32_t bits = elf_class == ELFCLASS32 ? 32 : 64;
                const uint64_t word = UINT64_C(1) << h % bits | UINT64_C(1) << (h >> shift) % bits;
                _cleanup_(memory_freep) Memory *m = image_new(elf_class);
                const Dynamic d = object_expect(&plain);
                uint64_t address;

                object_put(m, &plain);
                image_put_pointer(m, object_gnu_hash(&plain) + 16, word);
                assert_int_equal(symbol_find_variable(m, &d, "environ", &address), 0);

                image_put_pointer(m, object_gnu_hash(&plain) + 16, word & ~(UINT64_C(1) << h % bits));
                assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -ENOENT);
        }
}

static void test_an_odd_shift_does_no_harm(void **state _unused_) {
        static const uint32_t shifts[] = { 0, 31, 32, 33, 64, UINT32_MAX };

        for (size_t i = 0; i < ELEMENTSOF(shifts); i++) {
                const uint32_t words[][2] = { { 3, shifts[i] } };

                assert_int_equal(find_after(&plain, words, 1, "environ"), 0);
        }
}

static void test_an_empty_bucket_of_a_gnu_table_holds_nothing(void **state _unused_) {
        const uint32_t empty_bucket[][2] = { { 6, 0 } }, below_first[][2] = { { 1, 2 } };

        assert_int_equal(find_after(&plain, empty_bucket, 1, "environ"), -ENOENT);
        assert_int_equal(find_after(&plain, below_first, 1, "environ"), -ENOENT);
}

static void test_a_gnu_table_that_leads_out_of_memory_is_an_error(void **state _unused_) {
        const uint32_t many_buckets[][2] = { { 0, UINT32_MAX } }, big_filter[][2] = { { 2, UINT32_MAX } };
        const uint32_t far_bucket[][2] = { { 6, UINT32_MAX } };

        assert_int_equal(find_after(&plain, many_buckets, 1, "environ"), -EFAULT);
        assert_int_equal(find_after(&plain, big_filter, 1, "environ"), -EFAULT);
        assert_int_equal(find_after(&plain, far_bucket, 1, "environ"), -EFAULT);
}

/* No entry has the bit that ends the chain. */
static void test_a_chain_of_a_gnu_table_without_end_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const Dynamic d = { .bias = BASE,
                            .symtab = object_symtab(&plain),
                            .strtab = object_strtab(&plain),
                            .strsz = 0x400,
                            .gnu_hash = 0x50000000 };
        uint64_t address, p = 0x50000000;

        object_put(m, &plain);
        image_map(m, 0x50000000, 0x1000000, "r--p");
        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, 6);
        p = image_put_pointer(m, p, UINT64_MAX);
        (void) image_put_u32(m, p, 1);

        assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -EBADMSG);
}

/* sysv hash: buckets, chains; bucket; chains */
static void test_a_sysv_table_without_buckets_holds_nothing(void **state _unused_) {
        const uint32_t no_buckets[][2] = { { 0, 0 } }, empty_bucket[][2] = { { 2, STN_UNDEF } };

        assert_int_equal(find_after(&plain_sysv, no_buckets, 1, "environ"), -ENOENT);
        assert_int_equal(find_after(&plain_sysv, empty_bucket, 1, "environ"), -ENOENT);
}

static void test_a_loop_in_a_chain_of_a_sysv_table_is_an_error(void **state _unused_) {
        const uint32_t to_itself[][2] = { { 4, 1 } }, two[][2] = { { 4, 2 }, { 5, 1 } };

        assert_int_equal(find_after(&plain_sysv, to_itself, 1, "nothing"), -EBADMSG);
        assert_int_equal(find_after(&plain_sysv, two, 2, "nothing"), -EBADMSG);
}

static void test_a_sysv_table_that_leads_out_of_itself_is_an_error(void **state _unused_) {
        const uint32_t far_bucket[][2] = { { 2, 1000 } }, far_chain[][2] = { { 4, UINT32_MAX } };
        const uint32_t far_symbol[][2] = { { 1, UINT32_MAX }, { 2, 0x7fffffff } };
        const uint32_t many_buckets[][2] = { { 0, UINT32_MAX } };

        assert_int_equal(find_after(&plain_sysv, far_bucket, 1, "environ"), -EBADMSG);
        assert_int_equal(find_after(&plain_sysv, far_chain, 1, "environ"), -EBADMSG);
        assert_int_equal(find_after(&plain_sysv, far_symbol, 2, "environ"), -EFAULT);
        assert_int_equal(find_after(&plain_sysv, many_buckets, 1, "environ"), -EFAULT);
}

static void test_names_are_not_read_behind_the_end_of_the_string_table(void **state _unused_) {
        static const uint64_t sizes[] = { 0, 1, 3, 3 + 7 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
                Dynamic d = object_expect(&plain);
                uint64_t address;

                object_put(m, &plain);
                d.strsz = sizes[i]; /* "environ" starts at 3 and needs 8 bytes */
                assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -ENOENT);
                d.strsz = 3 + 8;
                assert_int_equal(symbol_find_variable(m, &d, "environ", &address), 0);
        }
}

static void test_tables_that_are_not_there_are_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t address;
        Dynamic d;

        object_put(m, &plain);

        d = object_expect(&plain);
        d.gnu_hash = 0x1000;
        assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -EFAULT);

        d = object_expect(&plain_sysv);
        d.hash = UINT64_MAX - 3;
        assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -EFAULT);

        d = object_expect(&plain);
        d.symtab = 0x1000;
        assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -EFAULT);

        d = object_expect(&plain);
        d.strtab = UINT64_MAX - 4;
        assert_int_equal(symbol_find_variable(m, &d, "environ", &address), -EFAULT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_variable_is_found_by_either_table_in_either_class),
                cmocka_unit_test(test_a_name_that_only_starts_alike_is_another),
                cmocka_unit_test(test_a_function_is_found_as_such_and_a_variable_is_not),
                cmocka_unit_test(test_what_is_undefined_local_or_a_function_is_no_variable),
                cmocka_unit_test(test_a_weak_or_unique_variable_counts),
                cmocka_unit_test(test_an_absolute_symbol_is_not_moved),
                cmocka_unit_test(test_an_undefined_entry_does_not_hide_a_definition_behind_it),
                cmocka_unit_test(test_an_object_without_any_table_defines_nothing),
                cmocka_unit_test(test_a_gnu_table_without_buckets_or_filter_holds_nothing),
                cmocka_unit_test(test_the_filter_of_a_gnu_table_may_say_no),
                cmocka_unit_test(test_the_filter_of_a_gnu_table_is_read_in_words_of_the_class),
                cmocka_unit_test(test_an_odd_shift_does_no_harm),
                cmocka_unit_test(test_an_empty_bucket_of_a_gnu_table_holds_nothing),
                cmocka_unit_test(test_a_gnu_table_that_leads_out_of_memory_is_an_error),
                cmocka_unit_test(test_a_chain_of_a_gnu_table_without_end_is_an_error),
                cmocka_unit_test(test_a_sysv_table_without_buckets_holds_nothing),
                cmocka_unit_test(test_a_loop_in_a_chain_of_a_sysv_table_is_an_error),
                cmocka_unit_test(test_a_sysv_table_that_leads_out_of_itself_is_an_error),
                cmocka_unit_test(test_names_are_not_read_behind_the_end_of_the_string_table),
                cmocka_unit_test(test_tables_that_are_not_there_are_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
