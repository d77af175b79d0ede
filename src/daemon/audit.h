/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "access.h"
#include "caller.h"

/* Writes decisions to the journal. Each is an entry, but for those of users who go on and on about their own processes:
 * they are not to fill it. Of theirs there are so many in a period, and then the number of all others. */
typedef struct Audit Audit;

/* One decision, for the journal. */
typedef struct AuditEntry {
        const char *method;
        const char *action;   /* of polkit's, also if it was not asked */
        const char *variable; /* the name that was asked for, "" if it was not about one */
        const char *sender;   /* the caller's unique bus name */
        const Caller *caller;
        const Identity *process;
        const char *unit; /* of the process, "" if it has none or was not needed */
        Access access;
        int result; /* 0 if it was allowed, else why not: a negative errno, see polkit.h */
} AuditEntry;

/* Returns 0 or a negative errno. */
int audit_new(sd_event *event, Audit **ret);
Audit *audit_free(Audit *a);
DEFINE_CLEANUP_FUNC(Audit, audit_free)

/* Writes one structured entry, or counts it; the fields are documented in pekeenvd(8). No value of a variable is in
 * it. Without a journal it is dropped. */
void audit_write(Audit *a, const AuditEntry *entry);
