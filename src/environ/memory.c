/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "mounts.h"

static int open_for_reading(int dir_fd, const char *path, int *ret) {
        int fd;

        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;

        *ret = fd;
        return 0;
}

/* memfds and anonymous shared memory live in one tmpfs of the kernel's own. */
static int find_shm_device(dev_t *ret) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = memfd_create("pekeenv", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;

        if (fstat(fd, &st) < 0)
                return -errno;

        *ret = st.st_dev;
        return 0;
}

int memory_open(const Process *p, Memory **ret) {
        _cleanup_(memory_freep) Memory *m = NULL;
        int r;

        assert(p);
        assert(ret);

        m = calloc(1, sizeof(Memory));
        if (!m)
                return -ENOMEM;

        m->mem_fd = m->auxv_fd = m->maps_fd = m->mounts_fds[0] = m->mounts_fds[1] = -EBADF;
        m->elf_class = ELFCLASSNONE;

        r = find_shm_device(&m->shm_device);
        if (r < 0)
                return r;

        r = open_for_reading(p->dir_fd, "mem", &m->mem_fd);
        if (r < 0)
                return r;

        r = open_for_reading(p->dir_fd, "auxv", &m->auxv_fd);
        if (r < 0)
                return r;

        r = open_for_reading(p->dir_fd, "maps", &m->maps_fd);
        if (r < 0)
                return r;

        /* A process that is about to exit has no mount namespace any more, and needs none. */
        r = open_for_reading(p->dir_fd, "mountinfo", &m->mounts_fds[0]);
        if (r < 0 && r != -EINVAL)
                return r;

        r = open_for_reading(AT_FDCWD, "/proc/self/mountinfo", &m->mounts_fds[1]);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(m);
        return 0;
}

Memory *memory_free(Memory *m) {
        if (!m)
                return NULL;

        close_fd(m->mem_fd);
        close_fd(m->auxv_fd);
        close_fd(m->maps_fd);
        close_fd(m->mounts_fds[0]);
        close_fd(m->mounts_fds[1]);

        mappings_done(&m->mappings);
        for (size_t i = 0; i < N_WINDOWS; i++)
                if (m->windows[i].data) {
                        explicit_bzero(m->windows[i].data, WINDOW_SIZE);
                        free(m->windows[i].data);
                }

        free(m);
        return NULL;
}

void memory_forget(Memory *m) {
        assert(m);

        m->mappings_outdated = true;
        for (size_t i = 0; i < N_WINDOWS; i++)
                m->windows[i].size = 0;
}

static int memory_device_is_local(Memory *m, dev_t device) {
        int r;

        for (size_t i = 0; i < N_DEVICES; i++)
                if (m->devices[i].device == device)
                        return m->devices[i].local;

        r = mounts_device_is_local(m->mounts_fds, ELEMENTSOF(m->mounts_fds), device);
        if (r < 0)
                return r;

        m->devices[m->next_device] = (DeviceVerdict){ .device = device, .local = r > 0 };
        m->next_device = (m->next_device + 1) % N_DEVICES;
        return r;
}

/* Whether every page of the mapping comes without anybody's help. */
static int memory_mapping_is_local(Memory *m, const Mapping *mapping) {
        if (mapping->inode == 0 || mapping->device == m->shm_device)
                return true;

        return memory_device_is_local(m, mapping->device);
}

static int memory_find_mapping(Memory *m, uint64_t address, const Mapping **ret) {
        const Mapping *mapping;
        int r;

        mapping = mappings_find(&m->mappings, address);
        if (!mapping && (m->mappings.n_items == 0 || m->mappings_outdated)) {
                mappings_done(&m->mappings);
                r = mappings_read(m->maps_fd, &m->mappings);
                if (r < 0)
                        return r;

                m->mappings_outdated = false;
                mapping = mappings_find(&m->mappings, address);
        }
        if (!mapping || !mapping->readable)
                return -EFAULT;

        *ret = mapping;
        return 0;
}

/* Checks an address before it is touched. Returns the size that can be read on from there, within its
 * mapping. */
static int memory_check(Memory *m, uint64_t address, uint64_t *ret_size) {
        const Mapping *mapping;
        int r;

        r = memory_find_mapping(m, address, &mapping);
        if (r < 0)
                return r;

        r = memory_mapping_is_local(m, mapping);
        if (r < 0)
                return r;
        if (r == 0)
                return -EREMOTE;

        *ret_size = mapping->end - address;
        return 0;
}

/* Copies what can be had with one call, at most size. Returns the bytes copied, at least one. */
static ssize_t memory_copy(Memory *m, uint64_t address, void *buf, size_t size) {
        uint64_t there;
        ssize_t n;
        int r;

        r = memory_check(m, address, &there);
        if (r < 0)
                return r;

        n = pread(m->mem_fd, buf, there < size ? (size_t) there : size, (off_t) address);
        if (n < 0)
                return errno == EIO ? -EFAULT : -errno;
        if (n == 0)
                return -ESTALE;

        return n;
}

int memory_read(Memory *m, uint64_t address, void *buf, size_t size) {
        uint8_t *p = buf;

        assert(m);
        assert(buf || size == 0);

        while (size > 0) {
                ssize_t n = memory_copy(m, address, p, size);

                if (n < 0)
                        return (int) n;

                address += (uint64_t) n;
                p += n;
                size -= (size_t) n;
        }

        return 0;
}

int memory_read_pointer(Memory *m, uint64_t address, uint64_t *ret) {
        uint8_t raw[sizeof(uint64_t)];
        int r;

        assert(m);
        assert(ret);

        r = memory_read(m, address, raw, memory_pointer_size(m));
        if (r < 0)
                return r;

        *ret = memory_pointer_at(m, raw);
        return 0;
}

int memory_read_string(Memory *m, uint64_t address, char *buf, size_t size) {
        size_t filled = 0;

        assert(m);
        assert(buf);

        while (filled < size) {
                ssize_t n = memory_copy(m, address + filled, buf + filled, min_size(size - filled, 64));

                if (n < 0)
                        return (int) n;
                if (memchr(buf + filled, 0, (size_t) n))
                        return 0;

                filled += (size_t) n;
        }

        return -ENAMETOOLONG;
}

static Window *memory_oldest_window(Memory *m) {
        Window *oldest = &m->windows[0];

        for (size_t i = 1; i < N_WINDOWS; i++)
                if (m->windows[i].last_use < oldest->last_use)
                        oldest = &m->windows[i];

        return oldest;
}

int memory_view(Memory *m, uint64_t address, const uint8_t **ret, size_t *ret_size) {
        const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        uint64_t start;
        Window *w;
        ssize_t n;

        assert(m);
        assert(ret);
        assert(ret_size);

        for (w = m->windows; w < m->windows + N_WINDOWS; w++)
                if (address >= w->start && address - w->start < w->size)
                        goto found;

        w = memory_oldest_window(m);
        if (!w->data) {
                w->data = malloc(WINDOW_SIZE);
                if (!w->data)
                        return -ENOMEM;
        }

        /* A mapping starts at a page: if there is memory at the address, there is from the start of its page
         * on. */
        start = address / page * page;
        w->size = 0;
        n = memory_copy(m, start, w->data, WINDOW_SIZE);
        if (n < 0)
                return (int) n;
        if (address - start >= (uint64_t) n)
                return -EFAULT;

        w->start = start;
        w->size = (size_t) n;
found:
        w->last_use = ++m->clock;
        *ret = w->data + (address - w->start);
        *ret_size = w->size - (size_t) (address - w->start);
        return 0;
}

size_t memory_pointer_size(const Memory *m) {
        assert(m);

        return m->elf_class == ELFCLASS32 ? sizeof(uint32_t) : sizeof(uint64_t);
}

uint64_t memory_pointer_at(const Memory *m, const void *p) {
        uint64_t wide;
        uint32_t narrow;

        assert(p);

        if (memory_pointer_size(m) == sizeof(wide)) {
                memcpy(&wide, p, sizeof(wide));
                return wide;
        }

        memcpy(&narrow, p, sizeof(narrow));
        return narrow;
}

size_t memory_items_in_page(uint64_t address, size_t item_size) {
        const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        const size_t n = (size_t) (page - address % page) / item_size;

        assert(item_size > 0);

        return n > 0 ? n : 1;
}
