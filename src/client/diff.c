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

/* Tells a variable that is in one of the two, or in both. Returns EXIT_MISSING, or another exit status. */
static int tell(const Mask *mask, const Variable *a, const Variable *b, variable_handler_t handler,
                void *userdata) {
        const Variable *v = a ? a : b;
        char *shown[2] = {};
        bool done;

        assert(v);

        if (a)
                shown[0] = mask_value(mask, a->name, a->size, a->value);
        if (b)
                shown[1] = mask_value(mask, b->name, b->size, b->value);

        done = (!a || shown[0]) && (!b || shown[1]);
        if (done)
                handler(v->name, v->size, shown[0], shown[1], userdata);

        for (size_t i = 0; i < ELEMENTSOF(shown); i++)
                free(shown[i]);
        return done ? EXIT_MISSING : client_fail_without_memory();
}

/* Tells each difference, in the order of the names. Returns 0 if there is none, EXIT_MISSING if there is one, or another
 * exit status. */
static int comparison_tell(const Comparison *c, const Mask *mask, variable_handler_t handler,
                           void *userdata) {
        _cleanup_(variables_done) Variables old = {}, new = {};
        int r;

        if (environment_variables(&c->old, &old) < 0 || environment_variables(&c->new, &new) < 0)
                return client_fail_without_memory();
        variables_sort(&old);
        variables_sort(&new);

        r = 0;
        for (size_t i = 0, j = 0; r <= EXIT_MISSING && (i < old.n_items || j < new.n_items);) {
                const int order = i >= old.n_items   ? 1
                                  : j >= new.n_items ? -1
                                                     : variable_compare(old.items + i, new.items + j);
                const Variable *a = order <= 0 ? old.items + i++ : NULL,
                               *b = order >= 0 ? new.items + j++ : NULL;

                if (!a || !b || strcmp(a->value, b->value) != 0)
                        r = tell(mask, a, b, handler, userdata);
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
        if (r < 0)
                output_fail();

        output_text(o, color, text);
        output_end_entry(o);
}

typedef struct Json {
        json_t *added, *removed, *changed;
        bool failed;
} Json;

static json_t *make_value(const char *value) {
        assert(value);

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
