/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "access.h"
#include "caller.h"

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

/* Writes one structured entry; the fields are documented in docs/journal.md. No value of a variable is in it.
 * Without a journal it is dropped. */
void audit_write(const AuditEntry *entry);
