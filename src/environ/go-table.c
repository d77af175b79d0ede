/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <string.h>

#include "go-table.h"

#define SEARCH_MAX (64U * 1024U * 1024U) /* bytes of a segment that are searched */
#define FUNCTIONS_MAX (8U * 1024U * 1024U)
#define FUNCTIONS_AT_ONCE 128U
#define NAME_SIZE_MAX 64U /* of the names that are looked for */

/* The first word of the table, with two bytes that are 0 behind it: Go 1.18 and 1.19, and from 1.20 on. The
 * constants are in internal/abi/symtab.go of Go 1.27. */
#define MAGIC_118 0xfffffff0U
#define MAGIC_120 0xfffffff1U

/* The header of the table, runtime.pcHeader, ends before the names; it is larger or smaller by version. */
#define HEADER_SIZE_MAX 512U

/* The first words of struct moduledata, which are the same from Go 1.18 to 1.27; a slice takes three. */
enum {
        MODULE_HEADER = 0,
        MODULE_NAMES = 1,
        MODULE_DATA = 13,
        MODULE_FUNCTIONS = 16,
        MODULE_FIRST = 20, /* address of the first function … */
        MODULE_END = 21,   /* … and behind the last one */
        MODULE_TEXT = 22,
        MODULE_WORDS = 24,
};

/* struct functab: both are offsets, from the start of the code and from the start of the data. There is one more
 * than there are functions, for the end of the last. At the second offset is a struct _func, which begins with
 * the same first offset and that of the name. */
typedef struct FunctionEntry {
        uint32_t code;
        uint32_t data;
} FunctionEntry;

typedef struct FunctionData {
        uint32_t code;
        uint32_t name;
} FunctionData;

static int read_entry(Memory *m, const GoTable *t, uint64_t index, FunctionEntry *ret) {
        return memory_read(m, t->functions + index * sizeof(*ret), ret, sizeof(*ret));
}

/* struct pcHeader: magic, 0, 0, the unit of instructions, the size of a pointer; then the number of functions. */
static int check_header(Memory *m, uint64_t address, uint64_t n_functions, uint8_t *ret_unit) {
        uint8_t header[8];
        uint32_t magic;
        uint64_t n;
        int r;

        r = memory_read(m, address, header, sizeof(header));
        if (r < 0)
                return r;

        memcpy(&magic, header, sizeof(magic));
        if ((magic != MAGIC_118 && magic != MAGIC_120) || header[4] != 0 || header[5] != 0 ||
            header[7] != memory_pointer_size(m))
                return -ENOENT;

        r = memory_read_pointer(m, address + sizeof(header), &n);
        if (r < 0)
                return r;

        *ret_unit = header[6];
        return n == n_functions ? 0 : -ENOENT;
}

/* The addresses of the first and behind the last function are there twice. */
static int check_ends(Memory *m, const GoTable *t, uint64_t first, uint64_t end) {
        FunctionEntry entry;
        int r;

        r = read_entry(m, t, 0, &entry);
        if (r < 0)
                return r;
        if (t->text + entry.code != first)
                return -ENOENT;

        r = read_entry(m, t, t->n_functions, &entry);
        if (r < 0)
                return r;

        return t->text + entry.code == end ? 0 : -ENOENT;
}

/* Returns -ENOENT if what is there is something else. */
static int take_module(Memory *m, uint64_t address, GoTable *ret) {
        const size_t size = memory_pointer_size(m);
        uint8_t raw[MODULE_WORDS * sizeof(uint64_t)];
        uint64_t words[MODULE_WORDS];
        GoTable t;
        int r;

        r = memory_read(m, address, raw, MODULE_WORDS * size);
        if (r < 0)
                return r == -EFAULT ? -ENOENT : r;

        for (size_t i = 0; i < MODULE_WORDS; i++)
                words[i] = memory_pointer_at(m, raw + i * size);
        if (words[MODULE_FUNCTIONS + 1] < 2 || words[MODULE_FUNCTIONS + 1] > FUNCTIONS_MAX)
                return -ENOENT;

        t = (GoTable){ .text = words[MODULE_TEXT],
                       .names = words[MODULE_NAMES],
                       .functions = words[MODULE_FUNCTIONS],
                       .n_functions = words[MODULE_FUNCTIONS + 1] - 1,
                       .data = words[MODULE_DATA] };
        r = check_header(m, words[MODULE_HEADER], t.n_functions, &t.instruction_unit);
        if (r >= 0)
                r = check_ends(m, &t, words[MODULE_FIRST], words[MODULE_END]);
        if (r < 0)
                return r == -EFAULT ? -ENOENT : r;

        *ret = t;
        return 0;
}

/* A slice of bytes whose start is a little behind the address in front of it: the names, behind the header. */
static bool may_be_module(const uint64_t words[static 4]) {
        return words[MODULE_HEADER] != 0 && words[MODULE_NAMES] > words[MODULE_HEADER] &&
               words[MODULE_NAMES] - words[MODULE_HEADER] <= HEADER_SIZE_MAX &&
               words[MODULE_NAMES + 1] > 0 && words[MODULE_NAMES + 1] == words[MODULE_NAMES + 2];
}

static int search_words(Memory *m, uint64_t address, const uint8_t *raw, size_t n_words, GoTable *ret) {
        const size_t size = memory_pointer_size(m);
        int r;

        for (size_t i = 0; i + 4 <= n_words; i++) {
                uint64_t words[4];

                for (size_t k = 0; k < ELEMENTSOF(words); k++)
                        words[k] = memory_pointer_at(m, raw + (i + k) * size);
                if (!may_be_module(words))
                        continue;

                r = take_module(m, address + i * size, ret);
                if (r != -ENOENT)
                        return r;
        }

        return -ENOENT;
}

static int search_segment(Memory *m, const Segment *segment, GoTable *ret) {
        const size_t size = memory_pointer_size(m);
        uint64_t address = (segment->address + size - 1) / size * size, end;

        end = segment->address + (segment->file_size < SEARCH_MAX ? segment->file_size : SEARCH_MAX);
        while (address < end && end - address >= 4 * size) {
                uint8_t raw[4096];
                const size_t n_words = min_size(sizeof(raw), end - address) / size;
                int r;

                r = memory_read(m, address, raw, n_words * size);
                if (r < 0)
                        return r;

                r = search_words(m, address, raw, n_words, ret);
                if (r != -ENOENT)
                        return r;

                address += (n_words - 3) * size;
        }

        return -ENOENT;
}

int go_table_find(Memory *m, const Program *p, GoTable *ret) {
        int r;

        assert(m);
        assert(p);
        assert(ret);

        for (const Segment *s = p->segments; s < p->segments + p->n_segments; s++) {
                if (!(s->flags & PF_W))
                        continue;

                r = search_segment(m, s, ret);
                if (r != -ENOENT)
                        return r;
        }

        return -ENOENT;
}

static int match_name(Memory *m, uint64_t address, const char *const names[], size_t n_names) {
        char name[NAME_SIZE_MAX];
        int r;

        r = memory_read_string(m, address, name, sizeof(name));
        if (r < 0)
                return r == -ENAMETOOLONG ? -ENOENT : r;

        for (size_t i = 0; i < n_names; i++)
                if (strcmp(names[i], name) == 0)
                        return (int) i;

        return -ENOENT;
}

static int take_function(Memory *m, const GoTable *t, const FunctionEntry *entry, const char *const names[],
                         size_t n_names, GoFunction functions[]) {
        FunctionData data;
        int i, r;

        r = memory_read(m, t->data + entry->data, &data, sizeof(data));
        if (r < 0)
                return r;
        if (data.code != entry->code || entry[1].code < entry->code)
                return -EBADMSG;

        i = match_name(m, t->names + data.name, names, n_names);
        if (i < 0)
                return i == -ENOENT ? 0 : i;
        if (functions[i].address != 0)
                return -ENOTUNIQ;

        functions[i] = (GoFunction){ t->text + entry->code, entry[1].code - entry->code };
        return 0;
}

int go_table_find_functions(Memory *m, const GoTable *t, const char *const names[], size_t n_names,
                            GoFunction functions[]) {
        assert(m);
        assert(t);
        assert(names);
        assert(functions);

        memset(functions, 0, n_names * sizeof(functions[0]));

        for (uint64_t first = 0; first < t->n_functions; first += FUNCTIONS_AT_ONCE) {
                const size_t n = min_size(FUNCTIONS_AT_ONCE, t->n_functions - first);
                FunctionEntry entries[FUNCTIONS_AT_ONCE + 1];
                int r;

                r = memory_read(m, t->functions + first * sizeof(entries[0]), entries,
                                (n + 1) * sizeof(entries[0]));
                if (r < 0)
                        return r;

                for (size_t i = 0; i < n; i++) {
                        r = take_function(m, t, &entries[i], names, n_names, functions);
                        if (r < 0)
                                return r;
                }
        }

        return 0;
}
