/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

#include "show.h"

static int take(Client *c, const Target *t, char *names[] _unused_, Answer *ret) {
        return inspector_describe(c, t, &ret->description);
}

static int64_t clock_usec(clockid_t clock) {
        struct timespec t;

        (void) clock_gettime(clock, &t);
        return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* boottime: in µs of CLOCK_BOOTTIME, of this machine. */
static void format_time(uint64_t boottime, char *buf, size_t size) {
        const int64_t usec = clock_usec(CLOCK_REALTIME) - clock_usec(CLOCK_BOOTTIME) + (int64_t) boottime;
        const time_t seconds = (time_t) (usec / 1000000);
        struct tm tm;

        if (!localtime_r(&seconds, &tm) || strftime(buf, size, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                (void) snprintf(buf, size, "%" PRIu64 " µs after boot", boottime);
}

static void format_user(uint64_t uid, bool remote, char *buf, size_t size) {
        const struct passwd *user = remote ? NULL : getpwuid((uid_t) uid);

        if (user)
                (void) snprintf(buf, size, "%s (%" PRIu64 ")", user->pw_name, uid);
        else
                (void) snprintf(buf, size, "%" PRIu64, uid);
}

static void format_number(const Property *p, bool remote, char *buf, size_t size) {
        if (strcmp(p->key, "UID") == 0)
                format_user(p->number, remote, buf, size);
        else if (strcmp(p->key, "StartTime") == 0 && !remote)
                format_time(p->number, buf, size);
        else
                (void) snprintf(buf, size, "%" PRIu64, p->number);
}

static void print(const Output *o, Client *c, const Answer *a) {
        for (size_t i = 0; i < a->description.n_items; i++) {
                const Property *p = a->description.items + i;
                char number[256];

                if (!p->text)
                        format_number(p, options_remote(c->options), number, sizeof(number));

                (void) printf("%10s: ", p->key);
                output_text(o, COLOR_NONE, p->text ? p->text : number);
                output_end_entry(o);
        }
}

static json_t *make_json(const Answer *a) {
        return json_description(&a->description);
}

int verb_describe(Client *c, char *arguments[]) {
        static const Show show = { NULL, take, print, make_json };

        assert(c);
        assert(arguments);

        if (c->options->mask)
                return client_fail(EXIT_USAGE, "describe does not go with --mask: it shows no values.");

        return show_processes(c, &show, arguments);
}
