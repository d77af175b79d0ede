/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define SD_JOURNAL_SUPPRESS_LOCATION

#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "audit.h"
#include "text.h"

#define MESSAGE_ID_ALLOWED "a6e9e24d5ac84f0cbb0d1b1d53ba2f44"
#define MESSAGE_ID_REFUSED "4d2f9d0e2c1b4e7a8f0c6a37d1be95c3"

void audit_write(const AuditEntry *entry) {
        const bool allowed = entry->result == 0;
        _cleanup_free_ char *executable = NULL, *variable = NULL;

        assert(entry);

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
