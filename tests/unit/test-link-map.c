/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-map.h"
#include "object.h"
#include "unit.h"

#define GLIBC "/lib64/ld-linux-x86-64.so.2"
#define EXECUTABLE \
        { .base = 0x40000000, .has_debug = true, .debug = PROGRAM_R_DEBUG }

static int find_head(Memory *m, Loader *ret_loader, uint64_t *ret) {
        int r;

        *ret_loader = LOADER_UNKNOWN;
        *ret = 0;
        r = link_map_find_head(m, ret, ret_loader);
        if (r < 0)
                assert_int_equal(*ret, 0);
        return r;
}

static void test_the_list_is_found_by_the_executables_debug_entry(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Object objects[] = { EXECUTABLE };
                _cleanup_(memory_freep) Memory *m = program_new(elf_class, GLIBC, objects, 1);
                LinkMap entry;
                Loader loader;
                uint64_t head;

                m->elf_class = ELFCLASSNONE;
                assert_int_equal(find_head(m, &loader, &head), 0);
                assert_int_equal(head, objects[0].link_map);
                assert_int_equal(loader, LOADER_GLIBC);
                assert_int_equal(m->elf_class, elf_class);

                assert_int_equal(link_map_read(m, head, &entry), 0);
                assert_int_equal(entry.bias, objects[0].base);
                assert_int_equal(entry.dynamic, object_dynamic(&objects[0]));
                assert_int_equal(entry.next, 0);
                assert_int_not_equal(entry.name, 0);
        }
}

static void test_the_loader_is_known_by_its_file_name(void **state _unused_) {
        static const struct {
                const char *path;
                Loader loader;
        } loaders[] = {
                { GLIBC, LOADER_GLIBC },
                { "/lib/ld-linux.so.2", LOADER_GLIBC },
                { "/lib/ld-linux-aarch64.so.1", LOADER_GLIBC },
                { "/lib64/ld64.so.2", LOADER_GLIBC },
                { "ld.so.1", LOADER_GLIBC },
                { "/lib/ld-musl-x86_64.so.1", LOADER_MUSL },
                { "/opt/ld-linux/loader", LOADER_UNKNOWN },
                { "/system/bin/linker64", LOADER_UNKNOWN },
        };

        for (size_t i = 0; i < ELEMENTSOF(loaders); i++) {
                Object objects[] = { EXECUTABLE };
                _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, loaders[i].path, objects, 1);
                Loader loader;
                uint64_t head;

                assert_int_equal(find_head(m, &loader, &head), 0);
                assert_int_equal(loader, loaders[i].loader);
        }
}

static void test_a_list_that_the_loader_has_not_made_yet(void **state _unused_) {
        Object early[] = { { .base = 0x40000000, .has_debug = true } }, later[] = { EXECUTABLE };
        _cleanup_(memory_freep) Memory *without_debug = program_new(ELFCLASS64, GLIBC, early, 1);
        _cleanup_(memory_freep) Memory *without_list = program_new(ELFCLASS64, GLIBC, later, 1);
        Loader loader;
        uint64_t head;

        assert_int_equal(find_head(without_debug, &loader, &head), -EINPROGRESS);

        image_put_pointer(without_list, PROGRAM_R_DEBUG + 8, 0);
        assert_int_equal(find_head(without_list, &loader, &head), -EINPROGRESS);
}

static void test_a_program_without_debug_entry_is_not_understood(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000 } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        Loader loader;
        uint64_t head;

        assert_int_equal(find_head(m, &loader, &head), -ENOEXEC);
}

static void test_a_static_pie_has_no_list(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000 } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 1);
        Loader loader;
        uint64_t head;

        assert_int_equal(find_head(m, &loader, &head), -ENOEXEC);
}

static void test_a_loader_run_as_program_has_the_list_in_a_symbol(void **state _unused_) {
        Object objects[] = {
                { .base = 0x40000000,
                  .symbols = { { "_r_debug", .value = PROGRAM_R_DEBUG, .section_index = SHN_ABS } } }
        };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 1);
        Loader loader;
        uint64_t head;

        assert_int_equal(find_head(m, &loader, &head), 0);
        assert_int_equal(head, objects[0].link_map);
        assert_int_equal(loader, LOADER_GLIBC);
}

static void test_musl_run_as_program_has_a_pointer_to_the_list_in_a_symbol(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000, .symbols = { { "_dl_debug_addr" } } } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 1);
        Loader loader;
        uint64_t head;

        assert_int_equal(find_head(m, &loader, &head), -EINPROGRESS);

        image_put_pointer(m, object_variable(&objects[0]), PROGRAM_R_DEBUG);
        assert_int_equal(find_head(m, &loader, &head), 0);
        assert_int_equal(head, objects[0].link_map);
        assert_int_equal(loader, LOADER_MUSL);
}

static void test_a_wild_debug_pointer_is_an_error(void **state _unused_) {
        static const uint64_t wild[] = { 0x10, 0x800000000000, UINT64_MAX, UINT64_MAX - 7 };

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                Object objects[] = { { .base = 0x40000000, .has_debug = true, .debug = wild[i] } };
                _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
                Loader loader;
                uint64_t head;

                assert_int_equal(find_head(m, &loader, &head), -EFAULT);
        }
}

static void test_a_wild_entry_is_an_error(void **state _unused_) {
        Object objects[] = { EXECUTABLE };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        LinkMap entry;

        assert_int_equal(link_map_read(m, 0, &entry), -EFAULT);
        assert_int_equal(link_map_read(m, PROGRAM_R_DEBUG + 0x1000 - 31, &entry), -EFAULT);
        assert_int_equal(link_map_read(m, PROGRAM_R_DEBUG + 0x1000 - 32, &entry), 0);
}

static void test_a_process_that_is_gone_is_stale(void **state _unused_) {
        Object objects[] = { EXECUTABLE };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        Loader loader;
        uint64_t head;

        image_end(m);
        assert_int_equal(find_head(m, &loader, &head), -ESTALE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_list_is_found_by_the_executables_debug_entry),
                cmocka_unit_test(test_the_loader_is_known_by_its_file_name),
                cmocka_unit_test(test_a_list_that_the_loader_has_not_made_yet),
                cmocka_unit_test(test_a_program_without_debug_entry_is_not_understood),
                cmocka_unit_test(test_a_static_pie_has_no_list),
                cmocka_unit_test(test_a_loader_run_as_program_has_the_list_in_a_symbol),
                cmocka_unit_test(test_musl_run_as_program_has_a_pointer_to_the_list_in_a_symbol),
                cmocka_unit_test(test_a_wild_debug_pointer_is_an_error),
                cmocka_unit_test(test_a_wild_entry_is_an_error),
                cmocka_unit_test(test_a_process_that_is_gone_is_stale),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
