/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define SD_JOURNAL_SUPPRESS_LOCATION

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "audit.h"
#include "text.h"

#define MESSAGE_ID_ALLOWED "a6e9e24d5ac84f0cbb0d1b1d53ba2f44"
#define MESSAGE_ID_REFUSED "4d2f9d0e2c1b4e7a8f0c6a37d1be95c3"
#define MESSAGE_ID_LEFT_OUT "6f1b7a5e3c0d49b2a1e84f5d9c7730aa"

/* Of each user who reads processes of his own, in each period. */
#define OWN_ENTRIES_MAX 1000U
#define PERIOD_USEC (30ULL * 1000ULL * 1000ULL)

/* Users who are counted by themselves. One can have many IDs at his disposal. */
#define COUNTS_MAX 1024U

typedef struct Count {
        TAILQ_ENTRY(Count) entry;
        uid_t uid;
        size_t n_written, n_left_out;
} Count;

struct Audit {
        sd_event_source *period; /* ends it, if anything has been counted */
        TAILQ_HEAD(, Count) counts;
        size_t n_counts;
        Count further; /* all users for whom there was no more room */
};

static void write_entry(const AuditEntry *entry) {
        const bool allowed = entry->result == 0;
        _cleanup_free_ char *executable = NULL, *variable = NULL;

        executable = text_escape(entry->process->executable, strlen(entry->process->executable));
        variable = text_escape(entry->variable, strlen(entry->variable));
        if (!executable || !variable)
                return;

        /* clang-format off */
        (void) sd_journal_send("MESSAGE=%s: %s of process %d (%s) of user %u by user %u (process %d)",
                               allowed ? "Allowed" : "Refused", entry->method, entry->process->pid,
                               executable, entry->process->uids[ID_EFFECTIVE], entry->caller->uid,
                               entry->caller->pid,
                               "MESSAGE_ID=%s", allowed ? MESSAGE_ID_ALLOWED : MESSAGE_ID_REFUSED,
                               "PRIORITY=%d", allowed ? LOG_INFO : LOG_NOTICE,
                               "PEKEENV_RESULT=%s", allowed ? "allowed" : "refused",
                               "PEKEENV_REASON=%s", access_to_string(entry->access),
                               "PEKEENV_METHOD=%s", entry->method,
                               "PEKEENV_ACTION=%s", entry->action,
                               "PEKEENV_VARIABLE=%s", variable,
                               "PEKEENV_CALLER=%s", entry->sender,
                               "PEKEENV_CALLER_UID=%u", entry->caller->uid,
                               "PEKEENV_CALLER_PID=%d", entry->caller->pid,
                               "PEKEENV_PID=%d", entry->process->pid,
                               "PEKEENV_UID=%u", entry->process->uids[ID_EFFECTIVE],
                               "PEKEENV_EXE=%s", executable,
                               "PEKEENV_UNIT=%s", entry->unit,
                               NULL);
        /* clang-format on */
}

static void write_left_out(const Count *count, const char *uid) {
        if (count->n_left_out == 0)
                return;

        (void) sd_journal_send("MESSAGE=Allowed: %zu more of processes of their own by user %s",
                               count->n_left_out, uid[0] ? uid : "(more than one)", "MESSAGE_ID=%s",
                               MESSAGE_ID_LEFT_OUT, "PRIORITY=%d", LOG_INFO, "PEKEENV_RESULT=allowed",
                               "PEKEENV_REASON=%s", access_to_string(ACCESS_OWN), "PEKEENV_LEFT_OUT=%zu",
                               count->n_left_out, "PEKEENV_CALLER_UID=%s", uid, NULL);
}

static void audit_end_period(Audit *a) {
        while (!TAILQ_EMPTY(&a->counts)) {
                Count *count = TAILQ_FIRST(&a->counts);
                char uid[16];

                (void) snprintf(uid, sizeof(uid), "%u", count->uid);
                write_left_out(count, uid);
                TAILQ_REMOVE(&a->counts, count, entry);
                free(count);
        }

        write_left_out(&a->further, "");
        a->further = (Count){};
        a->n_counts = 0;
}

static int on_period_end(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        audit_end_period(userdata);
        return 0;
}

int audit_new(sd_event *event, Audit **ret) {
        _cleanup_(audit_freep) Audit *a = NULL;
        int r;

        assert(event);
        assert(ret);

        a = calloc(1, sizeof(Audit));
        if (!a)
                return -ENOMEM;

        TAILQ_INIT(&a->counts);
        r = sd_event_add_time_relative(event, &a->period, CLOCK_MONOTONIC, PERIOD_USEC, 0, on_period_end, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->period, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(a);
        return 0;
}

Audit *audit_free(Audit *a) {
        if (!a)
                return NULL;

        audit_end_period(a);
        sd_event_source_disable_unref(a->period);
        free(a);
        return NULL;
}

static void audit_begin_period(Audit *a) {
        (void) sd_event_source_set_time_relative(a->period, PERIOD_USEC);
        (void) sd_event_source_set_enabled(a->period, SD_EVENT_ONESHOT);
}

static Count *audit_get_count(Audit *a, uid_t uid) {
        Count *count;

        TAILQ_FOREACH (count, &a->counts, entry)
                if (count->uid == uid)
                        return count;

        count = a->n_counts < COUNTS_MAX ? calloc(1, sizeof(Count)) : NULL;
        if (!count)
                return &a->further;

        if (a->n_counts++ == 0)
                audit_begin_period(a);
        count->uid = uid;
        TAILQ_INSERT_HEAD(&a->counts, count, entry);
        return count;
}

void audit_write(Audit *a, const AuditEntry *entry) {
        assert(a);
        assert(entry);

        if (entry->access == ACCESS_OWN) {
                Count *count = audit_get_count(a, entry->caller->uid);

                if (count->n_written >= OWN_ENTRIES_MAX) {
                        count->n_left_out++;
                        return;
                }
                count->n_written++;
        }

        write_entry(entry);
}
