/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <string.h>

#include "array.h"
#include "ash.h"
#include "heap.h"

/* var.c and var.h of dash 0.5.11 and 0.5.12, shell/ash.c of busybox 1.30 to 1.38 */
#define CHAINS 39U
#define FLAG_EXPORT 0x01U
#define FLAG_STRUCTURE_FIXED 0x04U
#define FLAG_TEXT_FIXED 0x08U
#define FLAG_UNSET 0x20U
#define FLAGS_ALL 0x3ffU

#define DATA_MAX (128U * 1024U) /* of the program, to be searched */
#define POINTERS_MAX 4096U      /* that are followed out of it */
#define SKIPPED_MAX 16U         /* words between the table and the array behind it, in busybox */
#define CHAIN_MAX 4096U         /* variables in a chain, to look one of the first up */

/* The array that all begin with, varinit[], from IFS on. */
static const struct {
        const char *name;
        bool optional;
} first_names[] = {
        { "IFS", false }, { "MAIL", true }, { "MAILPATH", true }, { "PATH", false },
        { "PS1", false }, { "PS2", false }, { "PS4", false },
};

/* struct var *next; int flags; char *text; a pointer to a function. */
typedef struct Variable {
        uint64_t next, text;
        uint32_t flags;
} Variable;

typedef struct FirstVariables {
        uint64_t addresses[ELEMENTSOF(first_names)]; /* 0 for one that this shell does not have */
} FirstVariables;

typedef struct Search {
        const Program *program;
        FirstVariables first;
        uint64_t table; /* 0 while it is not found */
        size_t n_followed;
} Search;

static int variable_read(Memory *m, uint64_t address, Variable *ret) {
        const size_t width = memory_pointer_size(m);
        uint8_t raw[3 * sizeof(uint64_t)];
        Variable v;
        int r;

        r = memory_read(m, address, raw, 3 * width);
        if (r < 0)
                return r;

        v.next = memory_pointer_at(m, raw);
        memcpy(&v.flags, raw + width, sizeof(v.flags));
        v.text = memory_pointer_at(m, raw + 2 * width);
        *ret = v;
        return 0;
}

/* Whether a text is "NAME=…" or "NAME". Returns 1 or 0, or the errors of memory_read(). */
static int text_has_name(Memory *m, uint64_t text, const char *name) {
        const size_t length = strlen(name);
        char buf[16];
        int r;

        assert(length < sizeof(buf));

        r = memory_read(m, text, buf, length + 1);
        if (r < 0)
                return r;

        return memcmp(buf, name, length) == 0 && (buf[length] == '=' || buf[length] == 0);
}

static uint32_t hash_of(const char *name) {
        uint32_t h = (uint32_t) (uint8_t) name[0] << 4;

        for (const char *p = name; *p; p++)
                h += (uint8_t) *p;

        return h % CHAINS;
}

static bool flags_are_of_first(uint64_t flags) {
        return (flags & FLAG_STRUCTURE_FIXED) != 0 && (flags & ~(uint64_t) FLAGS_ALL) == 0;
}

/* What can't be read is not what is looked for. */
static int no_if_not_there(int r) {
        return r == -EFAULT || r == -EREMOTE ? false : r;
}

static int is_first_variable(Memory *m, uint64_t address, const char *name) {
        Variable v;
        int r;

        r = variable_read(m, address, &v);
        if (r < 0)
                return r;

        return flags_are_of_first(v.flags) && v.text != 0 ? text_has_name(m, v.text, name) : false;
}

/* Returns 1 if an address is that of the array. */
static int read_first_variables(Memory *m, uint64_t address, FirstVariables *ret) {
        FirstVariables first = {};

        for (size_t i = 0; i < ELEMENTSOF(first_names); i++) {
                int r;

                r = no_if_not_there(is_first_variable(m, address, first_names[i].name));
                if (r < 0)
                        return r;
                if (r > 0) {
                        first.addresses[i] = address;
                        address += 4 * memory_pointer_size(m);
                } else if (!first_names[i].optional)
                        return false;
        }

        *ret = first;
        return true;
}

/* Goes along the chain where a name belongs. address: of the variable, or 0 to find it by its name.
 * Returns 1 if it is there, 0 if not, or the errors of memory_read(). */
static int table_find(Memory *m, uint64_t table, const char *name, uint64_t address, Variable *ret) {
        uint64_t at;
        Variable v;
        int r;

        r = memory_read_pointer(m, table + hash_of(name) * memory_pointer_size(m), &at);
        if (r < 0)
                return r;

        for (size_t n = 0; at != 0 && n < CHAIN_MAX; n++, at = v.next) {
                r = variable_read(m, at, &v);
                if (r < 0)
                        return r;

                r = address != 0 ? at == address : v.text != 0 ? text_has_name(m, v.text, name) : false;
                if (r < 0)
                        return r;
                if (r > 0) {
                        *ret = v;
                        return true;
                }
        }

        return false;
}

static int is_table(Memory *m, uint64_t table, const FirstVariables *first) {
        Variable v;

        for (size_t i = 0; i < ELEMENTSOF(first_names); i++) {
                int r;

                if (first->addresses[i] == 0)
                        continue;

                r = no_if_not_there(table_find(m, table, first_names[i].name, first->addresses[i], &v));
                if (r <= 0)
                        return r;
        }

        return true;
}

/* Visits the words of the program's writable data; stops if a visit returns other than 0, and returns that. */
static int visit_data(Memory *m, Search *s,
                      int (*visit)(Memory *m, Search *s, uint64_t address, uint64_t word)) {
        const size_t width = memory_pointer_size(m);
        uint64_t words[64];

        for (size_t i = 0; i < s->program->n_segments; i++) {
                const Segment *segment = &s->program->segments[i];
                const uint64_t end = segment->address + segment->size / width * width;
                uint64_t address = segment->address;

                if ((segment->flags & PF_W) == 0 || address % width != 0)
                        continue;

                while (address < end) {
                        const size_t size = min_size(sizeof(words), end - address);
                        int r;

                        r = memory_read(m, address, words, size);
                        if (r < 0)
                                return no_if_not_there(r);

                        for (size_t offset = 0; offset < size; offset += width) {
                                r = visit(m, s, address + offset,
                                          memory_pointer_at(m, (const uint8_t *) words + offset));
                                if (r != 0)
                                        return r;
                        }
                        address += size;
                }
        }

        return 0;
}

/* busybox, struct globals_var: …; struct var *vartab[39]; struct var varinit[]; … */
static int search_behind_pointer(Memory *m, Search *s, uint64_t pointer) {
        const size_t width = memory_pointer_size(m);
        const uint64_t behind = pointer + CHAINS * width;
        uint64_t words[SKIPPED_MAX + 1];
        int r;

        r = memory_read(m, behind, words, (SKIPPED_MAX + 1) * width);
        if (r < 0)
                return no_if_not_there(r);

        for (size_t i = 0; i < SKIPPED_MAX; i++) {
                if (!flags_are_of_first(memory_pointer_at(m, (const uint8_t *) words + (i + 1) * width)))
                        continue;

                r = read_first_variables(m, behind + i * width, &s->first);
                if (r > 0)
                        r = is_table(m, pointer + i * width, &s->first);
                if (r > 0)
                        s->table = pointer + i * width;
                if (r != 0)
                        return r;
        }

        return 0;
}

/* A word may be the flags of IFS. */
static int visit_for_first(Memory *m, Search *s, uint64_t address, uint64_t word) {
        return flags_are_of_first(word)
                       ? read_first_variables(m, address - memory_pointer_size(m), &s->first)
                       : 0;
}

/* A word may be the pointer to where busybox has it all. */
static int visit_for_pointer(Memory *m, Search *s, uint64_t address _unused_, uint64_t word) {
        const size_t width = memory_pointer_size(m);

        if (word <= FLAGS_ALL || word % width != 0 || program_has(s->program, word, 1, 0) ||
            s->n_followed >= POINTERS_MAX)
                return 0;

        s->n_followed++;
        return search_behind_pointer(m, s, word);
}

/* A word that points to one of the first variables is the head of its chain, or in the chain. */
static int visit_for_table(Memory *m, Search *s, uint64_t address, uint64_t word) {
        for (size_t i = 0; i < ELEMENTSOF(first_names) && word != 0; i++) {
                const uint64_t table = address - hash_of(first_names[i].name) * memory_pointer_size(m);
                int r;

                if (s->first.addresses[i] != word)
                        continue;

                r = is_table(m, table, &s->first);
                if (r > 0)
                        s->table = table;
                return r;
        }

        return 0;
}

static int search(Memory *m, Search *s) {
        int r;

        if (program_size(s->program, PF_W) > DATA_MAX)
                return -ENOEXEC;

        r = visit_data(m, s, visit_for_first);
        if (r > 0) {
                r = visit_data(m, s, visit_for_table);
                return r < 0 ? r : r == 0 ? -EINPROGRESS : 0;
        }
        if (r == 0)
                r = visit_data(m, s, visit_for_pointer);

        return r < 0 ? r : r == 0 ? -ENOEXEC : 0;
}

/* The last that a shell does with its variables when it starts is to set PWD, for itself to keep: one that came
 * with the environment is not. PPID comes shortly before, and tells it for those who have removed PWD. */
static int check_started(Memory *m, uint64_t table) {
        Variable v;
        int r;

        r = table_find(m, table, "PWD", 0, &v);
        if (r < 0)
                return r;
        if (r > 0)
                return (v.flags & FLAG_TEXT_FIXED) != 0 ? -EINPROGRESS : 0;

        r = table_find(m, table, "PPID", 0, &v);
        return r < 0 ? r : r == 0 ? -EINPROGRESS : 0;
}

int ash_locate(Memory *m, const Program *p, Location *ret) {
        Search s = { .program = p };
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = search(m, &s);
        if (r < 0)
                return r;

        r = check_started(m, s.table);
        if (r < 0)
                return r;

        *ret = (Location){
                .form = FORM_ASH, .address = s.table, .runtime = RUNTIME_ASH, .source = SOURCE_SCAN
        };
        return 0;
}

/* "NAME=…", with a name that belongs into this chain. busybox takes any name out of its environment, from 1.38 on. */
static int check_name(Memory *m, uint64_t text, uint32_t chain) {
        uint32_t h = 0;

        for (size_t n = 0; n < RECORDER_BYTES_MAX;) {
                const uint8_t *view;
                size_t size;
                int r;

                r = memory_view(m, text + n, &view, &size);
                if (r < 0)
                        return r;

                if (n == 0)
                        h = (uint32_t) view[0] << 4;
                for (size_t i = 0; i < size; i++) {
                        if (view[i] == '=')
                                return h % CHAINS == chain ? 0 : -EAGAIN;
                        if (view[i] == 0)
                                return -EAGAIN;
                        h += view[i];
                }
                n += size;
        }

        return -EAGAIN;
}

static int record_text(Recorder *recorder, Memory *m, Heap *heap, uint64_t text, uint32_t chain) {
        int r;

        r = heap_is_freed(heap, m, text);
        if (r != 0)
                return r < 0 ? r : -EAGAIN;

        r = check_name(m, text, chain);
        return r < 0 ? r : string_record(recorder, m, text);
}

static int record_variable(Recorder *recorder, Memory *m, Heap *heap, const Variable *v, uint32_t chain) {
        if ((v->flags & ~FLAGS_ALL) != 0)
                return -EAGAIN;
        if ((v->flags & (FLAG_EXPORT | FLAG_UNSET)) != FLAG_EXPORT)
                return 0;
        if (v->text == 0)
                return -EAGAIN;

        return record_text(recorder, m, heap, v->text, chain);
}

/* As listvars() does it. */
int ash_record(Recorder *recorder, Memory *m, const Location *l) {
        Heap heap = {};

        assert(recorder);
        assert(m);
        assert(l);

        heap.libc_data = l->libc_data;

        for (uint32_t chain = 0; chain < CHAINS; chain++) {
                uint64_t at;
                Variable v;
                int r;

                r = memory_read_pointer(m, l->address + chain * memory_pointer_size(m), &at);
                if (r < 0)
                        return r;

                for (; at != 0; at = v.next) {
                        r = variable_read(m, at, &v);
                        if (r >= 0)
                                r = record_variable(recorder, m, &heap, &v, chain);
                        if (r < 0)
                                return r;
                }
        }

        return 0;
}
