/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "mask.h"

/* pekeenv(1) has this list, too. */
static const char *const built_in[] = {
        "*PASS*", "*_PW",    "*_PWD",           "*SECRET*", "*TOKEN*",  "*CREDENTIAL*",        "*APIKEY*",
        "*_KEY",  "*_KEY_*", "*AUTHORIZATION*", "*_AUTH",   "*COOKIE*", "*CONNECTION_STRING*",
};

#define SYSTEM_FILE "/etc/pekeenv/mask"
#define USER_FILE "pekeenv/mask"

static int mask_add(Mask *m, const char *pattern) {
        char **patterns = reallocarray(m->patterns, m->n_patterns + 1, sizeof(char *));

        if (!patterns)
                return client_fail_without_memory();
        m->patterns = patterns;

        patterns[m->n_patterns] = strdup(pattern);
        if (!patterns[m->n_patterns])
                return client_fail_without_memory();

        m->n_patterns++;
        return 0;
}

/* Lines that are empty or begin with # do not count. */
static int mask_add_lines(Mask *m, FILE *file) {
        _cleanup_free_ char *line = NULL;
        size_t allocated = 0;
        int r = 0;

        while (r == 0 && getline(&line, &allocated, file) >= 0) {
                line[strcspn(line, " \t\n")] = 0;
                if (line[0] != 0 && line[0] != '#')
                        r = mask_add(m, line);
        }

        return r;
}

/* One that is not there is empty; one that can't be read might have hidden something. */
static int mask_add_file(Mask *m, const char *path) {
        FILE *file;
        int r;

        file = fopen(path, "re");
        if (!file)
                return errno == ENOENT || errno == ENOTDIR
                               ? 0
                               : client_fail(EXIT_UNAVAILABLE, "%s can't be read: %s.", path,
                                             strerror(errno));

        r = mask_add_lines(m, file);
        if (r == 0 && ferror(file))
                r = client_fail(EXIT_UNAVAILABLE, "%s can't be read: %s.", path, strerror(errno));
        (void) fclose(file);
        return r;
}

static int mask_add_user_file(Mask *m) {
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *path = NULL;

        if (config && config[0] == '/') {
                if (asprintf(&path, "%s/" USER_FILE, config) < 0)
                        return client_fail_without_memory();
        } else if (home && home[0] == '/') {
                if (asprintf(&path, "%s/.config/" USER_FILE, home) < 0)
                        return client_fail_without_memory();
        } else
                return 0;

        return mask_add_file(m, path);
}

static int mask_add_list(Mask *m, const char *list) {
        _cleanup_free_ char *copy = strdup(list);
        char *rest = copy;
        int r = 0;

        if (!copy)
                return client_fail_without_memory();

        for (const char *pattern; r == 0 && (pattern = strsep(&rest, ","));)
                if (pattern[0] != 0)
                        r = mask_add(m, pattern);

        return r;
}

int mask_load(const Options *o, Mask *ret) {
        _cleanup_(mask_done) Mask m = { .enabled = o->mask };
        int r = 0;

        assert(ret);

        for (size_t i = 0; r == 0 && m.enabled && i < ELEMENTSOF(built_in); i++)
                r = mask_add(&m, built_in[i]);
        if (r == 0 && o->masks)
                r = mask_add_list(&m, o->masks);
        if (r == 0 && m.enabled)
                r = mask_add_file(&m, SYSTEM_FILE);
        if (r == 0 && m.enabled)
                r = mask_add_user_file(&m);
        if (r != 0)
                return r;

        *ret = m;
        m = (Mask){};
        return 0;
}

void mask_done(Mask *m) {
        assert(m);

        for (size_t i = 0; i < m->n_patterns; i++)
                free(m->patterns[i]);
        free(m->patterns);
        *m = (Mask){};
}

/* In doubt it does. */
static bool mask_matches(const Mask *m, const char *name) {
        for (size_t i = 0; i < m->n_patterns; i++)
                if (fnmatch(m->patterns[i], name, FNM_CASEFOLD) != FNM_NOMATCH)
                        return true;

        return false;
}

/* Finds the password in the first URL: scheme://user:password@host. Returns its start, NULL if there is none. */
static const char *find_password(const char *text, const char **ret_end) {
        for (const char *start = text; (start = strstr(start, "://"));) {
                const char *at, *colon;

                start += strlen("://");

                /* There may be an @ in a password, so the last one counts. */
                at = start + strcspn(start, "/?# \t\n\"'");
                while (at > start && *at != '@')
                        at--;

                colon = memchr(start, ':', (size_t) (at - start));
                if (colon && colon + 1 < at) {
                        *ret_end = at;
                        return colon + 1;
                }
        }

        return NULL;
}

static char *mask_urls(const char *text) {
        _cleanup_(buffer_done) Buffer masked = {};
        const char *password, *end;

        while ((password = find_password(text, &end))) {
                buffer_add(&masked, text, (size_t) (password - text));
                buffer_add_text(&masked, MASK);
                text = end;
        }
        buffer_add_text(&masked, text);

        return buffer_take(&masked, NULL);
}

char *mask_value(const Mask *m, const char *name, size_t size, const char *value) {
        _cleanup_free_ char *copy = NULL;

        assert(m);
        assert(name);
        assert(value);

        if (!m->enabled)
                return strdup(value);

        copy = strndup(name, size);
        if (!copy)
                return NULL;

        return mask_matches(m, copy) ? strdup(MASK) : mask_urls(value);
}

/* Of what has no name it can't be told what it is. */
static bool add_masked(const Mask *m, Buffer *buffer, const char *entry) {
        const char *end = strchr(entry, '=');
        _cleanup_free_ char *value = NULL;

        value = end ? mask_value(m, entry, (size_t) (end - entry), end + 1) : strdup(MASK);
        if (!value)
                return false;

        if (end)
                buffer_add(buffer, entry, (size_t) (end + 1 - entry));
        buffer_add(buffer, value, strlen(value) + 1);
        return true;
}

int mask_apply(const Mask *m, Environment *e) {
        _cleanup_(buffer_done) Buffer buffer = {};
        Environment masked;

        assert(m);
        assert(e);

        if (!m->enabled)
                return 0;

        for (const char *p = NULL; (p = environment_next(e, p));)
                if (!add_masked(m, &buffer, p))
                        return client_fail_without_memory();
        if (environment_take(&buffer, &masked) < 0)
                return client_fail_without_memory();

        environment_done(e);
        *e = masked;
        return 0;
}
