/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "identity.h"
#include "mappings.h"
#include "mounts.h"
#include "text.h"

/* What comes as text: files of /proc, and an environment on its way to becoming text. The first byte of an input tells
 * which. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAPPINGS, TEXT_MOUNTS, TEXT_STAT, TEXT_STATUS, TEXT_UTF8, N_TEXTS };

/* The process that the texts are about, and the mount. */
#define PID 42
#define MOUNT_ID 36

static void must(bool condition) {
        if (!condition)
                abort();
}

/* A file with this text, to be closed. */
static int open_text(const uint8_t *data, size_t size) {
        int fd;

        fd = memfd_create("text", MFD_CLOEXEC);
        must(fd >= 0 && write(fd, data, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0);
        return fd;
}

static void try_mappings(const uint8_t *data, size_t size) {
        _cleanup_close_ int fd = open_text(data, size);
        _cleanup_(mappings_done) Mappings m = {};

        if (mappings_read(fd, &m) < 0)
                return;

        must(m.n_items > 0);
        for (size_t i = 0; i < m.n_items; i++) {
                const uint64_t address = m.items[i].start;
                const Mapping *found = mappings_find(&m, address);

                must(!found || (found->start <= address && address < found->end));
        }
}

static void try_mounts(const uint8_t *data, size_t size) {
        _cleanup_close_ int fd = open_text(data, size);
        const int fds[] = { -EBADF, fd };
        dev_t device;

        (void) mounts_device_is_local(fds, ELEMENTSOF(fds), makedev(0, 42));
        (void) mounts_mount_is_local(fds, ELEMENTSOF(fds), MOUNT_ID, &device);
}

/* What stands in place of one file of the process; all others are our own. The linker leads openat(2) here. */
static struct {
        const char *name; /* NULL for none */
        const uint8_t *data;
        size_t size;
} replaced;

int __real_openat64(int dir_fd, const char *path, int flags, ...);
int __wrap_openat64(int dir_fd, const char *path, int flags, ...);

int __wrap_openat64(int dir_fd, const char *path, int flags, ...) {
        if (replaced.name && strcmp(path, replaced.name) == 0)
                return open_text(replaced.data, replaced.size);

        return __real_openat64(dir_fd, path, flags, 0);
}

static void try_process_file(const char *name, const uint8_t *data, size_t size) {
        Process p = { .pid = PID, .dir_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC) };
        ProcessStat stat;
        Identity i;

        replaced.name = name;
        replaced.data = data;
        replaced.size = size;
        (void) process_read_stat(&p, &stat);
        if (identity_read(&p, &i) >= 0)
                must(i.pid == PID && identity_equal(&i, &i));
        replaced.name = NULL;
        process_done(&p);
}

static bool is_plain(const char *text) {
        for (size_t n; *text; text += n) {
                n = utf8_character_length(text, strlen(text));
                if (n == 0 || (uint8_t) *text < ' ' || *text == 0x7f)
                        return false;
        }

        return true;
}

static void try_utf8(const char *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL, *escaped = NULL, *markup = NULL;
        size_t text_size, again_size;

        must(utf8_replace_invalid(data, size, &text, &text_size) == 0 && text_size <= 3 * size);
        must(utf8_replace_invalid(text, text_size, &again, &again_size) == 0);
        must(text_size == again_size && memcmp(text, again, text_size) == 0);

        escaped = text_escape(data, size);
        must(escaped && is_plain(escaped));
        markup = text_escape_markup(data, size);
        must(markup && is_plain(markup) && !strpbrk(markup, "<>&"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0)
                return 0;

        switch (data[0] % N_TEXTS) {
        case TEXT_MAPPINGS:
                try_mappings(data + 1, size - 1);
                break;
        case TEXT_MOUNTS:
                try_mounts(data + 1, size - 1);
                break;
        case TEXT_STAT:
                try_process_file("stat", data + 1, size - 1);
                break;
        case TEXT_STATUS:
                try_process_file("status", data + 1, size - 1);
                break;
        default:
                try_utf8((const char *) data + 1, size - 1);
                break;
        }

        return 0;
}
