/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd-util.h"
#include "image.h"
#include "unit.h"

#define PAGE 4096U

static Memory *open_process(pid_t pid) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Memory *m;

        assert_int_equal(process_open_pid(pid, &p), 0);
        assert_int_equal(memory_open(&p, &m), 0);
        assert_int_equal(memory_open_mounts(m), 0);
        return m;
}

static uint64_t address_of(const void *p) {
        return (uint64_t) (uintptr_t) p;
}

static uint8_t *map_pages(size_t n, int fd, int protection) {
        void *p;

        p = mmap(NULL, n * PAGE, protection, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
        assert_ptr_not_equal(p, MAP_FAILED);
        return p;
}

static void test_our_own_memory_is_read_as_it_is_now(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        static volatile uint64_t variable = 1;
        uint64_t value;

        assert_int_equal(memory_read(m, address_of((void *) &variable), &value, sizeof(value)), 0);
        assert_int_equal(value, 1);
        variable = 2;
        memory_forget(m);
        assert_int_equal(memory_read(m, address_of((void *) &variable), &value, sizeof(value)), 0);
        assert_int_equal(value, 2);
}

static void test_a_view_shows_the_copy_until_it_is_forgotten(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        uint8_t *page = map_pages(1, -1, PROT_READ | PROT_WRITE);
        const uint8_t *view = NULL;
        size_t size;

        page[8] = 1;
        assert_int_equal(memory_view(m, address_of(page + 8), &view, &size), 0);
        assert_int_equal(view[0], 1);

        page[8] = 2;
        assert_int_equal(memory_view(m, address_of(page + 8), &view, &size), 0);
        assert_int_equal(view[0], 1);

        memory_forget(m);
        assert_int_equal(memory_view(m, address_of(page + 8), &view, &size), 0);
        assert_int_equal(view[0], 2);

        munmap(page, PAGE);
}

static void test_address_zero_and_wild_addresses_are_not_there(void **state _unused_) {
        static const uint64_t wild[] = { 0,
                                         1,
                                         4095,
                                         UINT64_C(0x800000000000),
                                         UINT64_C(0x8000000000000000),
                                         UINT64_C(0xffff800000000000),
                                         UINT64_C(0xfffffffffffffff0),
                                         UINT64_MAX };
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        const uint8_t *view;
        uint64_t value;
        size_t size;
        char text[16];

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                assert_int_equal(memory_read(m, wild[i], &value, sizeof(value)), -EFAULT);
                assert_int_equal(memory_read_pointer(m, wild[i], &value), -EFAULT);
                assert_int_equal(memory_read_string(m, wild[i], text, sizeof(text)), -EFAULT);
                assert_int_equal(memory_view(m, wild[i], &view, &size), -EFAULT);
        }
}

static void test_a_page_that_may_not_be_read_is_not_there(void **state _unused_) {
        uint8_t *page = map_pages(1, -1, PROT_NONE);
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        uint8_t byte;

        assert_int_equal(memory_read(m, address_of(page), &byte, 1), -EFAULT);
        munmap(page, PAGE);
}

/* The process itself would get SIGBUS. */
static void test_a_page_behind_the_end_of_its_file_is_not_there(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with("x", 1);
        uint8_t *pages = map_pages(2, fd, PROT_READ);
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        uint8_t two[2];

        assert_int_equal(memory_read(m, address_of(pages), two, 1), 0);
        assert_int_equal(two[0], 'x');
        assert_int_equal(memory_read(m, address_of(pages + PAGE), two, 1), -EFAULT);
        assert_int_equal(memory_read(m, address_of(pages + PAGE - 1), two, 2), -EFAULT);
        munmap(pages, 2 * PAGE);
}

static void test_what_is_mapped_after_the_first_read_is_found_once_forgotten(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        uint8_t *page, byte = 0;

        assert_int_equal(memory_read(m, address_of(&byte), &byte, 1), 0);
        page = map_pages(1, -1, PROT_READ | PROT_WRITE);
        page[0] = 7;

        memory_forget(m);
        assert_int_equal(memory_read(m, address_of(page), &byte, 1), 0);
        assert_int_equal(byte, 7);
        munmap(page, PAGE);
}

static void test_what_is_unmapped_meanwhile_is_not_there(void **state _unused_) {
        uint8_t *page = map_pages(1, -1, PROT_READ | PROT_WRITE), byte;
        _cleanup_(memory_freep) Memory *m = open_process(getpid());

        assert_int_equal(memory_read(m, address_of(page), &byte, 1), 0);
        munmap(page, PAGE);
        memory_forget(m);
        assert_int_equal(memory_read(m, address_of(page), &byte, 1), -EFAULT);
}

static void test_shared_anonymous_memory_and_memfds_are_local(void **state _unused_) {
        void *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        _cleanup_close_ int fd = memfd_with("memfd", 5);
        uint8_t *file = map_pages(1, fd, PROT_READ);
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        char text[6];

        memcpy(shared, "shared", 7);
        assert_int_equal(memory_read(m, address_of(shared), text, 6), 0);
        assert_memory_equal(text, "shared", 6);
        assert_int_equal(memory_read(m, address_of(file), text, 5), 0);
        assert_memory_equal(text, "memfd", 5);

        munmap(shared, PAGE);
        munmap(file, PAGE);
}

static void test_the_memory_of_a_process_that_has_exited_is_gone(void **state _unused_) {
        Child child = child_start(NULL, NULL);
        _cleanup_(memory_freep) Memory *fresh = open_process(child.pid), *used = open_process(child.pid);
        const uint8_t *view;
        uint64_t value;
        size_t size;
        int r;

        assert_int_equal(memory_read(used, address_of(&child), &value, sizeof(value)), 0);
        child_end(&child);

        memory_forget(used);
        assert_int_equal(memory_read(used, address_of(&child), &value, sizeof(value)), -ESTALE);

        /* Its table of mappings answers ESRCH once it is reaped. */
        r = memory_read(fresh, address_of(&child), &value, sizeof(value));
        assert_true(r == -ESTALE || r == -ESRCH);
        r = memory_view(fresh, address_of(&child), &view, &size);
        assert_true(r == -ESTALE || r == -ESRCH);
}

static void test_a_process_that_is_gone_cannot_be_opened(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Child child = child_start(NULL, NULL);
        Memory *m;

        assert_int_equal(process_open_pid(child.pid, &p), 0);
        child_end(&child);
        assert_int_equal(memory_open(&p, &m), -ESRCH);
}

static void test_opening_leaves_descriptors_that_close_on_exec(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = open_process(getpid());
        const int fds[] = { m->mem_fd, m->auxv_fd, m->maps_fd, m->mounts_fds[0], m->mounts_fds[1] };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        assert_int_equal(fcntl(m->mem_fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}

static void test_freeing_closes_everything(void **state _unused_) {
        int before = dup(0), after;

        close(before);
        memory_free(open_process(getpid()));
        after = dup(0);
        close(after);
        assert_int_equal(before, after);
        assert_null(memory_free(NULL));
}

static void test_the_programs_file_is_opened_as_it_was_executed(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        _cleanup_(memory_freep) Memory *m = NULL;
        struct stat opened, executed;

        assert_int_equal(process_open_pid(getpid(), &p), 0);
        assert_int_equal(memory_open(&p, &m), 0);
        assert_true(m->executable_fd < 0);
        for (unsigned again = 0; again < 2; again++)
                assert_int_equal(memory_open_executable(m), 0);

        assert_int_equal(fstat(m->executable_fd, &opened), 0);
        assert_int_equal(stat("/proc/self/exe", &executed), 0);
        assert_int_equal(opened.st_dev, executed.st_dev);
        assert_int_equal(opened.st_ino, executed.st_ino);
        assert_true(fcntl(m->executable_fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(fcntl(m->executable_fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}

/* What is looked at of a process when its program is opened, in a directory. */
static int directory_like_a_processes(char *path) {
        char stat[4096];
        ssize_t n;
        int fd;

        assert_non_null(mkdtemp(path));
        n = read_file_at(AT_FDCWD, "/proc/self/stat", stat, sizeof(stat));
        assert_true(n > 0);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_close_ int file =
                        openat(fd, i == 0 ? "stat" : "exe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

                assert_int_equal(write(file, stat, (size_t) n), n);
        }

        return fd;
}

static void remove_directory(const char *path, int fd) {
        assert_int_equal(unlinkat(fd, "stat", 0), 0);
        assert_int_equal(unlinkat(fd, "exe", 0), 0);
        assert_int_equal(rmdir(path), 0);
}

/* The mount table does not show where it is, so that nobody knows who would have to answer. */
static void test_a_file_on_an_unknown_mount_is_not_opened(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        char path[] = "/dev/shm/pekeenv-XXXXXX";
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (stat("/dev/shm", &st) < 0 || major(st.st_dev) != 0)
                skip_because("/dev/shm is not a tmpfs");

        m->dir_fd = fd = directory_like_a_processes(path);
        m->executable_error = 0;
        image_mount(m, 8, 1, "ext4");
        assert_int_equal(memory_open_executable(m), -EREMOTE);
        assert_true(m->executable_fd < 0);
        assert_int_equal(memory_open_executable(m), -EREMOTE);

        /* Shown as a tmpfs it is, without anybody being asked. */
        m->mounts_fds[1] = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        m->executable_error = 0;
        assert_int_equal(memory_open_executable(m), 0);
        remove_directory(path, fd);
}

static void test_a_read_goes_on_over_neighbouring_mappings(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        char text[11];

        image_map(m, 0x10000, 0x1000, "rw-p");
        image_map(m, 0x11000, 0x1000, "r--p");
        image_put_string(m, 0x11000 - 5, "0123456789");

        assert_int_equal(memory_read(m, 0x11000 - 5, text, sizeof(text)), 0);
        assert_string_equal(text, "0123456789");
        assert_int_equal(memory_read(m, 0x12000 - 5, text, 5), 0);
        assert_int_equal(memory_read(m, 0x12000 - 5, text, 6), -EFAULT);
}

static void test_pages_of_fuse_and_of_unknown_files_are_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint8_t byte;

        image_map_file(m, 0x10000, 0x1000, 8, 1);
        image_map_file(m, 0x20000, 0x1000, 0, 41);
        image_map_file(m, 0x30000, 0x1000, 0, 42);
        image_map_file(m, 0x40000, 0x1000, 0, 43);
        image_mount(m, 0, 41, "fuse.sshfs");
        image_mount(m, 0, 42, "tmpfs");

        for (unsigned again = 0; again < 3; again++) {
                assert_int_equal(memory_read(m, 0x10000, &byte, 1), 0);
                assert_int_equal(memory_read(m, 0x20000, &byte, 1), -EREMOTE);
                assert_int_equal(memory_read(m, 0x30000, &byte, 1), 0);
                assert_int_equal(memory_read(m, 0x40000, &byte, 1), -EREMOTE);
        }
}

/* The server of a FUSE file system says which inodes its files have. */
static void test_a_file_of_inode_zero_is_not_taken_for_anonymous_memory(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint8_t byte;

        assert_true(dprintf(m->maps_fd, "00010000-00011000 rw-p 00000000 00:29 0 /mnt/file\n") > 0);
        image_mount(m, 0, 41, "fuse");
        assert_int_equal(memory_read(m, 0x10000, &byte, 1), -EREMOTE);
}

static void test_a_read_stops_before_a_page_of_fuse(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint8_t *view;
        uint8_t two[2];
        size_t size;

        image_map(m, 0x10000, 0x1000, "rw-p");
        image_map_file(m, 0x11000, 0x1000, 0, 41);
        image_mount(m, 0, 41, "fuse");

        assert_int_equal(memory_read(m, 0x10fff, two, 2), -EREMOTE);
        assert_int_equal(memory_view(m, 0x10ff0, &view, &size), 0);
        assert_int_equal(size, 16);
        assert_int_equal(memory_view(m, 0x11000, &view, &size), -EREMOTE);
}

static void test_more_file_systems_than_are_remembered(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint8_t byte;

        for (unsigned i = 0; i < 3 * N_DEVICES; i++) {
                image_map_file(m, 0x10000 + i * 0x1000, 0x1000, 0, 50 + i);
                image_mount(m, 0, 50 + i, i % 2 ? "fuse" : "tmpfs");
        }

        for (unsigned n = 0; n < 3; n++)
                for (unsigned i = 0; i < 3 * N_DEVICES; i++)
                        assert_int_equal(memory_read(m, 0x10000 + i * 0x1000, &byte, 1),
                                         i % 2 ? -EREMOTE : 0);
}

/* Inode 0 is what maps shows for anonymous memory. */
static void test_device_zero_is_not_taken_for_a_remembered_one(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint8_t byte;

        m->shm_device = makedev(0, 1);
        image_map_file(m, 0x10000, 0x1000, 0, 0);
        assert_int_equal(memory_read(m, 0x10000, &byte, 1), -EREMOTE);
}

static void test_pointers_have_the_width_of_the_class(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = image_new(elf_class);
                uint64_t value;

                image_map(m, 0x10000, 0x1000, "rw-p");
                image_put(m, 0x10000, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);

                assert_int_equal(memory_read_pointer(m, 0x10000, &value), 0);
                assert_true(value ==
                            (elf_class == ELFCLASS32 ? UINT64_C(0x04030201) : UINT64_C(0x0807060504030201)));
                assert_int_equal(memory_pointer_size(m), elf_class == ELFCLASS32 ? 4 : 8);
                assert_true(memory_pointer_at(m, &(uint64_t){ UINT64_MAX }) ==
                            (elf_class == ELFCLASS32 ? UINT32_MAX : UINT64_MAX));
        }
}

static void test_a_pointer_may_cross_a_page(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t value;

        image_map(m, 0x10000, 0x2000, "rw-p");
        image_put_pointer(m, 0x10ffd, 0x1122334455667788);
        assert_int_equal(memory_read_pointer(m, 0x10ffd, &value), 0);
        assert_int_equal(value, 0x1122334455667788);
        assert_int_equal(memory_read_pointer(m, 0x11ff9, &value), -EFAULT);
}

static void test_a_string_is_read_to_its_end(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        char text[100];

        image_map(m, 0x10000, 0x1000, "rw-p");
        image_put_string(m, 0x10000, "");
        image_put_string(m, 0x10100, "hello");
        image_put_string(m, 0x11000 - 4, "end");
        image_put(m, 0x10200, "0123456789012345678901234567890123456789012345678901234567890123456789", 70);

        assert_int_equal(memory_read_string(m, 0x10000, text, sizeof(text)), 0);
        assert_string_equal(text, "");
        assert_int_equal(memory_read_string(m, 0x10100, text, 6), 0);
        assert_string_equal(text, "hello");
        assert_int_equal(memory_read_string(m, 0x10100, text, 5), -ENAMETOOLONG);
        assert_int_equal(memory_read_string(m, 0x10100, text, 0), -ENAMETOOLONG);
        assert_int_equal(memory_read_string(m, 0x10200, text, sizeof(text)), 0);
        assert_int_equal(strlen(text), 70);
        assert_int_equal(memory_read_string(m, 0x10200, text, 70), -ENAMETOOLONG);
        assert_int_equal(memory_read_string(m, 0x11000 - 4, text, sizeof(text)), 0);
        assert_string_equal(text, "end");

        image_put(m, 0x11000 - 4, "noend", 4);
        assert_int_equal(memory_read_string(m, 0x11000 - 4, text, sizeof(text)), -EFAULT);
}

/* More places than there are windows, in an order that makes each be thrown out again. */
static void test_views_of_very_many_places_are_right(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint8_t *view;
        size_t size;

        image_map(m, 0x100000, 0x1000000, "rw-p");
        for (unsigned i = 0; i < 300; i++)
                image_put_u32(m, 0x100000 + i * 40000, i);

        for (unsigned n = 0; n < 3000; n++) {
                unsigned i = n * 7919 % 300;

                assert_int_equal(memory_view(m, 0x100000 + i * 40000, &view, &size), 0);
                assert_true(size >= 4);
                assert_memory_equal(view, &i, 4);
        }
}

/* As an array and its strings are read: from one place on and from another on, for longer than all windows hold. */
static void test_two_long_rows_are_read_in_turns(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint64_t rows[] = { 0x100000, 0x1000000 };
        const uint32_t n_items = 400000;
        uint32_t value;

        for (size_t k = 0; k < ELEMENTSOF(rows); k++) {
                _cleanup_free_ uint32_t *row = calloc(n_items, sizeof(uint32_t));

                for (uint32_t i = 0; i < n_items; i++)
                        row[i] = i ^ (uint32_t) rows[k];
                image_map(m, rows[k], 0x800000, "rw-p");
                image_put(m, rows[k], row, n_items * sizeof(uint32_t));
        }

        for (uint32_t i = 0; i < n_items; i++)
                for (size_t k = 0; k < ELEMENTSOF(rows); k++) {
                        assert_int_equal(memory_read(m, rows[k] + i * 4, &value, sizeof(value)), 0);
                        assert_int_equal(value, i ^ (uint32_t) rows[k]);
                }
}

static void test_a_view_ends_with_its_mapping(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint8_t *view;
        size_t size;

        image_map(m, 0x10000, 0x3000, "rw-p");
        image_put_string(m, 0x12ffc, "abc");
        assert_int_equal(memory_view(m, 0x12ffc, &view, &size), 0);
        assert_int_equal(size, 4);
        assert_string_equal((const char *) view, "abc");
        assert_int_equal(memory_view(m, 0x12fff, &view, &size), 0);
        assert_int_equal(size, 1);
}

static void test_an_image_that_ends_is_stale(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint8_t byte;

        image_map(m, 0x10000, 0x1000, "rw-p");
        assert_int_equal(memory_read(m, 0x10000, &byte, 1), 0);
        image_end(m);
        assert_int_equal(memory_read(m, 0x10000, &byte, 1), -ESTALE);
}

static void test_items_are_counted_up_to_the_end_of_the_page(void **state _unused_) {
        assert_int_equal(memory_items_in_page(0x1000, 8), 512);
        assert_int_equal(memory_items_in_page(0x1ff8, 8), 1);
        assert_int_equal(memory_items_in_page(0x1ff9, 8), 1);
        assert_int_equal(memory_items_in_page(0x1fff, 8), 1);
        assert_int_equal(memory_items_in_page(0x1001, 8), 511);
        assert_int_equal(memory_items_in_page(0x1ff4, 4), 3);
        assert_int_equal(memory_items_in_page(UINT64_MAX, 8), 1);
}

static void test_who_looks_again_and_again_must_stop(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        uint64_t value;

        image_map(m, 0x1000, 0x1000, "rw-p");
        m->n_looks = LOOKS_MAX - LOOKS_PER_CALL - 2;
        assert_int_equal(memory_read_pointer(m, 0x1000, &value), 0);
        assert_int_equal(memory_read_pointer(m, 0x1000, &value), 0);
        assert_int_equal(memory_read_pointer(m, 0x1000, &value), -ETIMEDOUT);
        memory_forget(m);
        assert_int_equal(memory_read_pointer(m, 0x1000, &value), -ETIMEDOUT);
        memory_allow_looks(m);
        assert_int_equal(memory_read_pointer(m, 0x1000, &value), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_our_own_memory_is_read_as_it_is_now),
                cmocka_unit_test(test_a_view_shows_the_copy_until_it_is_forgotten),
                cmocka_unit_test(test_address_zero_and_wild_addresses_are_not_there),
                cmocka_unit_test(test_a_page_that_may_not_be_read_is_not_there),
                cmocka_unit_test(test_a_page_behind_the_end_of_its_file_is_not_there),
                cmocka_unit_test(test_what_is_mapped_after_the_first_read_is_found_once_forgotten),
                cmocka_unit_test(test_what_is_unmapped_meanwhile_is_not_there),
                cmocka_unit_test(test_shared_anonymous_memory_and_memfds_are_local),
                cmocka_unit_test(test_the_memory_of_a_process_that_has_exited_is_gone),
                cmocka_unit_test(test_a_process_that_is_gone_cannot_be_opened),
                cmocka_unit_test(test_opening_leaves_descriptors_that_close_on_exec),
                cmocka_unit_test(test_freeing_closes_everything),
                cmocka_unit_test(test_the_programs_file_is_opened_as_it_was_executed),
                cmocka_unit_test(test_a_file_on_an_unknown_mount_is_not_opened),
                cmocka_unit_test(test_a_read_goes_on_over_neighbouring_mappings),
                cmocka_unit_test(test_pages_of_fuse_and_of_unknown_files_are_refused),
                cmocka_unit_test(test_a_file_of_inode_zero_is_not_taken_for_anonymous_memory),
                cmocka_unit_test(test_a_read_stops_before_a_page_of_fuse),
                cmocka_unit_test(test_more_file_systems_than_are_remembered),
                cmocka_unit_test(test_device_zero_is_not_taken_for_a_remembered_one),
                cmocka_unit_test(test_pointers_have_the_width_of_the_class),
                cmocka_unit_test(test_a_pointer_may_cross_a_page),
                cmocka_unit_test(test_a_string_is_read_to_its_end),
                cmocka_unit_test(test_views_of_very_many_places_are_right),
                cmocka_unit_test(test_two_long_rows_are_read_in_turns),
                cmocka_unit_test(test_a_view_ends_with_its_mapping),
                cmocka_unit_test(test_an_image_that_ends_is_stale),
                cmocka_unit_test(test_items_are_counted_up_to_the_end_of_the_page),
                cmocka_unit_test(test_who_looks_again_and_again_must_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
