/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/mman.h>

#include "image.h"
#include "unit.h"

/* Behind every address that the tests use. */
#define IMAGE_END (UINT64_C(1) << 47)

Memory *image_new(int elf_class) {
        Memory *m;

        m = calloc(1, sizeof(Memory));
        assert_non_null(m);

        m->mem_fd = memfd_with("", 0);
        m->auxv_fd = memfd_with("", 0);
        m->maps_fd = memfd_with("", 0);
        m->mounts_fds[0] = memfd_with("", 0);
        m->mounts_fds[1] = -EBADF;
        m->mounts_open = true;
        m->executable_fd = m->debug_fd = -EBADF;
        m->executable_error = -ENOENT;
        m->elf_class = elf_class;

        assert_int_equal(ftruncate(m->mem_fd, (off_t) IMAGE_END), 0);
        return m;
}

static void image_map_line(Memory *m, uint64_t start, uint64_t size, const char *permissions,
                           unsigned device_major, unsigned device_minor, unsigned inode) {
        assert_true(dprintf(m->maps_fd, "%08jx-%08jx %s 00000000 %02x:%02x %u%s\n", (uintmax_t) start,
                            (uintmax_t) (start + size), permissions, device_major, device_minor, inode,
                            inode > 0 ? "                      /a file" : " ") > 0);
}

void image_map(Memory *m, uint64_t start, uint64_t size, const char *permissions) {
        image_map_line(m, start, size, permissions, 0, 0, 0);
}

void image_map_file(Memory *m, uint64_t start, uint64_t size, unsigned device_major, unsigned device_minor) {
        image_map_line(m, start, size, "r--p", device_major, device_minor, 4711);
}

void image_mount(Memory *m, unsigned device_major, unsigned device_minor, const char *type) {
        assert_true(dprintf(m->mounts_fds[0], "36 35 %u:%u / /mnt rw,noatime shared:1 - %s source rw\n",
                            device_major, device_minor, type) > 0);
}

uint64_t image_put(Memory *m, uint64_t address, const void *data, size_t size) {
        assert_int_equal(pwrite(m->mem_fd, data, size, (off_t) address), (ssize_t) size);
        memory_forget(m);
        return address + size;
}

uint64_t image_put_string(Memory *m, uint64_t address, const char *text) {
        return image_put(m, address, text, strlen(text) + 1);
}

uint64_t image_put_u32(Memory *m, uint64_t address, uint32_t value) {
        return image_put(m, address, &value, sizeof(value));
}

uint64_t image_put_pointer(Memory *m, uint64_t address, uint64_t value) {
        if (m->elf_class == ELFCLASS32)
                return image_put_u32(m, address, (uint32_t) value);

        return image_put(m, address, &value, sizeof(value));
}

void image_auxv(Memory *m, uint64_t type, uint64_t value) {
        const uint32_t narrow[] = { (uint32_t) type, (uint32_t) value };
        const uint64_t wide[] = { type, value };

        if (m->elf_class == ELFCLASS32)
                assert_int_equal(write(m->auxv_fd, narrow, sizeof(narrow)), sizeof(narrow));
        else
                assert_int_equal(write(m->auxv_fd, wide, sizeof(wide)), sizeof(wide));
}

void image_end(Memory *m) {
        assert_int_equal(ftruncate(m->mem_fd, 0), 0);
        assert_int_equal(ftruncate(m->auxv_fd, 0), 0);
        assert_int_equal(ftruncate(m->maps_fd, 0), 0);
        memory_forget(m);
}
