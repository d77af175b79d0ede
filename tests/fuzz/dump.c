/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dump.h"

#define DUMP_PAGE UINT64_C(4096)
#define MAPPINGS_MAX 64U
#define READS_MAX \
        1024U /* of memory; then the process has ended, so that what fails forever soon fails for good */
#define MAPS_LINE_MAX 96U

/* What the descriptors of the one memory that is open stand for. */
static struct {
        const Dump *dump;
        const Memory *memory;
        unsigned n_reads;
        DumpHeader mappings[MAPPINGS_MAX]; /* ascending, size in pages */
        size_t n_mappings;
        char maps[MAPPINGS_MAX * MAPS_LINE_MAX];
        size_t maps_size;
} open_dump;

void dump_parse(Dump *d, const uint8_t *data, size_t size) {
        d->n_pieces = 0;

        while (size >= sizeof(DumpHeader) && d->n_pieces < DUMP_PIECES_MAX) {
                DumpPiece *piece = &d->pieces[d->n_pieces++];

                memcpy(&piece->header, data, sizeof(DumpHeader));
                data += sizeof(DumpHeader);
                size -= sizeof(DumpHeader);
                piece->header.kind %= N_DUMP_KINDS;
                piece->content = data;

                if (dump_kind_has_content(piece->header.kind)) {
                        piece->header.size = (uint32_t) min_size(piece->header.size, size);
                        data += piece->header.size;
                        size -= piece->header.size;
                }
        }
}

void dump_read_numbers(const Dump *d, uint64_t numbers[static DUMP_NUMBERS_MAX]) {
        memset(numbers, 0, DUMP_NUMBERS_MAX * sizeof(uint64_t));

        for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++)
                if (p->header.kind == DUMP_NUMBERS)
                        memcpy(numbers, p->content,
                               min_size(p->header.size, DUMP_NUMBERS_MAX * sizeof(uint64_t)));
}

/* The part of a piece that is between two offsets goes to where it belongs. */
static void copy_part(const DumpPiece *piece, uint64_t offset, uint8_t *buf, size_t size) {
        const uint64_t start = piece->header.address, n = piece->header.size;
        uint64_t skipped;

        if (start >= offset) {
                if (start - offset < size)
                        memcpy(buf + (start - offset), piece->content, min_size(n, size - (start - offset)));
                return;
        }

        skipped = offset - start;
        if (skipped < n)
                memcpy(buf, piece->content + skipped, min_size(n - skipped, size));
}

static uint64_t size_of_file(DumpKind kind) {
        uint64_t size = 0;

        for (const DumpPiece *p = open_dump.dump->pieces;
             p < open_dump.dump->pieces + open_dump.dump->n_pieces; p++)
                if (p->header.kind == kind && p->header.address < INT64_MAX &&
                    p->header.address + p->header.size > size)
                        size = p->header.address + p->header.size;

        return size;
}

static ssize_t read_file(DumpKind kind, uint8_t *buf, size_t size, uint64_t offset) {
        const uint64_t file_size = size_of_file(kind);

        if (offset >= file_size)
                return 0;

        size = min_size(size, file_size - offset);
        memset(buf, 0, size);
        for (size_t i = 0; i < open_dump.dump->n_pieces; i++)
                if (open_dump.dump->pieces[i].header.kind == kind)
                        copy_part(&open_dump.dump->pieces[i], offset, buf, size);

        return (ssize_t) size;
}

/* How much of a range is mapped without a gap. */
static size_t mapped_size(uint64_t address, size_t size) {
        uint64_t end = address;

        for (size_t i = 0; i < open_dump.n_mappings && end - address < size; i++) {
                const DumpHeader *m = &open_dump.mappings[i];

                if (end >= m->address && end - m->address < m->size * DUMP_PAGE)
                        end = m->address + m->size * DUMP_PAGE;
        }

        return min_size(size, end - address);
}

static ssize_t read_memory(uint8_t *buf, size_t size, uint64_t address) {
        if (++open_dump.n_reads > READS_MAX)
                return 0;

        size = mapped_size(address, size);
        if (size > 0)
                memset(buf, 0, size);

        for (size_t i = 0; i < open_dump.dump->n_pieces; i++) {
                const DumpPiece *piece = &open_dump.dump->pieces[i];
                const bool is_change =
                        piece->header.kind == DUMP_CHANGE && piece->header.when < open_dump.n_reads;

                if (is_change && (piece->header.flags & DUMP_GONE))
                        return 0;
                if (is_change || piece->header.kind == DUMP_MEMORY)
                        copy_part(piece, address, buf, size);
        }
        if (size == 0) {
                errno = EIO;
                return -1;
        }

        return (ssize_t) size;
}

static ssize_t read_maps(char *buf, size_t size, uint64_t offset) {
        if (offset >= open_dump.maps_size)
                return 0;

        size = min_size(size, open_dump.maps_size - offset);
        memcpy(buf, open_dump.maps + offset, size);
        return (ssize_t) size;
}

/* The linker leads the library's calls here. */
ssize_t __real_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset);
int __wrap_nanosleep(const struct timespec *time, struct timespec *rest);

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset) {
        const Memory *m = open_dump.memory;

        if (!m || fd < 0)
                return __real_pread64(fd, buf, size, offset);
        if (offset < 0) {
                errno = EINVAL;
                return -1;
        }

        if (fd == m->mem_fd)
                return read_memory(buf, size, (uint64_t) offset);
        if (fd == m->auxv_fd)
                return read_file(DUMP_AUXV, buf, size, (uint64_t) offset);
        if (fd == m->maps_fd)
                return read_maps(buf, size, (uint64_t) offset);
        if (fd == m->executable_fd)
                return read_file(DUMP_EXECUTABLE, buf, size, (uint64_t) offset);
        if (fd == m->debug_fd)
                return read_file(DUMP_DEBUG_FILE, buf, size, (uint64_t) offset);

        return __real_pread64(fd, buf, size, offset);
}

int __wrap_nanosleep(const struct timespec *time _unused_, struct timespec *rest _unused_) {
        return 0;
}

static int compare_addresses(const void *a, const void *b) {
        const DumpHeader *x = a, *y = b;

        return x->address < y->address ? -1 : x->address > y->address;
}

/* As a kernel has them: page by page, in order, none over another. */
static void take_mappings(const Dump *d) {
        uint64_t end = 0;
        size_t n = 0, n_kept = 0;

        for (size_t i = 0; i < d->n_pieces && n < MAPPINGS_MAX; i++)
                if (d->pieces[i].header.kind == DUMP_MAPPING && d->pieces[i].header.size > 0) {
                        DumpHeader m = d->pieces[i].header;

                        m.size = (uint32_t) ((m.size + DUMP_PAGE - 1) / DUMP_PAGE);
                        m.address = m.address / DUMP_PAGE * DUMP_PAGE;
                        if (m.address <= UINT64_MAX - m.size * DUMP_PAGE)
                                open_dump.mappings[n++] = m;
                }

        qsort(open_dump.mappings, n, sizeof(DumpHeader), compare_addresses);
        for (size_t i = 0; i < n; i++) {
                const DumpHeader m = open_dump.mappings[i];

                if (m.address >= end) {
                        end = m.address + m.size * DUMP_PAGE;
                        open_dump.mappings[n_kept++] = m;
                }
        }
        open_dump.n_mappings = n_kept;
}

static void write_maps(void) {
        open_dump.maps_size = 0;
        for (size_t i = 0; i < open_dump.n_mappings; i++) {
                const DumpHeader *m = &open_dump.mappings[i];

                open_dump.maps_size += (size_t) snprintf(
                        open_dump.maps + open_dump.maps_size, sizeof(open_dump.maps) - open_dump.maps_size,
                        "%jx-%jx %c%c%cp 0 %s \n", (uintmax_t) m->address,
                        (uintmax_t) (m->address + m->size * DUMP_PAGE), m->flags & DUMP_READ ? 'r' : '-',
                        m->flags & DUMP_WRITE ? 'w' : '-', m->flags & DUMP_EXECUTE ? 'x' : '-',
                        m->flags & DUMP_REMOTE ? "00:63 1" : "00:00 0");
        }
}

static int open_nothing(void) {
        const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                abort();
        return fd;
}

Memory *dump_open(const Dump *d) {
        Memory *m;

        m = calloc(1, sizeof(Memory));
        if (!m)
                abort();

        m->mem_fd = open_nothing();
        m->auxv_fd = open_nothing();
        m->maps_fd = open_nothing();
        m->executable_fd = open_nothing();
        m->debug_fd = m->mounts_fds[0] = m->mounts_fds[1] = -EBADF;
        m->mounts_open = true;

        for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++)
                if (p->header.kind == DUMP_ARGUMENTS)
                        m->arguments = p->header.address;
                else if (p->header.kind == DUMP_DEBUG_FILE && m->debug_fd < 0)
                        m->debug_fd = open_nothing();

        open_dump.dump = d;
        open_dump.memory = m;
        open_dump.n_reads = 0;
        take_mappings(d);
        write_maps();
        return m;
}
