/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-map.h"
#include "object.h"
#include "unit.h"

#define GLIBC "/lib64/ld-linux-x86-64.so.2"
#define EXECUTABLE \
        { .base = 0x40000000, .has_debug = true, .debug = PROGRAM_R_DEBUG }

static int begin_walk(Memory *m, LinkMapWalk *ret) {
        Program program;
        Auxv auxv;
        int r;

        r = auxv_read(m, &auxv);
        if (r >= 0)
                r = program_read(m, &auxv, &program);
        return r < 0 ? r : link_map_walk(m, &program, ret);
}

/* Walks to the end. Returns how many objects there are, or the error. */
static int walk(Memory *m, LinkMapWalk *ret, LinkMap objects[], int n_max) {
        LinkMap object;
        int n = 0, r;

        *ret = (LinkMapWalk){};
        r = begin_walk(m, ret);
        if (r < 0) {
                assert_int_equal(ret->r_debug, 0);
                return r;
        }

        while ((r = link_map_next(m, ret, &object)) > 0) {
                if (n < n_max)
                        objects[n] = object;
                n++;
        }
        return r < 0 ? r : n;
}

static int count(Memory *m, LinkMapWalk *ret) {
        return walk(m, ret, NULL, 0);
}

static void test_the_walk_goes_from_the_executable_to_the_last_object(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Object objects[] = { EXECUTABLE, { .base = 0x50000000 }, { .base = 0x60000000 } };
                _cleanup_(memory_freep) Memory *m = program_new(elf_class, GLIBC, objects, 3);
                LinkMap found[3];
                LinkMapWalk w;

                m->elf_class = ELFCLASSNONE;
                assert_int_equal(walk(m, &w, found, 3), 3);
                assert_int_equal(w.loader, LOADER_GLIBC);
                assert_int_equal(m->elf_class, elf_class);
                for (size_t i = 0; i < 3; i++) {
                        assert_int_equal(found[i].bias, objects[i].base);
                        assert_int_equal(found[i].dynamic, object_dynamic(&objects[i]));
                }
                assert_int_equal(found[0].name, 0);
                assert_int_not_equal(found[1].name, 0);
                assert_int_equal(found[2].next, 0);
        }
}

static void test_the_kernels_own_object_is_left_out(void **state _unused_) {
        Object objects[] = { EXECUTABLE, { .base = 0x50000000 }, { .base = 0x60000000 } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 3);
        LinkMap found[3];
        LinkMapWalk w;

        image_auxv(m, AT_SYSINFO_EHDR, objects[1].base);
        assert_int_equal(walk(m, &w, found, 3), 2);
        assert_int_equal(found[0].bias, objects[0].base);
        assert_int_equal(found[1].bias, objects[2].base);
}

static void test_the_executable_is_known_before_there_is_a_list(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000, .has_debug = true } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        LinkMapWalk w;
        LinkMap object;

        assert_int_equal(begin_walk(m, &w), 0);
        assert_int_equal(link_map_next(m, &w, &object), 1);
        assert_int_equal(object.bias, objects[0].base);
        assert_int_equal(object.dynamic, object_dynamic(&objects[0]));
        assert_int_equal(link_map_next(m, &w, &object), -EINPROGRESS);
        assert_int_equal(link_map_is_changing(m, &w), 1);
}

static void test_a_list_is_changing_while_the_loader_says_so(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Object objects[] = { EXECUTABLE };
                _cleanup_(memory_freep) Memory *m = program_new(elf_class, GLIBC, objects, 1);
                LinkMapWalk w;

                assert_int_equal(begin_walk(m, &w), 0);
                for (uint32_t state_of_list = 0; state_of_list < 3; state_of_list++) {
                        image_put_u32(m, PROGRAM_R_DEBUG + 3 * memory_pointer_size(m), state_of_list);
                        assert_int_equal(link_map_is_changing(m, &w), state_of_list != 0);
                }
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
                LinkMapWalk w;

                assert_int_equal(count(m, &w), 1);
                assert_int_equal(w.loader, loaders[i].loader);
        }
}

static void test_a_list_that_the_loader_has_not_made_yet(void **state _unused_) {
        Object early[] = { { .base = 0x40000000, .has_debug = true } }, later[] = { EXECUTABLE };
        _cleanup_(memory_freep) Memory *without_debug = program_new(ELFCLASS64, GLIBC, early, 1);
        _cleanup_(memory_freep) Memory *without_list = program_new(ELFCLASS64, GLIBC, later, 1);
        LinkMapWalk w;

        assert_int_equal(count(without_debug, &w), -EINPROGRESS);

        image_put_pointer(without_list, PROGRAM_R_DEBUG + 8, 0);
        assert_int_equal(count(without_list, &w), -EINPROGRESS);
}

static void test_a_program_without_debug_entry_is_not_understood(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000 } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        LinkMapWalk w;

        assert_int_equal(count(m, &w), -ENOEXEC);
}

static void test_a_static_pie_has_no_list(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000 } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 1);
        LinkMapWalk w;

        assert_int_equal(count(m, &w), -ENOEXEC);
}

static void test_a_loader_run_as_program_has_the_list_in_a_symbol(void **state _unused_) {
        Object objects[] = {
                { .base = 0x40000000,
                  .symbols = { { "_r_debug", .value = PROGRAM_R_DEBUG, .section_index = SHN_ABS } } }
        };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 1);
        LinkMapWalk w;
        LinkMap object;

        assert_int_equal(walk(m, &w, &object, 1), 1);
        assert_int_equal(object.dynamic, object_dynamic(&objects[0]));
        assert_int_equal(w.loader, LOADER_GLIBC);
}

static void test_musl_run_as_program_has_a_pointer_to_the_list_in_a_symbol(void **state _unused_) {
        Object objects[] = { { .base = 0x40000000, .symbols = { { "_dl_debug_addr" } } } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 1);
        LinkMapWalk w;
        LinkMap object;

        assert_int_equal(count(m, &w), -EINPROGRESS);

        image_put_pointer(m, object_variable(&objects[0]), PROGRAM_R_DEBUG);
        assert_int_equal(walk(m, &w, &object, 1), 1);
        assert_int_equal(object.dynamic, object_dynamic(&objects[0]));
        assert_int_equal(w.loader, LOADER_MUSL);
}

static void test_a_wild_debug_pointer_is_an_error(void **state _unused_) {
        static const uint64_t wild[] = { 0x10, 0x800000000000, UINT64_MAX, UINT64_MAX - 7 };

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                Object objects[] = { { .base = 0x40000000, .has_debug = true, .debug = wild[i] } };
                _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
                LinkMapWalk w;

                assert_int_equal(count(m, &w), -EFAULT);
        }
}

static void test_a_wild_entry_is_an_error(void **state _unused_) {
        static const uint64_t wild[] = { 0x10, PROGRAM_R_DEBUG + 0x1000 - 31, 0x800000000000, UINT64_MAX };

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                Object objects[] = { EXECUTABLE, { .base = 0x50000000 } };
                _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 2);
                LinkMapWalk w;

                image_put_pointer(m, PROGRAM_R_DEBUG + 8, wild[i]);
                assert_int_equal(count(m, &w), -EFAULT);

                image_put_pointer(m, PROGRAM_R_DEBUG + 8, objects[0].link_map);
                image_put_pointer(m, objects[0].link_map + 3 * 8, wild[i]);
                assert_int_equal(count(m, &w), -EFAULT);
        }
}

static void test_a_list_that_is_a_loop_ends(void **state _unused_) {
        Object objects[] = { EXECUTABLE, { .base = 0x50000000 } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 2);
        LinkMapWalk w;

        image_put_pointer(m, objects[1].link_map + 3 * 8, objects[0].link_map);
        assert_int_equal(count(m, &w), -ELOOP);
}

static void test_a_process_that_is_gone_is_stale(void **state _unused_) {
        Object objects[] = { EXECUTABLE };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, GLIBC, objects, 1);
        LinkMapWalk w;

        image_end(m);
        assert_int_equal(count(m, &w), -ESTALE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_walk_goes_from_the_executable_to_the_last_object),
                cmocka_unit_test(test_the_kernels_own_object_is_left_out),
                cmocka_unit_test(test_the_executable_is_known_before_there_is_a_list),
                cmocka_unit_test(test_a_list_is_changing_while_the_loader_says_so),
                cmocka_unit_test(test_the_loader_is_known_by_its_file_name),
                cmocka_unit_test(test_a_list_that_the_loader_has_not_made_yet),
                cmocka_unit_test(test_a_program_without_debug_entry_is_not_understood),
                cmocka_unit_test(test_a_static_pie_has_no_list),
                cmocka_unit_test(test_a_loader_run_as_program_has_the_list_in_a_symbol),
                cmocka_unit_test(test_musl_run_as_program_has_a_pointer_to_the_list_in_a_symbol),
                cmocka_unit_test(test_a_wild_debug_pointer_is_an_error),
                cmocka_unit_test(test_a_wild_entry_is_an_error),
                cmocka_unit_test(test_a_list_that_is_a_loop_ends),
                cmocka_unit_test(test_a_process_that_is_gone_is_stale),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
