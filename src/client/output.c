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
        written = !ferror(stdout);
        written = fclose(stdout) == 0 && written;
        /* Who leaves the pager has seen enough. */
        if (!written && !(o->pager > 0 && (errno == EPIPE || errno == 0)))
                status = client_fail(EXIT_OUTPUT, "The output can't be written: %s.",
                                     strerror(errno ? errno : EIO));

        pager_done(&o->pager);
        return status;
}

_Noreturn void output_fail(void) {
        exit(client_fail_without_memory());
}

void output_done(Output *o) {
        assert(o);

        mask_done(&o->mask);
}

static char *escape(const char *text) {
        char *escaped = text_escape(text, strlen(text));

        if (!escaped)
                output_fail();
        return escaped;
}

static void print_colored(const Output *o, Color color, const char *text) {
        const bool colored = o->colors && color != COLOR_NONE;

        (void) printf("%s%s%s", colored ? color_codes[color] : "", text, colored ? COLOR_END : "");
}

void output_text(const Output *o, Color color, const char *text) {
        _cleanup_free_ char *escaped = NULL;

        assert(o);
        assert(text);

        if (o->terminal && o->options->format != FORMAT_NULL)
                text = escaped = escape(text);

        print_colored(o, color, text);
}

void output_heading(const Output *o, const Target *t, bool first) {
        _cleanup_free_ char *comm = NULL;
        char text[256];

        assert(o);
        assert(t);

        if (o->options->no_legend)
                return;

        comm = escape(t->comm);
        (void) snprintf(text, sizeof(text), "%d%s%s:", t->pid, comm[0] ? " " : "", comm);
        if (!first)
                (void) fputc('\n', stdout);
        print_colored(o, COLOR_HEADING, text);
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

/* Between single quotes everything stands for itself, but for those. What must not get through to a terminal does so
 * as $'…' only, which most shells know, and POSIX since 2024. */
static void print_quoted(const Output *o, const char *value) {
        _cleanup_free_ char *escaped = o->terminal ? escape(value) : NULL;
        const bool special = escaped && strcmp(escaped, value) != 0;

        (void) fputs(special ? "$'" : "'", stdout);
        for (const char *p = special ? escaped : value; *p; p++)
                if (*p == '\'')
                        (void) fputs(special ? "\\'" : "'\\''", stdout);
                else
                        (void) fputc(*p, stdout);
        (void) fputc('\'', stdout);
}

static void output_shell(const Output *o, Client *c, const Environment *e) {
        _cleanup_(variables_done) Variables v = {};
        size_t n_left_out = environment_count(e);

        if (environment_variables(e, &v) < 0)
                output_fail();

        for (size_t i = 0; i < v.n_items; i++) {
                if (!is_shell_name(v.items[i].name, v.items[i].size))
                        continue;

                (void) printf("export %.*s=", (int) v.items[i].size, v.items[i].name);
                print_quoted(o, v.items[i].value);
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
                return output_shell(o, c, e);

        for (const char *p = NULL; (p = environment_next(e, p));) {
                output_text(o, COLOR_NONE, p);
                output_end_entry(o);
        }
}

int output_json(const Output *o, json_t *json) {
        _cleanup_free_ char *text = NULL, *escaped = NULL;

        assert(o);

        if (!json)
                return client_fail(
                        EXIT_UNAVAILABLE,
                        "This can't be put into JSON: there is no memory, or two names would be the same "
                        "there. get --null is exact.");

        text = json_dumps(json, o->options->format == FORMAT_JSON_PRETTY ? JSON_INDENT(8) : JSON_COMPACT);
        json_decref(json);
        if (text && o->terminal)
                escaped = text_escape_json(text, strlen(text));
        if (!text || (o->terminal && !escaped))
                return client_fail_without_memory();

        (void) puts(escaped ? escaped : text);
        return 0;
}
