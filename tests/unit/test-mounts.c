/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fd-util.h"
#include "mounts.h"
#include "unit.h"

static const char view[] =
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "23 22 0:21 / /proc rw - proc proc rw\n"
        "24 22 0:22 / /run rw shared:5 - tmpfs tmpfs rw,size=1k\n"
        "25 22 0:23 / /var/lib/containers/overlay rw shared:6 master:7 - overlay overlay rw,lowerdir=/a\n"
        "26 22 0:24 / /home/u/mnt rw - fuse.sshfs u@host: rw,user_id=1000\n"
        "27 22 0:25 / /home/u/other rw - fuse other rw\n"
        "28 22 0:26 / /net rw - nfs4 server:/ rw\n"
        "29 22 0:27 / /snapshots rw - btrfs /dev/sdb rw\n"
        "30 22 0:28 / /a\\040-\\040tmpfs\\040x rw - fuse other rw\n"
        "31 22 0:29 / /virtfs rw - 9p host rw\n"
        "32 22 0:30 / /shared rw - virtiofs host rw\n"
        "33 22 0:31 / /x rw - tmpfsx x rw\n"
        "34 22 0:32 / /y rw - tmp y rw\n";

static int is_local(unsigned device_major, unsigned device_minor) {
        _cleanup_close_ int fd = memfd_with_text(view);

        return mounts_device_is_local(&fd, 1, makedev(device_major, device_minor));
}

static void test_a_block_device_is_local(void **state _unused_) {
        assert_int_equal(is_local(8, 1), 1);
        assert_int_equal(is_local(259, 3), 1);
        assert_int_equal(mounts_device_is_local(NULL, 0, makedev(8, 1)), 1);
}

static void test_tmpfs_overlay_and_btrfs_are_local(void **state _unused_) {
        assert_int_equal(is_local(0, 22), 1);
        assert_int_equal(is_local(0, 23), 1);
        assert_int_equal(is_local(0, 27), 1);
}

static void test_fuse_may_never_answer(void **state _unused_) {
        assert_int_equal(is_local(0, 24), 0);
        assert_int_equal(is_local(0, 25), 0);
}

static void test_network_file_systems_may_never_answer(void **state _unused_) {
        assert_int_equal(is_local(0, 26), 0);
        assert_int_equal(is_local(0, 29), 0);
        assert_int_equal(is_local(0, 30), 0);
}

static void test_a_mount_point_cannot_pass_for_a_type(void **state _unused_) {
        assert_int_equal(is_local(0, 28), 0);
}

static void test_a_type_is_compared_whole(void **state _unused_) {
        assert_int_equal(is_local(0, 31), 0);
        assert_int_equal(is_local(0, 32), 0);
}

static void test_an_unknown_device_is_not_trusted(void **state _unused_) {
        assert_int_equal(is_local(0, 2), 0); /* a prefix of the others */
        assert_int_equal(is_local(0, 220), 0);
        assert_int_equal(is_local(0, 999), 0);
        assert_int_equal(mounts_device_is_local(NULL, 0, makedev(0, 22)), 0);
}

static void test_the_second_view_is_used_for_what_the_first_does_not_show(void **state _unused_) {
        _cleanup_close_ int chroot_view = memfd_with_text("40 39 0:99 / / rw - fuse x rw\n");
        _cleanup_close_ int our_view = memfd_with_text(view);
        const int both[] = { chroot_view, our_view }, only_ours[] = { -EBADF, our_view };

        assert_int_equal(mounts_device_is_local(both, 2, makedev(0, 99)), 0);
        assert_int_equal(mounts_device_is_local(both, 2, makedev(0, 22)), 1);
        assert_int_equal(mounts_device_is_local(both, 2, makedev(0, 26)), 0);
        assert_int_equal(mounts_device_is_local(only_ours, 2, makedev(0, 22)), 1);
}

static void test_lines_that_are_not_understood_tell_nothing(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with_text("\nnonsense\n40 39\n40 39 0:22 / /mnt rw tmpfs\n");

        assert_int_equal(mounts_device_is_local(&fd, 1, makedev(0, 22)), 0);
}

static void test_the_kernels_own_table_is_understood(void **state _unused_) {
        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        struct stat st;

        assert_true(fd >= 0);
        if (stat("/proc/self", &st) == 0) /* procfs: nobody maps it */
                assert_int_equal(mounts_device_is_local(&fd, 1, st.st_dev), 0);
        if (stat("/dev/shm", &st) == 0)
                assert_int_equal(mounts_device_is_local(&fd, 1, st.st_dev), 1);
}

static void test_a_mount_is_as_local_as_its_file_system_and_has_a_device(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with_text(view),
                            other = memfd_with_text("99 1 8:2 / / rw - ext4 x rw\n");
        const int fds[] = { -EBADF, fd, other };
        dev_t device = 0;

        assert_int_equal(mounts_mount_is_local(fds, 3, 22, &device), 1);
        assert_int_equal(device, makedev(8, 1));
        assert_int_equal(mounts_mount_is_local(fds, 3, 24, &device), 1);
        assert_int_equal(device, makedev(0, 22));
        assert_int_equal(mounts_mount_is_local(fds, 3, 26, &device), 0);
        assert_int_equal(device, makedev(0, 24));
        assert_int_equal(mounts_mount_is_local(fds, 3, 30, &device), 0);
        assert_int_equal(mounts_mount_is_local(fds, 3, 99, &device), 1);
        assert_int_equal(device, makedev(8, 2));
        assert_int_equal(mounts_mount_is_local(fds, 3, 2, &device), -ENXIO);
        assert_int_equal(mounts_mount_is_local(fds, 3, 1, &device), -ENXIO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_block_device_is_local),
                cmocka_unit_test(test_tmpfs_overlay_and_btrfs_are_local),
                cmocka_unit_test(test_fuse_may_never_answer),
                cmocka_unit_test(test_network_file_systems_may_never_answer),
                cmocka_unit_test(test_a_mount_point_cannot_pass_for_a_type),
                cmocka_unit_test(test_a_type_is_compared_whole),
                cmocka_unit_test(test_an_unknown_device_is_not_trusted),
                cmocka_unit_test(test_the_second_view_is_used_for_what_the_first_does_not_show),
                cmocka_unit_test(test_lines_that_are_not_understood_tell_nothing),
                cmocka_unit_test(test_the_kernels_own_table_is_understood),
                cmocka_unit_test(test_a_mount_is_as_local_as_its_file_system_and_has_a_device),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
