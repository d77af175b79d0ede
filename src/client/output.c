/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "pager.h"
#include "text.h"

static const char *const color_codes[] = {
        [COLOR_ADDED] = "\x1b[32m",
        [COLOR_REMOVED] = "\x1b[31m",
        [COLOR_CHANGED] = "\x1b[33m",
        [COLOR_HEADING] = "\x1b[1m",
};

#define COLOR_END "\x1b[0m"

static bool is_one_of(const char *text, const char *const list[]) {
        for (; *list; list++)
                if (strcasecmp(text, *list) == 0)
                        return true;

        return false;
}

/* As in systemd's programs: $SYSTEMD_COLORS goes before $NO_COLOR, and that before what the terminal can do. */
static bool want_colors(bool terminal) {
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", NULL };
        const char *value;

        value = getenv("SYSTEMD_COLORS");
        if (value && value[0] != 0)
                return !is_one_of(value, no);

        value = getenv("NO_COLOR");
        if (value && value[0] != 0)
                return false;

        value = getenv("TERM");
        return terminal && value && strcmp(value, "dumb") != 0;
}

int output_begin(Client *c, Output *ret) {
        _cleanup_(output_done) Output o = {};
        int r;

        assert(c);
        assert(ret);

        o.options = c->options;
        o.terminal = isatty(STDOUT_FILENO);
        o.colors = want_colors(o.terminal);

        r = mask_load(c->options, &o.mask);
        if (r != 0)
                return r;

        /* The pager must not have the terminal while a password is asked for. */
        agent_done(&c->agent);
        if (o.terminal && !c->options->no_pager && c->options->format != FORMAT_NULL)
                pager_start(&o.pager);

        *ret = o;
        o = (Output){};
        return 0;
}

int output_end(Output *o, int status) {
        bool written;

        assert(o);

        errno = 0;
        written = fflush(stdout) == 0 && !ferror(stdout);
        /* Who leaves the pager has seen enough. */
        if (!written && !(o->pager > 0 && (errno == EPIPE || errno == 0)))
                status = client_fail(EXIT_OUTPUT, "The output can't be written: %s.",
                                     strerror(errno ? errno : EIO));

        output_done(o);
        return status;
}

void output_done(Output *o) {
        assert(o);

        pager_done(&o->pager);
        mask_done(&o->mask);
}

void output_text(const Output *o, Color color, const char *text) {
        _cleanup_free_ char *escaped = NULL;

        assert(o);
        assert(text);

        if (o->colors && color != COLOR_NONE)
                (void) fputs(color_codes[color], stdout);

        if (o->terminal && o->options->format != FORMAT_NULL) {
                escaped = text_escape(text, strlen(text));
                text = escaped ? escaped : "(there is no memory)";
        }
        (void) fputs(text, stdout);

        if (o->colors && color != COLOR_NONE)
                (void) fputs(COLOR_END, stdout);
}

void output_heading(const Output *o, const Target *t, bool first) {
        _cleanup_free_ char *comm = NULL;
        char text[256];

        assert(o);
        assert(t);

        if (o->options->no_legend)
                return;

        comm = text_escape(t->comm, strlen(t->comm));
        (void) snprintf(text, sizeof(text), "%d%s%s:", t->pid, comm && comm[0] ? " " : "", comm ? comm : "");
        if (!first)
                (void) fputc('\n', stdout);
        output_text(o, COLOR_HEADING, text);
        (void) fputc('\n', stdout);
}

void output_end_entry(const Output *o) {
        assert(o);

        (void) fputc(o->options->format == FORMAT_NULL ? 0 : '\n', stdout);
}

/* POSIX, "Name". */
static bool is_shell_name(const char *name, size_t size) {
        if (size == 0 || (name[0] >= '0' && name[0] <= '9'))
                return false;

        for (size_t i = 0; i < size; i++)
                if (!(name[i] == '_' || (name[i] >= '0' && name[i] <= '9') ||
                      (name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= 'a' && name[i] <= 'z')))
                        return false;

        return true;
}

/* Between single quotes everything stands for itself, but for those. */
static void print_quoted(const char *value) {
        (void) fputc('\'', stdout);
        for (const char *p = value; *p; p++)
                if (*p == '\'')
                        (void) fputs("'\\''", stdout);
                else
                        (void) fputc(*p, stdout);
        (void) fputc('\'', stdout);
}

static void output_shell(Client *c, const Environment *e) {
        _cleanup_(variables_done) Variables v = {};
        size_t n_left_out = environment_count(e);

        if (environment_variables(e, &v) < 0)
                return client_note(c, "There is no memory.");

        for (size_t i = 0; i < v.n_items; i++) {
                if (!is_shell_name(v.items[i].name, v.items[i].size))
                        continue;

                (void) printf("export %.*s=", (int) v.items[i].size, v.items[i].name);
                print_quoted(v.items[i].value);
                (void) fputc('\n', stdout);
                n_left_out--;
        }

        if (n_left_out > 0)
                client_note(
                        c,
                        "%zu of the entries are left out: what a shell calls a variable they are not, or not the "
                        "first of their name.",
                        n_left_out);
}

void output_environment(const Output *o, Client *c, const Environment *e) {
        assert(o);
        assert(c);
        assert(e);

        if (o->options->format == FORMAT_SHELL)
                return output_shell(c, e);

        for (const char *p = NULL; (p = environment_next(e, p));) {
                output_text(o, COLOR_NONE, p);
                output_end_entry(o);
        }
}

int output_json(const Output *o, json_t *json) {
        const bool pretty = o->options->format == FORMAT_JSON_PRETTY;
        int r;

        if (!json)
                return client_fail(EXIT_UNAVAILABLE, "There is no memory.");

        r = json_dumpf(json, stdout, pretty ? JSON_INDENT(8) : JSON_COMPACT);
        json_decref(json);
        if (r == 0)
                (void) fputc('\n', stdout);
        return 0;
}
