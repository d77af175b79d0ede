/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fd-util.h"
#include "mappings.h"
#include "unit.h"

static int read_text(const char *text, Mappings *ret) {
        _cleanup_close_ int fd = memfd_with_text(text);

        return mappings_read(fd, ret);
}

static const char typical[] =
        "00400000-00401000 r--p 00000000 fe:01 1234                               /usr/bin/program\n"
        "00401000-00402000 r-xp 00001000 fe:01 1234                               /usr/bin/program\n"
        "00403000-00404000 rw-p 00000000 00:00 0 \n"
        "7f0000000000-7f0000100000 ---p 00000000 00:00 0 \n"
        "7f0000100000-7f0000200000 rw-s 00000000 00:01 77                         /memfd:a b (deleted)\n"
        "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n"
        "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static void test_every_field_of_a_line_is_understood(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};

        assert_int_equal(read_text(typical, &m), 0);
        assert_int_equal(m.n_items, 7);

        assert_int_equal(m.items[0].start, 0x400000);
        assert_int_equal(m.items[0].end, 0x401000);
        assert_true(m.items[0].readable);
        assert_false(m.items[0].writable);
        assert_true(m.items[2].writable);
        assert_int_equal(m.items[0].device, makedev(0xfe, 1));
        assert_int_equal(m.items[0].inode, 1234);

        assert_int_equal(m.items[2].inode, 0);
        assert_false(m.items[3].readable);
        assert_int_equal(m.items[4].device, makedev(0, 1));
        assert_int_equal(m.items[4].inode, 77);
        assert_true(m.items[6].start == UINT64_C(0xffffffffff600000));
        assert_false(m.items[6].readable);
}

static void test_an_address_belongs_to_the_mapping_around_it(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};

        assert_int_equal(read_text(typical, &m), 0);

        assert_ptr_equal(mappings_find(&m, 0x400000), &m.items[0]);
        assert_ptr_equal(mappings_find(&m, 0x400fff), &m.items[0]);
        assert_ptr_equal(mappings_find(&m, 0x401000), &m.items[1]);
        assert_ptr_equal(mappings_find(&m, 0x403800), &m.items[2]);
        assert_ptr_equal(mappings_find(&m, 0x7ffffffe0000), &m.items[5]);
        assert_ptr_equal(mappings_find(&m, UINT64_C(0xffffffffff600fff)), &m.items[6]);
}

static void test_an_address_between_mappings_belongs_to_none(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};
        const Mappings none = {};

        assert_int_equal(read_text(typical, &m), 0);

        assert_null(mappings_find(&m, 0));
        assert_null(mappings_find(&m, 0x3fffff));
        assert_null(mappings_find(&m, 0x402000));
        assert_null(mappings_find(&m, 0x404000));
        assert_null(mappings_find(&m, UINT64_MAX));
        assert_null(mappings_find(&none, 0x400000));
}

static void test_each_of_very_many_mappings_is_found(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};
        _cleanup_close_ int fd = memfd_with("", 0);
        const unsigned n = 65530; /* vm.max_map_count */
        FILE *f = fdopen(dup(fd), "w");

        for (unsigned i = 0; i < n; i++)
                fprintf(f, "%08x-%08x rw-p 00000000 00:00 0 \n", 0x10000 + i * 0x2000,
                        0x10000 + i * 0x2000 + 0x1000);
        fclose(f);

        assert_int_equal(mappings_read(fd, &m), 0);
        assert_int_equal(m.n_items, n);
        for (unsigned i = 0; i < n; i++) {
                assert_ptr_equal(mappings_find(&m, 0x10000 + i * 0x2000 + 8), &m.items[i]);
                assert_null(mappings_find(&m, 0x10000 + i * 0x2000 + 0x1008));
        }
}

static void test_our_own_mappings_are_read_as_the_kernel_writes_them(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};
        _cleanup_close_ int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        static int variable;
        const Mapping *stack, *data, *code;

        assert_int_equal(mappings_read(fd, &m), 0);

        stack = mappings_find(&m, (uintptr_t) &fd);
        data = mappings_find(&m, (uintptr_t) &variable);
        code = mappings_find(&m, (uintptr_t) &mappings_read);
        assert_non_null(stack);
        assert_non_null(data);
        assert_non_null(code);
        assert_true(stack->readable && data->readable && code->readable);
        assert_int_equal(stack->inode, 0);

        for (size_t i = 1; i < m.n_items; i++)
                assert_true(m.items[i - 1].end <= m.items[i].start);
}

static void test_a_mapped_file_is_named_by_device_and_inode(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};
        _cleanup_close_ int file = memfd_with("x", 1), maps = -EBADF;
        const Mapping *mapping;
        struct stat st;
        void *p;

        p = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
        assert_ptr_not_equal(p, MAP_FAILED);
        assert_int_equal(fstat(file, &st), 0);

        maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        assert_int_equal(mappings_read(maps, &m), 0);
        mapping = mappings_find(&m, (uintptr_t) p);
        assert_non_null(mapping);
        assert_int_equal(mapping->inode, st.st_ino);
        assert_int_equal(mapping->device, st.st_dev);

        (void) munmap(p, 1);
}

/* What the kernel says of one address is what it says of all. */
static void test_the_kernel_says_the_same_of_one_mapping_as_of_all(void **state _unused_) {
        _cleanup_(mappings_done) Mappings m = {};
        _cleanup_close_ int file = memfd_with("x", 1), maps = -EBADF;
        Mapping mapping;
        void *p;
        int r;

        p = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
        assert_ptr_not_equal(p, MAP_FAILED);
        maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        r = mapping_query(maps, (uintptr_t) p, &mapping);
        if (r == -ENOTTY)
                skip_because("the kernel can't be asked for one mapping (Linux 6.11)");

        assert_int_equal(mappings_read(maps, &m), 0);
        for (size_t i = 0; i < m.n_items; i++) {
                const Mapping *expected = &m.items[i];

                r = mapping_query(maps, expected->end - 1, &mapping);
                if (r == -ENOENT && expected->start > INT64_MAX) /* [vsyscall] */
                        continue;
                assert_int_equal(r, 0);
                assert_int_equal(mapping.end, expected->end);
                assert_int_equal(mapping.readable, expected->readable);
                assert_int_equal(mapping.writable, expected->writable);
                assert_int_equal(mapping.device, expected->device);
                assert_int_equal(mapping.inode, expected->inode);
        }
        assert_int_equal(mapping_query(maps, 0, &mapping), -ENOENT);
        assert_int_equal(mapping_query(file, 0, &mapping), -ENOTTY);

        (void) munmap(p, 1);
}

static void test_no_mappings_mean_that_the_memory_is_gone(void **state _unused_) {
        Mappings m;

        assert_int_equal(read_text("", &m), -ESTALE);
}

static void test_lines_that_are_no_mappings_are_an_error(void **state _unused_) {
        static const char *const malformed[] = {
                "\n",
                "nonsense\n",
                "00400000\n",
                "00400000-00401000\n",
                "00400000-00401000 r--p\n",
                "00400000-00401000 r--p 00000000\n",
                "00400000-00401000 r--p 00000000 fe:01\n",
                "00400000-00401000 r--p 00000000 fe:01 12x4 /file\n",
                "00400000-00401000 r--p 00000000 fe-01 1234 /file\n",
                "00400000 00401000 r--p 00000000 fe:01 1234 /file\n",
                "0040000g-00401000 r--p 00000000 fe:01 1234 /file\n",
                "00400000-00401000 r--p 00000000 fe:01 1234 /file\nhalf a line that is no mapping\n",
        };
        Mappings m;

        for (size_t i = 0; i < ELEMENTSOF(malformed); i++)
                assert_int_equal(read_text(malformed[i], &m), -EBADMSG);
}

static void test_a_line_longer_than_any_path_is_an_error(void **state _unused_) {
        _cleanup_free_ char *path = malloc(40000);
        _cleanup_close_ int fd = memfd_with_text("00400000-00401000 r--p 00000000 fe:01 1234 /");
        Mappings m;

        memset(path, 'x', 40000);
        assert_int_equal(write_all(fd, path, 40000), 0);
        assert_int_equal(mappings_read(fd, &m), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_field_of_a_line_is_understood),
                cmocka_unit_test(test_an_address_belongs_to_the_mapping_around_it),
                cmocka_unit_test(test_an_address_between_mappings_belongs_to_none),
                cmocka_unit_test(test_each_of_very_many_mappings_is_found),
                cmocka_unit_test(test_our_own_mappings_are_read_as_the_kernel_writes_them),
                cmocka_unit_test(test_a_mapped_file_is_named_by_device_and_inode),
                cmocka_unit_test(test_the_kernel_says_the_same_of_one_mapping_as_of_all),
                cmocka_unit_test(test_no_mappings_mean_that_the_memory_is_gone),
                cmocka_unit_test(test_lines_that_are_no_mappings_are_an_error),
                cmocka_unit_test(test_a_line_longer_than_any_path_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
