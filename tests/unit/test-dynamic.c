/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object.h"
#include "unit.h"

static void assert_dynamic_equal(const Dynamic *a, const Dynamic *b) {
        assert_int_equal(a->bias, b->bias);
        assert_int_equal(a->symtab, b->symtab);
        assert_int_equal(a->strtab, b->strtab);
        assert_int_equal(a->strsz, b->strsz);
        assert_int_equal(a->gnu_hash, b->gnu_hash);
        assert_int_equal(a->hash, b->hash);
        assert_int_equal(a->debug, b->debug);
        assert_int_equal(a->has_debug, b->has_debug);
        assert_int_equal(a->has_needed, b->has_needed);
}

static void assert_found(int elf_class, const Object *o) {
        _cleanup_(memory_freep) Memory *m = image_new(elf_class);
        const Dynamic expected = object_expect(o);
        Dynamic found;

        object_put(m, o);
        assert_int_equal(dynamic_read(m, object_dynamic(o), o->base, &found), 0);
        assert_dynamic_equal(&found, &expected);
}

static void test_addresses_are_absolute_whether_the_loader_relocated_them_or_not(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                assert_found(elf_class,
                             &(Object){ .base = 0x40000000, .hash = HASH_BOTH, .relocated = true });
                assert_found(elf_class,
                             &(Object){ .base = 0x40000000, .hash = HASH_BOTH, .relocated = false });
        }
}

static void test_what_an_object_does_not_have_is_zero(void **state _unused_) {
        assert_found(ELFCLASS64, &(Object){ .base = 0x40000000, .hash = HASH_NONE });
        assert_found(ELFCLASS64, &(Object){ .base = 0x40000000, .hash = HASH_SYSV });
        assert_found(ELFCLASS64, &(Object){ .base = 0x40000000, .hash = HASH_GNU });
}

/* It is an address from the loader, never an offset. */
static void test_the_debug_pointer_is_taken_as_it_is(void **state _unused_) {
        assert_found(ELFCLASS64, &(Object){ .base = 0x40000000, .has_debug = true, .debug = 0x1234 });
        assert_found(ELFCLASS64, &(Object){ .base = 0x40000000, .has_debug = true, .debug = 0 });
        assert_found(ELFCLASS32, &(Object){ .base = 0x40000000, .has_debug = true, .debug = 0xf7ff0000 });
}

static void test_an_object_without_bias_needs_no_relocation(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t p;
        Dynamic d;

        image_map(m, 0x10000, 0x1000, "r--p");
        p = image_put_pointer(m, image_put_pointer(m, 0x10000, DT_SYMTAB), 0x400100);
        (void) image_put_pointer(m, image_put_pointer(m, p, DT_NULL), 0);

        assert_int_equal(dynamic_read(m, 0x10000, 0, &d), 0);
        assert_int_equal(d.symtab, 0x400100);
}

static void test_what_is_behind_the_end_does_not_count(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t p;
        Dynamic d;

        image_map(m, 0x10000, 0x1000, "r--p");
        p = image_put_pointer(m, image_put_pointer(m, 0x10000, DT_NULL), 0);
        (void) image_put_pointer(m, image_put_pointer(m, p, DT_SYMTAB), 0x400100);

        assert_int_equal(dynamic_read(m, 0x10000, 0, &d), 0);
        assert_int_equal(d.symtab, 0);
}

static void test_a_section_may_end_with_its_mapping(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = image_new(elf_class);
                const uint64_t end = 0x11000 - 2 * memory_pointer_size(m);
                Dynamic d;

                image_map(m, 0x10000, 0x1000, "r--p");
                image_put_pointer(m, image_put_pointer(m, end - 2 * memory_pointer_size(m), DT_STRSZ), 7);
                assert_int_equal(dynamic_read(m, end - 2 * memory_pointer_size(m), 0, &d), 0);
                assert_int_equal(d.strsz, 7);
                assert_int_equal(dynamic_read(m, end, 0, &d), 0);
        }
}

static void test_a_section_may_cross_pages_and_be_unaligned(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t p = 0x11000 - 35;
        Dynamic d;

        image_map(m, 0x10000, 0x2000, "r--p");
        for (unsigned i = 0; i < 10; i++)
                p = image_put_pointer(m, image_put_pointer(m, p, DT_NEEDED), i);
        p = image_put_pointer(m, image_put_pointer(m, p, DT_STRSZ), 7);
        (void) image_put_pointer(m, image_put_pointer(m, p, DT_NULL), 0);

        assert_int_equal(dynamic_read(m, 0x11000 - 35, 0, &d), 0);
        assert_int_equal(d.strsz, 7);
}

static void test_a_section_without_end_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t p = 0x100000;
        Dynamic d;

        image_map(m, 0x100000, 0x100000, "r--p");
        while (p < 0x200000)
                p = image_put_pointer(m, image_put_pointer(m, p, DT_NEEDED), 1);

        assert_int_equal(dynamic_read(m, 0x100000, 0, &d), -EBADMSG);
        assert_int_equal(dynamic_read(m, 0x200000 - 64, 0, &d), -EFAULT);
}

static void test_a_section_that_is_not_there_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Dynamic d;

        image_map(m, 0x10000, 0x1000, "r--p");
        assert_int_equal(dynamic_read(m, 0, 0, &d), -EFAULT);
        assert_int_equal(dynamic_read(m, UINT64_MAX - 7, 0, &d), -EFAULT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses_are_absolute_whether_the_loader_relocated_them_or_not),
                cmocka_unit_test(test_what_an_object_does_not_have_is_zero),
                cmocka_unit_test(test_the_debug_pointer_is_taken_as_it_is),
                cmocka_unit_test(test_an_object_without_bias_needs_no_relocation),
                cmocka_unit_test(test_what_is_behind_the_end_does_not_count),
                cmocka_unit_test(test_a_section_may_end_with_its_mapping),
                cmocka_unit_test(test_a_section_may_cross_pages_and_be_unaligned),
                cmocka_unit_test(test_a_section_without_end_is_an_error),
                cmocka_unit_test(test_a_section_that_is_not_there_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
