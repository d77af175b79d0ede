/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "inspector-client.h"
#include "json.h"
#include "output.h"

typedef struct Comparison {
        Environment old, new;
} Comparison;

static void comparison_done(Comparison *c) {
        environment_done(&c->old);
        environment_done(&c->new);
}

/* What is told of one variable: old is NULL if it was added, new if it was removed. Names and values as getenv(3) finds
 * them. */
typedef void (*variable_handler_t)(const char *name, size_t size, const char *old, const char *new,
                                   void *userdata);

static int tell(const Mask *mask, const Variable *v, const char *old, const char *new,
                variable_handler_t handler, void *userdata) {
        _cleanup_free_ char *shown_old = NULL, *shown_new = NULL;

        shown_old = old ? mask_value(mask, v->name, v->size, old) : NULL;
        shown_new = new ? mask_value(mask, v->name, v->size, new) : NULL;
        if ((old && !shown_old) || (new && !shown_new))
                return client_fail(EXIT_UNAVAILABLE, "There is no memory.");

        handler(v->name, v->size, shown_old, shown_new, userdata);
        return EXIT_MISSING;
}

/* Tells each difference, in the order of the names. Returns 0 if there is none, EXIT_MISSING if there is one, or another
 * exit status. */
static int comparison_tell(const Comparison *c, const Mask *mask, variable_handler_t handler,
                           void *userdata) {
        _cleanup_(variables_done) Variables old = {}, new = {};
        int r;

        if (environment_variables(&c->old, &old) < 0 || environment_variables(&c->new, &new) < 0)
                return client_fail(EXIT_UNAVAILABLE, "There is no memory.");
        variables_sort(&old);
        variables_sort(&new);

        r = 0;
        for (size_t i = 0, j = 0; r <= EXIT_MISSING && (i < old.n_items || j < new.n_items);) {
                const Variable *a = i < old.n_items ? old.items + i : NULL,
                               *b = j < new.n_items ? new.items + j : NULL;
                const int order = !a ? 1 : !b ? -1 : variable_compare(a, b);

                i += order <= 0;
                j += order >= 0;
                if (order != 0 || strcmp(a->value, b->value) != 0)
                        r = tell(mask, order <= 0 ? a : b, order <= 0 ? a->value : NULL,
                                 order >= 0 ? b->value : NULL, handler, userdata);
        }

        return r;
}

static void print_variable(const char *name, size_t size, const char *old, const char *new, void *userdata) {
        const Output *o = userdata;
        const Color color = !old ? COLOR_ADDED : !new ? COLOR_REMOVED : COLOR_CHANGED;
        _cleanup_free_ char *text = NULL;
        int r;

        if (old && new)
                r = asprintf(&text, "~ %.*s=%s → %s", (int) size, name, old, new);
        else
                r = asprintf(&text, "%c %.*s=%s", old ? '-' : '+', (int) size, name, old ? old : new);

        output_text(o, color, r < 0 ? "(there is no memory)" : text);
        output_end_entry(o);
}

typedef struct Json {
        json_t *added, *removed, *changed;
        bool failed;
} Json;

static json_t *make_value(const char *value) {
        return json_text(value, strlen(value));
}

static void put_variable(const char *name, size_t size, const char *old, const char *new, void *userdata) {
        Json *j = userdata;
        bool done;

        if (!old)
                done = json_put(j->added, name, size, make_value(new));
        else if (!new)
                done = json_put(j->removed, name, size, make_value(old));
        else
                done = json_put(j->changed, name, size,
                                json_pack("{s:o, s:o}", "old", make_value(old), "new", make_value(new)));

        j->failed = j->failed || !done;
}

static int print_json(const Comparison *comparison, const Output *o) {
        Json j = { json_object(), json_object(), json_object(), false };
        json_t *json;
        int r, status;

        status = comparison_tell(comparison, &o->mask, put_variable, &j);

        json = json_pack("{s:o, s:o, s:o}", "added", j.added, "removed", j.removed, "changed", j.changed);
        if (json && (j.failed || status > EXIT_MISSING)) {
                json_decref(json);
                json = NULL;
        }

        r = status > EXIT_MISSING ? status : output_json(o, json);
        return r != 0 ? r : status;
}

/* Of one process its start and now, of two now and now. */
static int comparison_take(Comparison *comparison, Client *c, char *arguments[]) {
        _cleanup_(target_done) Target first = TARGET_NULL, second = TARGET_NULL;
        const bool of_two = arguments[1];
        int r;

        r = target_find(c, arguments[0], &first);
        if (r == 0 && of_two)
                r = target_find(c, arguments[1], &second);
        if (r == 0)
                r = inspector_get_environment(c, &first, !of_two, &comparison->old);
        if (r == 0)
                r = inspector_get_environment(c, of_two ? &second : &first, false, &comparison->new);
        return r;
}

int verb_diff(Client *c, char *arguments[]) {
        _cleanup_(comparison_done) Comparison comparison = {};
        _cleanup_(output_done) Output output = {};
        int r;

        assert(c);
        assert(arguments);

        r = comparison_take(&comparison, c, arguments);
        if (r == 0)
                r = output_begin(c, &output);
        if (r != 0)
                return r;

        r = options_json(c->options) ? print_json(&comparison, &output)
                                     : comparison_tell(&comparison, &output.mask, print_variable, &output);
        return output_end(&output, r);
}
