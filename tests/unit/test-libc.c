/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "libc.h"
#include "link-map.h"
#include "object.h"
#include "unit.h"

#define GLIBC "/lib64/ld-linux-x86-64.so.2"
#define MUSL "/lib/ld-musl-x86_64.so.1"

#define EXECUTABLE .base = 0x40000000, .has_debug = true, .debug = PROGRAM_R_DEBUG
#define PRELOADED .base = 0x50000000, .path = "/lib/preloaded.so", .relocated = true
#define LIBC .base = 0x60000000, .path = "/lib/libc.so.6", .relocated = true
#define ALL_NAMES                                \
        {                                        \
                { "environ" }, { "_environ" }, { \
                        "__environ"              \
                }                                \
        }

static void assert_located(const char *interpreter, Object objects[], size_t n_objects,
                           const Object *expected, const char *symbol) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = program_new(elf_class, interpreter, objects, n_objects);
                Location l = {};

                assert_int_equal(location_find(m, &l), 0);
                assert_int_equal(l.address, object_variable(expected));
                assert_string_equal(l.symbol, symbol);
                assert_string_equal(l.object, expected->path ? expected->path : "");
                assert_int_equal(l.source, SOURCE_DYNAMIC_SYMBOL);
                assert_int_equal(l.runtime, strcmp(interpreter, MUSL) == 0 ? RUNTIME_MUSL : RUNTIME_GLIBC);
        }
}

static void test_libc_has_it_where_nobody_else_defines_it(void **state _unused_) {
        Object objects[] = { { EXECUTABLE, .symbols = { { "main" } } },
                             { PRELOADED, .symbols = { { "malloc" } } },
                             { LIBC, .symbols = ALL_NAMES } };

        assert_located(GLIBC, objects, 3, &objects[2], "__environ");
}

static void test_copy_relocation_wins_over_libc(void **state _unused_) {
        Object objects[] = { { EXECUTABLE, .symbols = ALL_NAMES },
                             { PRELOADED, .symbols = { { "malloc" } } },
                             { LIBC, .symbols = ALL_NAMES } };

        assert_located(GLIBC, objects, 3, &objects[0], "__environ");
}

static void test_an_undefined_reference_in_the_executable_does_not_win(void **state _unused_) {
        Object objects[] = { { EXECUTABLE,
                               .symbols = { { "environ", .section_index = SYMBOL_UNDEFINED },
                                            { "__environ", .section_index = SYMBOL_UNDEFINED } } },
                             { LIBC, .symbols = ALL_NAMES } };

        assert_located(GLIBC, objects, 2, &objects[1], "__environ");
}

static void test_a_library_loaded_before_libc_wins_if_it_defines_the_name_libc_uses(void **state _unused_) {
        Object objects[] = { { EXECUTABLE },
                             { PRELOADED, .symbols = ALL_NAMES },
                             { LIBC, .symbols = ALL_NAMES } };

        assert_located(GLIBC, objects, 3, &objects[1], "__environ");
}

/* getenv() reads __environ; that somebody has a variable called environ is nothing to it. */
static void test_environ_of_another_library_does_not_win_over_libcs_own_name(void **state _unused_) {
        Object objects[] = { { EXECUTABLE },
                             { PRELOADED, .symbols = { { "environ" }, { "_environ" } } },
                             { LIBC, .symbols = ALL_NAMES } };

        assert_located(GLIBC, objects, 3, &objects[2], "__environ");
}

static void test_a_library_behind_libc_does_not_win(void **state _unused_) {
        Object objects[] = { { EXECUTABLE },
                             { LIBC, .symbols = ALL_NAMES },
                             { PRELOADED, .symbols = ALL_NAMES } };

        objects[1].base = 0x50000000;
        objects[2].base = 0x60000000;
        assert_located(GLIBC, objects, 3, &objects[1], "__environ");
}

static void test_a_libc_that_knows_only_environ_is_understood(void **state _unused_) {
        Object objects[] = { { EXECUTABLE }, { LIBC, .symbols = { { "environ" } } } };

        assert_located(GLIBC, objects, 2, &objects[1], "environ");
}

static void test_musl_is_understood(void **state _unused_) {
        Object objects[] = { { EXECUTABLE }, { LIBC, .hash = HASH_BOTH, .symbols = ALL_NAMES } };

        objects[1].path = "/lib/ld-musl-x86_64.so.1";
        objects[1].relocated = false;
        assert_located(MUSL, objects, 2, &objects[1], "__environ");
}

static void test_objects_with_a_sysv_table_only_are_understood(void **state _unused_) {
        Object objects[] = { { EXECUTABLE, .hash = HASH_SYSV, .symbols = { { "main" } } },
                             { LIBC, .hash = HASH_SYSV, .symbols = ALL_NAMES } };

        assert_located(GLIBC, objects, 2, &objects[1], "__environ");
}

static void test_a_program_whose_libraries_know_no_environ_is_not_understood(void **state _unused_) {
        Object objects[] = { { EXECUTABLE }, { LIBC, .symbols = { { "envp" } } } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 2);
        Location l;

        assert_int_equal(location_find(m, &l), -ENOEXEC);
}

static void test_a_list_that_is_a_loop_is_an_error(void **state _unused_) {
        Object objects[] = { { EXECUTABLE }, { PRELOADED }, { LIBC } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 3);
        Location l;

        image_put_pointer(m, objects[2].link_map + 3 * 8, objects[1].link_map);
        assert_int_equal(location_find(m, &l), -ELOOP);

        image_put_pointer(m, objects[0].link_map + 3 * 8, objects[0].link_map);
        assert_int_equal(location_find(m, &l), -ELOOP);
}

static void test_a_list_of_a_hundred_thousand_is_given_up(void **state _unused_) {
        Object objects[] = { { EXECUTABLE } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        const uint64_t list = 0x60000000;
        Location l;

        image_map(m, list, 0x1000000, "rw-p");
        image_put_pointer(m, objects[0].link_map + 3 * 8, list);
        for (uint64_t i = 0; i < 100000; i++)
                link_map_put(m, list + i * 32, objects[0].base, 0, object_dynamic(&objects[0]),
                             list + (i + 1) * 32);

        assert_int_equal(location_find(m, &l), -ELOOP);
}

static void test_a_list_as_long_as_allowed_is_searched_to_its_end(void **state _unused_) {
        Object objects[] = { { EXECUTABLE }, { LIBC, .symbols = ALL_NAMES } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 2);
        const uint64_t list = 0x70000000, n = LINK_MAP_MAX - 2;
        Location l;

        image_map(m, list, 0x1000000, "rw-p");
        image_put_pointer(m, objects[0].link_map + 3 * 8, list);
        for (uint64_t i = 0; i < n; i++)
                link_map_put(m, list + i * 32, objects[0].base, 0, object_dynamic(&objects[0]),
                             i + 1 < n ? list + (i + 1) * 32 : objects[1].link_map);

        assert_int_equal(location_find(m, &l), 0);
        assert_int_equal(l.address, object_variable(&objects[1]));
}

static void test_a_wild_next_entry_is_an_error(void **state _unused_) {
        Object objects[] = { { EXECUTABLE } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        Location l;

        image_put_pointer(m, objects[0].link_map + 3 * 8, 0xdead0000);
        assert_int_equal(location_find(m, &l), -EFAULT);
}

static void test_no_list_yet_means_that_the_program_is_being_loaded(void **state _unused_) {
        Object objects[] = { { EXECUTABLE } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        Location l;

        image_put_pointer(m, PROGRAM_R_DEBUG + 8, 0);
        assert_int_equal(location_find(m, &l), -EINPROGRESS);
}

/* struct r_debug: version, list, breakpoint, state. RT_ADD is 1: the list is not complete. */
static void
test_a_list_that_the_loader_is_still_making_is_no_reason_to_call_it_unsupported(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Object objects[] = { { EXECUTABLE } };
                _cleanup_(memory_freep) Memory *m = program_new(elf_class, GLIBC, objects, 1);
                Location l;

                image_put_u32(m, PROGRAM_R_DEBUG + 3 * memory_pointer_size(m), 1);
                assert_int_equal(location_find(m, &l), -EINPROGRESS);
        }
}

static void test_an_object_with_a_path_too_long_has_no_path(void **state _unused_) {
        Object objects[] = { { EXECUTABLE }, { LIBC, .symbols = ALL_NAMES } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 2);
        _cleanup_free_ char *path = calloc(1, PATH_MAX + 1);
        Location l;

        image_map(m, 0x70000000, 0x10000, "rw-p");
        memset(path, 'x', PATH_MAX);
        image_put_string(m, 0x70000000, path);
        image_put_pointer(m, objects[1].link_map + 8, 0x70000000);
        assert_int_equal(location_find(m, &l), 0);
        assert_string_equal(l.object, "");

        path[PATH_MAX - 1] = 0;
        image_put_string(m, 0x70000000, path);
        assert_int_equal(location_find(m, &l), 0);
        assert_string_equal(l.object, path);

        image_put_pointer(m, objects[1].link_map + 8, 0);
        assert_int_equal(location_find(m, &l), 0);
        assert_string_equal(l.object, "");
}

/* Each chain ends, and so does the list; but together they take forever. */
static void test_long_chains_in_many_objects_are_given_up(void **state _unused_) {
        Object objects[] = { { EXECUTABLE, .symbols = { { "main" } } },
                             { LIBC, .symbols = { { "malloc" } } } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 2);
        const uint64_t table = UINT64_C(0x70000000), chain = table + 16 + 8 + 4;
        Location l;

        image_map(m, table, 0x50000, "rw-p");
        image_put_u32(m, table, 1);     /* buckets */
        image_put_u32(m, table + 8, 1); /* words of the filter … */
        image_put_pointer(m, table + 16, UINT64_MAX);
        image_put_u32(m, chain + 60000 * 4, 1);                        /* the end */
        image_put_pointer(m, object_dynamic(&objects[1]) + 24, table); /* DT_GNU_HASH, behind DT_NEEDED */
        image_put_pointer(m, objects[1].link_map + 24, objects[1].link_map);

        assert_int_equal(location_find(m, &l), -ETIMEDOUT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_libc_has_it_where_nobody_else_defines_it),
                cmocka_unit_test(test_copy_relocation_wins_over_libc),
                cmocka_unit_test(test_an_undefined_reference_in_the_executable_does_not_win),
                cmocka_unit_test(test_a_library_loaded_before_libc_wins_if_it_defines_the_name_libc_uses),
                cmocka_unit_test(test_environ_of_another_library_does_not_win_over_libcs_own_name),
                cmocka_unit_test(test_a_library_behind_libc_does_not_win),
                cmocka_unit_test(test_a_libc_that_knows_only_environ_is_understood),
                cmocka_unit_test(test_musl_is_understood),
                cmocka_unit_test(test_objects_with_a_sysv_table_only_are_understood),
                cmocka_unit_test(test_a_program_whose_libraries_know_no_environ_is_not_understood),
                cmocka_unit_test(test_a_list_that_is_a_loop_is_an_error),
                cmocka_unit_test(test_a_list_of_a_hundred_thousand_is_given_up),
                cmocka_unit_test(test_a_list_as_long_as_allowed_is_searched_to_its_end),
                cmocka_unit_test(test_a_wild_next_entry_is_an_error),
                cmocka_unit_test(test_no_list_yet_means_that_the_program_is_being_loaded),
                cmocka_unit_test(
                        test_a_list_that_the_loader_is_still_making_is_no_reason_to_call_it_unsupported),
                cmocka_unit_test(test_an_object_with_a_path_too_long_has_no_path),
                cmocka_unit_test(test_long_chains_in_many_objects_are_given_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
