/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"

void environment_done(Environment *e) {
        assert(e);

        if (e->data) {
                explicit_bzero(e->data, e->size);
                free(e->data);
        }
        *e = (Environment){};
}

const char *environment_next(const Environment *e, const char *entry) {
        assert(e);

        entry = entry ? entry + strlen(entry) + 1 : e->data;
        return entry && entry < e->data + e->size ? entry : NULL;
}

const char *environment_find(const Environment *e, const char *name, size_t size) {
        assert(e);
        assert(name);

        for (const char *p = NULL; (p = environment_next(e, p));)
                if (strncmp(p, name, size) == 0 && p[size] == '=')
                        return p + size + 1;

        return NULL;
}

size_t environment_count(const Environment *e) {
        size_t n = 0;

        for (const char *p = NULL; (p = environment_next(e, p));)
                n++;

        return n;
}

int variable_compare(const Variable *a, const Variable *b) {
        int order;

        assert(a);
        assert(b);

        order = memcmp(a->name, b->name, min_size(a->size, b->size));
        return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_places(const void *a, const void *b) {
        const Variable *x = a, *y = b;

        return (x->name > y->name) - (x->name < y->name);
}

static int compare_names_and_places(const void *a, const void *b) {
        const int order = variable_compare(a, b);

        return order != 0 ? order : compare_places(a, b);
}

void variables_sort(Variables *v) {
        assert(v);

        if (v->n_items > 0)
                qsort(v->items, v->n_items, sizeof(Variable), compare_names_and_places);
}

/* Leaves the first of each name. */
static void variables_make_unique(Variables *v) {
        size_t n = 0;

        variables_sort(v);
        for (size_t i = 0; i < v->n_items; i++)
                if (n == 0 || variable_compare(v->items + n - 1, v->items + i) != 0)
                        v->items[n++] = v->items[i];

        v->n_items = n;
        if (n > 0)
                qsort(v->items, n, sizeof(Variable), compare_places);
}

int environment_variables(const Environment *e, Variables *ret) {
        Variables v = {};

        assert(e);
        assert(ret);

        v.items = calloc(environment_count(e) + 1, sizeof(Variable));
        if (!v.items)
                return -ENOMEM;

        for (const char *p = NULL; (p = environment_next(e, p));) {
                const size_t size = strcspn(p, "=");

                if (size > 0 && p[size] == '=')
                        v.items[v.n_items++] = (Variable){ p, size, p + size + 1 };
        }
        variables_make_unique(&v);

        *ret = v;
        return 0;
}

void variables_done(Variables *v) {
        assert(v);

        free(v->items);
        *v = (Variables){};
}

char **environment_list(const Environment *e) {
        size_t n = 0;
        char **list;

        assert(e);

        list = calloc(environment_count(e) + 1, sizeof(char *));
        if (!list)
                return NULL;

        for (const char *p = NULL; (p = environment_next(e, p));)
                list[n++] = (char *) p;

        return list;
}

int environment_take(Buffer *strings, Environment *ret) {
        Environment e;

        assert(strings);
        assert(ret);

        e.data = buffer_take(strings, &e.size);
        if (!e.data)
                return -ENOMEM;

        *ret = e;
        return 0;
}

int environment_read(int fd, Environment *ret) {
        _cleanup_(environment_done) Environment e = {};
        struct stat st;
        size_t size;

        assert(fd >= 0);
        assert(ret);

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADF;

        size = (size_t) st.st_size;
        e.data = malloc(size + 1);
        if (!e.data)
                return -ENOMEM;

        while (e.size < size) {
                ssize_t n = pread(fd, e.data + e.size, size - e.size, (off_t) e.size);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
                e.size += (size_t) n;
        }

        /* Whoever has made it, there is an end to the last entry. */
        e.data[e.size] = 0;

        *ret = e;
        e = (Environment){};
        return 0;
}
