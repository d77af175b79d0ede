/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "line-reader.h"
#include "mappings.h"

/* "start-end rwxp offset major:minor inode path", proc_pid_maps(5). sscanf() would cost half of a whole
 * request. */
static const char *parse_number(const char *p, unsigned base, char delimiter, uint64_t *ret) {
        uint64_t v = 0;

        for (;; p++) {
                unsigned digit;

                if (*p >= '0' && *p <= '9')
                        digit = (unsigned) (*p - '0');
                else if (base == 16 && *p >= 'a' && *p <= 'f')
                        digit = (unsigned) (*p - 'a') + 10;
                else
                        break;

                v = v * base + digit;
        }

        if (*p != delimiter)
                return NULL;

        *ret = v;
        return p + 1;
}

static int mapping_parse(const char *line, Mapping *ret) {
        uint64_t start, end, offset, major_number, minor_number, inode;
        const char *p, *permissions;

        p = parse_number(line, 16, '-', &start);
        if (p)
                p = permissions = parse_number(p, 16, ' ', &end);
        if (p)
                p = strchr(p, ' ');
        if (p)
                p = parse_number(p + 1, 16, ' ', &offset);
        if (p)
                p = parse_number(p, 16, ':', &major_number);
        if (p)
                p = parse_number(p, 16, ' ', &minor_number);
        if (!p)
                return -EBADMSG;
        if (!parse_number(p, 10, ' ', &inode) && !parse_number(p, 10, 0, &inode))
                return -EBADMSG;

        *ret = (Mapping){
                .start = start,
                .end = end,
                .readable = permissions[0] == 'r',
                .writable = permissions[1] == 'w',
                .device = makedev((unsigned) major_number, (unsigned) minor_number),
                .inode = inode,
        };
        return 0;
}

static int mappings_append(Mappings *m, const Mapping *mapping) {
        if (m->n_items == m->n_allocated) {
                size_t n = m->n_allocated > 0 ? m->n_allocated * 2 : 64;
                Mapping *items;

                items = reallocarray(m->items, n, sizeof(Mapping));
                if (!items)
                        return -ENOMEM;

                m->items = items;
                m->n_allocated = n;
        }

        m->items[m->n_items++] = *mapping;
        return 0;
}

int mappings_read(int maps_fd, Mappings *ret) {
        _cleanup_(mappings_done) Mappings m = {};
        _cleanup_free_ LineReader *reader = NULL;
        const char *line;
        int r;

        assert(maps_fd >= 0);
        assert(ret);

        reader = line_reader_new(maps_fd);
        if (!reader)
                return -ENOMEM;

        while ((r = line_reader_next(reader, &line)) > 0) {
                Mapping mapping;

                r = mapping_parse(line, &mapping);
                if (r < 0)
                        return r;

                r = mappings_append(&m, &mapping);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        if (m.n_items == 0)
                return -ESTALE;

        *ret = m;
        m = (Mappings){};
        return 0;
}

void mappings_done(Mappings *m) {
        assert(m);

        free(m->items);
        *m = (Mappings){};
}

const Mapping *mappings_find(const Mappings *m, uint64_t address) {
        size_t low = 0, high;

        assert(m);

        for (high = m->n_items; low < high;) {
                size_t middle = low + (high - low) / 2;
                const Mapping *mapping = &m->items[middle];

                if (address < mapping->start)
                        high = middle;
                else if (address >= mapping->end)
                        low = middle + 1;
                else
                        return mapping;
        }

        return NULL;
}

/* struct procmap_query of linux/fs.h, which Debian 12's headers do not have yet. */
typedef struct MappingQuery {
        uint64_t size;
        uint64_t query_flags; /* 0: the mapping that holds the address, and no other */
        uint64_t query_addr;
        uint64_t vma_start;
        uint64_t vma_end;
        uint64_t vma_flags;
        uint64_t vma_page_size;
        uint64_t vma_offset;
        uint64_t inode;
        uint32_t dev_major;
        uint32_t dev_minor;
        uint32_t vma_name_size;
        uint32_t build_id_size;
        uint64_t vma_name_addr;
        uint64_t build_id_addr;
} MappingQuery;

enum { MAPPING_READABLE = 1, MAPPING_WRITABLE = 2 }; /* of vma_flags */

static_assert(_IOWR('f', 17, MappingQuery) == MAPPING_QUERY_REQUEST, "as the kernel has it");

int mapping_query(int maps_fd, uint64_t address, Mapping *ret) {
        MappingQuery q = { .size = sizeof(q), .query_addr = address };

        assert(maps_fd >= 0);
        assert(ret);

        if (ioctl(maps_fd, MAPPING_QUERY_REQUEST, &q) < 0)
                return errno == ESRCH ? -ESTALE : -errno;

        *ret = (Mapping){
                .start = q.vma_start,
                .end = q.vma_end,
                .readable = q.vma_flags & MAPPING_READABLE,
                .writable = q.vma_flags & MAPPING_WRITABLE,
                .device = makedev(q.dev_major, q.dev_minor),
                .inode = q.inode,
        };
        return 0;
}
