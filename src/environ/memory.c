/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "mounts.h"

#define PAGE_SIZE ((uint64_t) sysconf(_SC_PAGESIZE))

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

        m->mem_fd = m->auxv_fd = m->maps_fd = m->mounts_fds[0] = m->mounts_fds[1] = m->executable_fd =
                m->debug_fd = -EBADF;
        m->dir_fd = p->dir_fd;
        m->elf_class = ELFCLASSNONE;

        r = open_for_reading(p->dir_fd, "mem", &m->mem_fd);
        if (r < 0)
                return r;

        r = open_for_reading(p->dir_fd, "auxv", &m->auxv_fd);
        if (r < 0)
                return r;

        r = open_for_reading(p->dir_fd, "maps", &m->maps_fd);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(m);
        return 0;
}

int memory_open_mounts(Memory *m) {
        int r;

        assert(m);

        if (m->mounts_open)
                return 0;

        r = find_shm_device(&m->shm_device);
        if (r < 0)
                return r;

        /* A process that is about to exit has no mount namespace any more, and needs none. */
        r = open_for_reading(m->dir_fd, "mountinfo", &m->mounts_fds[0]);
        if (r < 0 && r != -EINVAL)
                return r == -ENOENT ? -ESRCH : r;

        r = open_for_reading(AT_FDCWD, "/proc/self/mountinfo", &m->mounts_fds[1]);
        if (r < 0)
                return r;

        m->mounts_open = true;
        return 0;
}

static void window_done(Window *w) {
        if (w->data) {
                explicit_bzero(w->data, w->allocated);
                free(w->data);
        }
        *w = (Window){};
}

/* Makes an empty window of at least a size. */
static int window_reserve(Window *w, size_t size) {
        uint8_t *data;

        w->size = 0;
        if (size <= w->allocated)
                return 0;

        data = malloc(size);
        if (!data)
                return -ENOMEM;

        window_done(w);
        *w = (Window){ .data = data, .allocated = size };
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
        close_fd(m->executable_fd);
        close_fd(m->debug_fd);

        mappings_done(&m->mappings);
        for (size_t i = 0; i < N_WINDOWS; i++)
                window_done(&m->windows[i]);

        free(m);
        return NULL;
}

void memory_forget(Memory *m) {
        assert(m);

        m->mappings_outdated = true;
        m->last_window = NULL;
        for (size_t i = 0; i < N_WINDOWS; i++)
                m->windows[i].size = 0;
}

static void memory_remember_device(Memory *m, dev_t device, bool local) {
        m->devices[m->next_device] = (DeviceVerdict){ .device = device, .local = local };
        m->next_device = (m->next_device + 1) % N_DEVICES;
}

static int memory_device_is_local(Memory *m, dev_t device) {
        int r;

        for (size_t i = 0; i < N_DEVICES; i++)
                if (m->devices[i].device == device && device != 0)
                        return m->devices[i].local;

        r = memory_open_mounts(m);
        if (r < 0)
                return r;

        if (device == m->shm_device)
                return true;

        r = mounts_device_is_local(m->mounts_fds, ELEMENTSOF(m->mounts_fds), device);
        if (r < 0)
                return r;

        memory_remember_device(m, device, r > 0);
        return r;
}

/* Without asking the file's server, should it have one. */
static int memory_file_is_local(Memory *m, int fd) {
        struct statx stx;
        dev_t device = 0;
        int r;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, &stx) < 0)
                return -errno;
        if (!S_ISREG(stx.stx_mode))
                return false;
        if (device_is_block(makedev(stx.stx_dev_major, stx.stx_dev_minor)))
                return true;

        r = memory_open_mounts(m);
        if (r < 0)
                return r;

        if (makedev(stx.stx_dev_major, stx.stx_dev_minor) == m->shm_device)
                return true;

        r = mounts_mount_is_local(m->mounts_fds, ELEMENTSOF(m->mounts_fds), stx.stx_mnt_id, &device);
        if (r < 0)
                return r == -ENXIO ? false : r;

        memory_remember_device(m, device, r > 0);
        return r;
}

static int open_executable(Memory *m, int *ret) {
        _cleanup_close_ int fd = -EBADF;
        char path[sizeof("/proc/self/fd/") + 10];
        ProcessStat stat;
        int r;

        r = process_read_stat(&(Process){ .dir_fd = m->dir_fd }, &stat);
        if (r < 0)
                return r;
        m->arguments = stat.arg_start;

        fd = openat(m->dir_fd, "exe", O_PATH | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        r = memory_file_is_local(m, fd);
        if (r < 0)
                return r;
        if (r == 0)
                return -EREMOTE;

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return open_for_reading(AT_FDCWD, path, ret);
}

int memory_open_executable(Memory *m) {
        assert(m);

        if (m->executable_fd < 0 && m->executable_error == 0)
                m->executable_error = open_executable(m, &m->executable_fd);

        return m->executable_error;
}

/* Whether every page of the mapping comes without anybody's help. */
static int memory_mapping_is_local(Memory *m, const Mapping *mapping) {
        /* Of anonymous memory both are 0; of a file on FUSE the server chooses the inode. */
        if ((mapping->inode == 0 && mapping->device == 0) || device_is_block(mapping->device))
                return true;

        return memory_device_is_local(m, mapping->device);
}

static int memory_find_in_all_mappings(Memory *m, uint64_t address, Mapping *ret) {
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
        if (!mapping)
                return -ENOENT;

        *ret = *mapping;
        return 0;
}

/* Asks at the last address, where there is never anything to read. */
static bool memory_is_gone(const Memory *m) {
        uint8_t byte;

        return pread(m->mem_fd, &byte, sizeof(byte), INT64_MAX) == 0;
}

static int memory_find_mapping(Memory *m, uint64_t address, Mapping *ret) {
        int r = -ENOTTY;

        if (m->mappings.n_items == 0)
                r = mapping_query(m->maps_fd, address, ret);
        if (r == -ENOTTY)
                r = memory_find_in_all_mappings(m, address, ret);

        /* If the process executed another program while we opened its files, they tell of the other. */
        if (r == -ENOENT)
                return memory_is_gone(m) ? -ESTALE : -EFAULT;

        return r;
}

/* Checks an address before it is touched. Returns the mapping that it is in. */
static int memory_check(Memory *m, uint64_t address, Mapping *ret) {
        Mapping mapping;
        int r;

        for (const Mapping *known = m->known; known < m->known + N_KNOWN_MAPPINGS; known++)
                if (address >= known->start && address < known->end) {
                        *ret = *known;
                        return 0;
                }

        r = memory_find_mapping(m, address, &mapping);
        if (r < 0)
                return r;
        if (!mapping.readable)
                return -EFAULT;

        r = memory_mapping_is_local(m, &mapping);
        if (r < 0)
                return r;
        if (r == 0)
                return -EREMOTE;

        m->known[m->next_known] = mapping;
        m->next_known = (m->next_known + 1) % N_KNOWN_MAPPINGS;

        *ret = mapping;
        return 0;
}

int memory_mapping_start(Memory *m, uint64_t address, uint64_t *ret) {
        Mapping mapping;
        int r;

        assert(m);
        assert(ret);

        r = memory_check(m, address, &mapping);
        if (r < 0)
                return r;

        *ret = mapping.start;
        return 0;
}

/* Copies what can be had with one call, at most size. Returns the bytes copied, at least one. */
static ssize_t memory_copy(Memory *m, uint64_t address, void *buf, size_t size) {
        Mapping mapping;
        ssize_t n;
        int r;

        r = memory_check(m, address, &mapping);
        if (r < 0)
                return r;

        n = pread(m->mem_fd, buf, min_size(mapping.end - address, size), (off_t) address);
        if (n < 0)
                return errno == EIO ? -EFAULT : -errno;
        if (n == 0)
                return -ESTALE;

        return n;
}

/* The window that ends where another begins. Whoever reads on behind it will go on, so each window in a row is
 * twice as large as the one before. */
static Window *memory_window_before(Memory *m, uint64_t start) {
        for (Window *w = m->windows; w < m->windows + N_WINDOWS; w++)
                if (w->size > 0 && w->start + w->size == start)
                        return w;

        return NULL;
}

static Window *memory_oldest_window(Memory *m) {
        Window *oldest = &m->windows[0];

        for (Window *w = m->windows; w < m->windows + N_WINDOWS && oldest->size > 0; w++)
                if (w->size == 0 || w->last_use < oldest->last_use)
                        oldest = w;

        return oldest;
}

static int memory_open_window(Memory *m, uint64_t address, Window **ret) {
        const uint64_t start = address / PAGE_SIZE * PAGE_SIZE;
        Window *before = memory_window_before(m, start), *w;
        size_t size = WINDOW_SIZE_MIN;
        ssize_t n;
        int r;

        m->n_looks += LOOKS_PER_CALL;
        if (before)
                size = min_size(before->size * 2, WINDOW_SIZE_MAX);

        /* In a long row the window itself moves on, and the others are kept for what is read besides. */
        w = before && before->size == WINDOW_SIZE_MAX ? before : memory_oldest_window(m);
        r = window_reserve(w, size);
        if (r < 0)
                return r;

        /* A mapping starts at a page: if there is memory at the address, there is from the start of its page
         * on. */
        n = memory_copy(m, start, w->data, size);
        if (n < 0)
                return (int) n;

        w->start = start;
        w->size = (size_t) n;
        if (!window_holds(w, address))
                return -EFAULT;

        *ret = w;
        return 0;
}

static int memory_find_window(Memory *m, uint64_t address, Window **ret) {
        for (Window *w = m->windows; w < m->windows + N_WINDOWS; w++)
                if (window_holds(w, address)) {
                        *ret = w;
                        return 0;
                }

        return memory_open_window(m, address, ret);
}

int memory_change_window(Memory *m, uint64_t address) {
        Window *w;
        int r;

        assert(m);

        r = memory_find_window(m, address, &w);
        if (r < 0)
                return r;

        w->last_use = ++m->clock;
        m->last_window = w;
        return 0;
}

int memory_read(Memory *m, uint64_t address, void *buf, size_t size) {
        uint8_t *p = buf;

        assert(m);
        assert(buf || size == 0);

        while (size > 0) {
                const uint8_t *view;
                size_t n;
                int r;

                r = memory_view(m, address, &view, &n);
                if (r < 0)
                        return r;

                n = min_size(n, size);
                memcpy(p, view, n);
                address += n;
                p += n;
                size -= n;
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
        assert(m);
        assert(buf);

        while (size > 0) {
                const uint8_t *view;
                size_t n;
                int r;

                r = memory_view(m, address, &view, &n);
                if (r < 0)
                        return r;

                n = min_size(n, size);
                if (memccpy(buf, view, 0, n))
                        return 0;

                address += n;
                buf += n;
                size -= n;
        }

        return -ENAMETOOLONG;
}

size_t memory_items_in_page(uint64_t address, size_t item_size) {
        const size_t n = (size_t) (PAGE_SIZE - address % PAGE_SIZE) / item_size;

        assert(item_size > 0);

        return n > 0 ? n : 1;
}
