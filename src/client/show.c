/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "show.h"

static void answer_done(Answer *a) {
        environment_done(&a->environment);
        description_done(&a->description);
}

void show_environment(const Output *o, Client *c, const Answer *a) {
        assert(a);

        output_environment(o, c, &a->environment);
}

json_t *show_environment_as_json(const Answer *a) {
        assert(a);

        return json_environment(&a->environment);
}

typedef struct Answers {
        Answer *items;
        size_t n_items;
} Answers;

static void answers_done(Answers *a) {
        for (size_t i = 0; i < a->n_items; i++)
                answer_done(a->items + i);
        free(a->items);
}

/* Of several processes those are left out that can't be asked about, as was said then. */
static int take_all(Client *c, const Show *show, Targets *t, char *names[], Answers *ret) {
        int status = 0;
        size_t n = 0;

        ret->items = calloc(t->n_items, sizeof(Answer));
        if (!ret->items)
                return client_fail_without_memory();

        for (size_t i = 0; i < t->n_items; i++) {
                const int r = show->take(c, t->items + i, names, ret->items + n);

                if (r != 0)
                        status = r;
                if (r > EXIT_MISSING) {
                        target_done(t->items + i);
                        continue;
                }

                t->items[n++] = t->items[i];
                ret->n_items = n;
        }

        t->n_items = n;
        return status;
}

static json_t *make_one(const Show *show, const Target *t, const Answer *a) {
        json_t *json = show->make_json(a);

        return show->key ? json_pack("{s:i, s:o}", "pid", t->pid, show->key, json) : json;
}

static int print_json(const Output *o, const Show *show, const Targets *t, const Answers *a) {
        json_t *array;

        if (!o->options->all)
                return output_json(o, show->make_json(a->items));

        array = json_array();
        for (size_t i = 0; i < a->n_items; i++)
                if (json_array_append_new(array, make_one(show, t->items + i, a->items + i)) < 0) {
                        json_decref(array);
                        return output_json(o, NULL);
                }

        return output_json(o, array);
}

static int print_all(const Output *o, Client *c, const Show *show, const Targets *t, const Answers *a) {
        if (options_json(c->options))
                return print_json(o, show, t, a);

        for (size_t i = 0; i < a->n_items; i++) {
                if (c->options->all)
                        output_heading(o, t->items + i, i == 0);
                show->print(o, c, a->items + i);
        }

        return 0;
}

int show_processes(Client *c, const Show *show, char *arguments[]) {
        _cleanup_(targets_done) Targets targets = {};
        _cleanup_(answers_done) Answers answers = {};
        _cleanup_(output_done) Output output = {};
        int r, status;

        assert(c);
        assert(show);
        assert(arguments[0]);

        r = targets_find(c, arguments[0], &targets);
        if (r != 0)
                return r;

        status = take_all(c, show, &targets, arguments + 1, &answers);
        if (answers.n_items == 0)
                return status;

        r = output_begin(c, &output);
        for (size_t i = 0; r == 0 && i < answers.n_items; i++)
                r = mask_apply(&output.mask, &answers.items[i].environment);
        if (r == 0)
                r = print_all(&output, c, show, &targets, &answers);

        return output_end(&output, r != 0 ? r : status);
}
