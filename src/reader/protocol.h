/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "debug-file.h"
#include "identity.h"
#include "location.h"

/* What the service and one of its readers say to each other, over a SOCK_SEQPACKET socket: one request, one
 * reply. The first request names the process; with the reply to READER_READ the reader exits.
 *
 * Both sides are the same program, forked, so plain structures do. But what comes from a reader that has
 * seen a process's memory is as little to be trusted as that process. */
typedef enum ReaderOperation {
        READER_IDENTIFY, /* tells who the process is; a pidfd and, if there is one, the caller's pidfd */
        READER_NAME,     /* tells the names that go with it; one descriptor: a pidfd */
        READER_READ, /* reads its memory; two descriptors: a pidfd, and an empty memfd for the answer; and a third,
                          * if there is one: the program's debug file */
} ReaderOperation;

enum { READER_FDS_MAX = 3 };

/* What a string costs on the bus at most, beside its bytes: length, alignment. The NUL byte is counted already. */
#define STRING_OVERHEAD 7U

/* The longest name of a variable that can be asked for. */
#define VARIABLE_NAME_MAX 255U

/* What of an environment is wanted. The rest does not leave the reader. */
typedef enum Part {
        PART_ALL,
        PART_NAMES,
        PART_VALUE,   /* of one variable */
        PART_NOTHING, /* only where it is, and how large */
} Part;

typedef struct ReaderRequest {
        ReaderOperation operation;

        /* READER_IDENTIFY */
        pid_t caller_pid; /* who asks, if there is no pidfd for it */

        /* READER_NAME, READER_READ */
        Identity expected; /* who it is, and whom reading was allowed for: anybody else is refused */

        /* READER_READ */
        bool initial; /* the environment that the process was started with */
        Part part;
        char variable[VARIABLE_NAME_MAX + 1]; /* PART_VALUE: its name */
        bool text;                            /* as UTF-8 */
        size_t size_max;                      /* of the answer on the bus */
} ReaderRequest;

typedef struct ReaderReply {
        /* 0 or a negative errno: those of process_open(), identity_read(), location_find() and
         * snapshot_take(); and
         * -ESTALE  the process is not who was expected, or not any more
         * -ENOMSG  there is no such variable
         * -E2BIG   the answer is larger than size_max */
        int error;

        /* READER_IDENTIFY */
        Identity identity;
        bool caller_shares_user_namespace;

        /* READER_NAME */
        Names names;

        /* READER_READ: the answer itself is in the memfd: entries, names or a value, each ended by a NUL byte. The
         * number and the size are those of the whole environment, in the format of /proc/PID/environ. */
        Location location;
        size_t n_entries;
        size_t size;

        /* READER_READ: by what a debug file may be looked for, if there was none and it would be better than what
         * there is: the error -ENOEXEC, or what was found without symbols. All 0 if by nothing. */
        DebugLink debug_link;
} ReaderReply;
