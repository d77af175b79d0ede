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
        return entry < e->data + e->size ? entry : NULL;
}

const char *environment_find(const Environment *e, const char *name, size_t size) {
        assert(e);
        assert(name);

        for (const char *p = NULL; (p = environment_next(e, p));)
                if (strncmp(p, name, size) == 0 && p[size] == '=')
                        return p + size + 1;

        return NULL;
}

size_t environment_name(const Environment *e, const char *entry) {
        size_t size;

        assert(e);
        assert(entry);

        size = strcspn(entry, "=");
        if (size == 0 || entry[size] == 0)
                return 0;

        return environment_find(e, entry, size) == entry + size + 1 ? size : 0;
}

char **environment_list(const Environment *e) {
        size_t n = 0;
        char **list;

        assert(e);

        for (const char *p = NULL; (p = environment_next(e, p));)
                n++;

        list = calloc(n + 1, sizeof(char *));
        if (!list)
                return NULL;

        n = 0;
        for (const char *p = NULL; (p = environment_next(e, p));)
                list[n++] = (char *) p;

        return list;
}

int environment_read(int fd, Environment *ret) {
        _cleanup_(environment_done) Environment e = {};
        struct stat st;
        size_t size;

        assert(fd >= 0);
        assert(ret);

        if (fstat(fd, &st) < 0)
                return -errno;

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
