/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "array.h"
#include "bash-table.h"
#include "bash.h"
#include "heap.h"
#include "symbol.h"

#define SCOPES_MAX 65536U /* calls of functions in each other */
#define TABLES_MAX 4096U  /* of these with variables of their own */
#define LAYOUT_TRIES 3U

/* The tables of a Location; its address is that of array_needs_making. */
enum {
        EXPORT_ENV,
        SHELL_VARIABLES,
        TEMPORARY_ENV,
        INVALID_ENV,
        SHELL_FUNCTIONS,
        RESTRICTED, /* 0 if this bash knows no restricted shells */
};

/* variables.c and shell.c of bash */
static const char *const table_names[] = {
        [EXPORT_ENV] = "export_env",           [SHELL_VARIABLES] = "shell_variables",
        [TEMPORARY_ENV] = "temporary_env",     [INVALID_ENV] = "invalid_env",
        [SHELL_FUNCTIONS] = "shell_functions", [RESTRICTED] = "restricted",
};

/* Whose sources were read: structures, attributes and maybe_make_export_env() are the same in all of them. */
static const char *const known_versions[] = { "5.0", "5.1", "5.2", "5.3" };

/* The scopes that have variables, from the innermost out. */
typedef struct Scopes {
        BashTable *tables;
        size_t n_tables, n_allocated;
} Scopes;

static void scopes_done(Scopes *s) {
        free(s->tables);
}

static int scopes_add(Scopes *s, Memory *m, uint64_t table) {
        BashTable t;
        int r;

        r = bash_table_read(m, table, &t);
        if (r < 0 || t.n_items == 0)
                return r;

        if (s->n_tables == s->n_allocated) {
                const size_t n = s->n_allocated == 0 ? 8 : 2 * s->n_allocated;
                BashTable *tables;

                if (n > TABLES_MAX)
                        return -ENOTSUP;

                tables = reallocarray(s->tables, n, sizeof(BashTable));
                if (!tables)
                        return -ENOMEM;

                s->tables = tables;
                s->n_allocated = n;
        }

        s->tables[s->n_tables++] = t;
        return 0;
}

/* A variable of bash's that points to a table. */
static int scopes_add_by_pointer(Scopes *s, Memory *m, uint64_t pointer) {
        uint64_t table;
        int r;

        r = memory_read_pointer(m, pointer, &table);
        return r < 0 ? r : scopes_add(s, m, table);
}

/* variables.h, VAR_CONTEXT: char *name; int scope, flags; VAR_CONTEXT *up, *down; HASH_TABLE *table. */
static int scopes_add_contexts(Scopes *s, Memory *m, uint64_t pointer) {
        const size_t width = memory_pointer_size(m);
        uint64_t context;
        int r;

        r = memory_read_pointer(m, pointer, &context);
        if (r < 0)
                return r;

        for (size_t n = 0; context != 0; n++) {
                uint64_t table, down;

                if (n >= SCOPES_MAX)
                        return -ENOTSUP;

                r = memory_read_pointer(m, context + 2 * width + 2 * sizeof(uint32_t), &down);
                if (r >= 0)
                        r = memory_read_pointer(m, context + 3 * width + 2 * sizeof(uint32_t), &table);
                if (r >= 0)
                        r = scopes_add(s, m, table);
                if (r < 0)
                        return r;

                context = down;
        }

        return 0;
}

static int scopes_read(Scopes *s, Memory *m, const Location *l) {
        int r;

        r = scopes_add_by_pointer(s, m, l->tables[INVALID_ENV]);
        if (r >= 0)
                r = scopes_add_by_pointer(s, m, l->tables[TEMPORARY_ENV]);
        if (r >= 0)
                r = scopes_add_contexts(s, m, l->tables[SHELL_VARIABLES]);
        return r;
}

static bool variable_is_for_export(const BashVariable *v) {
        return (v->attributes & BASH_EXPORTED) != 0 &&
               ((v->attributes & BASH_INVISIBLE) == 0 || (v->attributes & BASH_IMPORTED) != 0);
}

static bool function_is_for_export(const BashVariable *v) {
        return (v->attributes & (BASH_EXPORTED | BASH_INVISIBLE)) == BASH_EXPORTED;
}

/* Whether what is at the address begins with a text. Returns 1 or 0, or the errors of memory_read(). */
static int starts_with(Memory *m, uint64_t address, const void *text, size_t size) {
        for (const uint8_t *p = text; size > 0;) {
                const uint8_t *view;
                size_t n;
                int r;

                r = memory_view(m, address, &view, &n);
                if (r < 0)
                        return r;

                n = min_size(n, size);
                if (memcmp(view, p, n) != 0)
                        return false;

                address += n;
                p += n;
                size -= n;
        }

        return true;
}

/* The same for a text in the same memory. */
static int starts_with_text_at(Memory *m, uint64_t address, uint64_t text, size_t size) {
        uint8_t buf[256];

        while (size > 0) {
                const size_t n = min_size(size, sizeof(buf));
                int r;

                r = memory_read(m, text, buf, n);
                if (r < 0)
                        return r;

                r = starts_with(m, address, buf, n);
                if (r <= 0)
                        return r;

                address += n;
                text += n;
                size -= n;
        }

        return true;
}

/* Whether an exported variable of the same name comes before this one in its bucket of a table. */
static int table_hides(Memory *m, const BashTable *t, const BashVariable *v, size_t name_length) {
        BashVariable other;
        uint64_t item;
        int r;

        r = bash_table_find_bucket(m, t, v->hash, &item);
        if (r < 0)
                return r;

        for (; item != 0 && item != v->item; item = other.next) {
                r = bash_variable_read(m, item, &other);
                if (r < 0)
                        return r;
                if (other.hash != v->hash || !variable_is_for_export(&other))
                        continue;

                r = starts_with_text_at(m, other.name, v->name, name_length + 1);
                if (r != 0)
                        return r;
        }

        return false;
}

/* Returns 1 if it is hidden by one in its own scope, n_inner, or in one of those further in. */
static int scopes_hide(const Scopes *s, Memory *m, size_t n_inner, const BashVariable *v,
                       size_t name_length) {
        for (size_t i = 0; i <= n_inner; i++) {
                int r;

                r = table_hides(m, &s->tables[i], v, name_length);
                if (r != 0)
                        return r;
        }

        return false;
}

/* Adds a part of an entry. */
static int record_text_at(Recorder *recorder, Memory *m, uint64_t address, size_t size) {
        while (size > 0) {
                const uint8_t *view;
                size_t n;
                int r;

                r = memory_view(m, address, &view, &n);
                if (r < 0)
                        return r;

                n = min_size(n, size);
                r = recorder_add(recorder, view, n);
                if (r < 0)
                        return r;

                address += n;
                size -= n;
        }

        return 0;
}

/* "NAME=…", or "BASH_FUNC_NAME%%=…" for a function. A string that bash has just freed is something else. */
static int check_export_string(Memory *m, const BashVariable *v, size_t name_length) {
        static const char prefix[] = "BASH_FUNC_", suffix[] = "%%";
        uint64_t address = v->export_string;
        int r = 1;

        if (v->attributes & BASH_FUNCTION) {
                r = starts_with(m, address, prefix, strlen(prefix));
                address += strlen(prefix);
        }
        if (r > 0)
                r = starts_with_text_at(m, address, v->name, name_length);
        address += name_length;
        if (r > 0 && (v->attributes & BASH_FUNCTION)) {
                r = starts_with(m, address, suffix, strlen(suffix));
                address += strlen(suffix);
        }
        if (r > 0)
                r = starts_with(m, address, "=", 1);

        return r > 0 ? 0 : r < 0 ? r : -EAGAIN;
}

static int record_value(Recorder *recorder, Memory *m, Heap *heap, const BashVariable *v,
                        size_t name_length) {
        int r;

        r = heap_is_freed(heap, m, v->value);
        if (r != 0)
                return r < 0 ? r : -EAGAIN;

        r = record_text_at(recorder, m, v->name, name_length);
        if (r >= 0)
                r = recorder_add(recorder, "=", 1);
        return r < 0 ? r : string_record(recorder, m, v->value);
}

/* As make_env_array_from_var_list() does it. */
static int record_variable(Recorder *recorder, Memory *m, Heap *heap, const BashVariable *v,
                           size_t name_length) {
        int r;

        if ((v->attributes & BASH_REGENERATE) && v->make_value != 0)
                return -ENOTSUP;

        if (v->export_string != 0) {
                r = heap_is_freed(heap, m, v->export_string);
                if (r != 0)
                        return r < 0 ? r : -EAGAIN;

                r = check_export_string(m, v, name_length);
                return r < 0 ? r : string_record(recorder, m, v->export_string);
        }

        if (v->attributes & BASH_FUNCTION)
                return -ENOTSUP;
        if ((v->attributes & (BASH_ARRAY | BASH_ASSOCIATIVE)) || v->value == 0)
                return 0;

        return record_value(recorder, m, heap, v, name_length);
}

static int record_scope(Recorder *recorder, Memory *m, Heap *heap, Scopes *s, size_t index) {
        BashWalk walk = {};
        BashVariable v;
        size_t name_length;
        int r;

        while ((r = bash_table_next(m, &s->tables[index], &walk, &v)) > 0) {
                if (!variable_is_for_export(&v))
                        continue;

                r = bash_variable_check_name(m, &v, &name_length);
                if (r >= 0)
                        r = scopes_hide(s, m, index, &v, name_length);
                if (r == 0 && name_length == 1)
                        r = starts_with(m, v.name, "_", 1);
                if (r == 0)
                        r = record_variable(recorder, m, heap, &v, name_length);
                if (r < 0)
                        return r;
        }

        return r;
}

static int record_functions(Recorder *recorder, Memory *m, Heap *heap, uint64_t pointer) {
        BashWalk walk = {};
        BashVariable v;
        size_t name_length;
        uint64_t address;
        BashTable table;
        int r;

        r = memory_read_pointer(m, pointer, &address);
        if (r < 0)
                return r;

        r = bash_table_read(m, address, &table);
        if (r < 0)
                return r;

        while ((r = bash_table_next(m, &table, &walk, &v)) > 0) {
                if (!function_is_for_export(&v))
                        continue;

                r = bash_variable_check_name(m, &v, &name_length);
                if (r >= 0)
                        r = record_variable(recorder, m, heap, &v, name_length);
                if (r < 0)
                        return r;
        }

        return r;
}

/* As maybe_make_export_env() does it. */
static int record_tables(Recorder *recorder, Memory *m, const Location *l) {
        _cleanup_(scopes_done) Scopes scopes = {};
        uint32_t restricted = 0;
        Heap heap = { .libc_data = l->libc_data };
        int r;

        r = scopes_read(&scopes, m, l);
        if (r < 0)
                return r;

        for (size_t i = 0; i < scopes.n_tables; i++) {
                r = record_scope(recorder, m, &heap, &scopes, i);
                if (r < 0)
                        return r;
        }

        if (l->tables[RESTRICTED] != 0) {
                r = memory_read(m, l->tables[RESTRICTED], &restricted, sizeof(restricted));
                if (r < 0)
                        return r;
        }

        return restricted != 0 ? 0 : record_functions(recorder, m, &heap, l->tables[SHELL_FUNCTIONS]);
}

static int record_made(Recorder *recorder, Memory *m, const Location *l) {
        uint64_t address, string;
        Heap heap = { .libc_data = l->libc_data };
        int r;

        r = memory_read_pointer(m, l->tables[EXPORT_ENV], &address);
        if (r < 0)
                return r;
        if (address == 0)
                return -EAGAIN;

        for (;; address += memory_pointer_size(m)) {
                r = memory_read_pointer(m, address, &string);
                if (r < 0 || string == 0)
                        return r;

                r = heap_is_freed(&heap, m, string);
                if (r != 0)
                        return r < 0 ? r : -EAGAIN;

                r = starts_with(m, string, "_=", 2);
                if (r == 0)
                        r = string_record(recorder, m, string);
                if (r < 0)
                        return r;
        }
}

int bash_record(Recorder *recorder, Memory *m, const Location *l) {
        uint32_t needs_making;
        int r;

        assert(recorder);
        assert(m);
        assert(l);

        r = memory_read(m, l->address, &needs_making, sizeof(needs_making));
        if (r < 0)
                return r;

        if (needs_making == 0)
                return record_made(recorder, m, l);
        if (l->tables[SHELL_VARIABLES] == 0)
                return -ENOTSUP;

        return record_tables(recorder, m, l);
}

/* version.c of bash: const char * const dist_version. */
static int version_is_known(Memory *m, const Dynamic *d) {
        uint64_t variable, address;
        char version[8];
        int r;

        r = symbol_find_variable(m, d, "dist_version", &variable);
        if (r < 0)
                return r == -ENOENT ? false : r;

        r = memory_read_pointer(m, variable, &address);
        if (r >= 0)
                r = memory_read_string(m, address, version, sizeof(version));
        if (r < 0)
                return r == -ENAMETOOLONG ? false : r;

        for (size_t i = 0; i < ELEMENTSOF(known_versions); i++)
                if (strcmp(version, known_versions[i]) == 0)
                        return true;

        return false;
}

/* One name whose hash is the one noted beside it shows that all structures on the way to it are as expected. */
static int check_layout(Memory *m, const Location *l) {
        _cleanup_(scopes_done) Scopes scopes = {};
        BashWalk walk = {};
        BashVariable v;
        size_t length;
        int r;

        r = scopes_add_contexts(&scopes, m, l->tables[SHELL_VARIABLES]);
        if (r < 0)
                return r;
        if (scopes.n_tables == 0)
                return -ENOTSUP;

        r = bash_table_next(m, &scopes.tables[scopes.n_tables - 1], &walk, &v);
        if (r <= 0)
                return r == 0 ? -EAGAIN : r;

        return bash_variable_check_name(m, &v, &length);
}

static int check_layout_again(Memory *m, const Location *l) {
        int r = 0;

        for (size_t i = 0; i < LAYOUT_TRIES; i++) {
                r = check_layout(m, l);
                if (r >= 0 || r == -ESTALE || r == -ENOMEM)
                        return r;

                memory_forget(m);
        }

        return -ENOTSUP;
}

static int find_tables(Memory *m, const Dynamic *d, Location *l) {
        for (size_t i = 0; i < ELEMENTSOF(table_names); i++) {
                int r;

                r = symbol_find_variable(m, d, table_names[i], &l->tables[i]);
                if (r == -ENOENT && i == RESTRICTED)
                        l->tables[i] = 0;
                else if (r < 0)
                        return r == -ENOENT ? -ENOTSUP : r;
        }

        return version_is_known(m, d);
}

/* shell.c of bash, shell_initialize(): right after it has made its variables out of the environment, it sets up job
 * control, whose process group is -1 before (jobs.c). What it is told to run comes later, but so do its startup files,
 * and a session that one of these starts lasts. */
static int check_initialized(Memory *m, const Dynamic *d) {
        uint64_t address;
        int32_t group;
        int r;

        r = symbol_find_variable(m, d, "shell_pgrp", &address);
        if (r < 0)
                return r == -ENOENT ? -ENOTSUP : r;

        r = memory_read(m, address, &group, sizeof(group));
        if (r < 0)
                return r;

        return group == -1 ? -EINPROGRESS : 0;
}

int bash_locate(Memory *m, const Dynamic *d, Location *ret) {
        static const char symbol[] = "array_needs_making";
        Location l = { .form = FORM_BASH, .runtime = RUNTIME_BASH, .source = SOURCE_DYNAMIC_SYMBOL };
        int r;

        assert(m);
        assert(d);
        assert(ret);

        r = symbol_find_variable(m, d, symbol, &l.address);
        if (r < 0)
                return r == -ENOENT ? -ENOEXEC : r;
        strcpy(l.symbol, symbol);

        r = check_initialized(m, d);
        if (r < 0)
                return r;

        r = find_tables(m, d, &l);
        if (r < 0)
                return r;

        if (r > 0)
                r = check_layout_again(m, &l);
        else
                l.tables[SHELL_VARIABLES] = 0;
        if (r < 0)
                return r;

        *ret = l;
        return 0;
}
