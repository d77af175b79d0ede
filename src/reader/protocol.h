/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "debug-file.h"
#include "identity.h"
#include "location.h"

/* What the service and one of its readers say to each other, over a SOCK_SEQPACKET socket, one message each:
 *
 *   ReaderRequest   what is asked, by whom; with its descriptors
 *   ReaderIdentity  who the process is, to which the opened memory belongs. Not a byte of it has been looked at
 *   ReaderConsent   it may be read; if the reader waits for that
 *   ReaderReply     what there was; and the reader exits
 *
 * Both sides are built together, so plain structures do. But what comes from a reader that has seen a process's memory
 * is as little to be trusted as that process. */

/* With the request come, in this order: a pidfd of the process; an empty memfd for the answer; if it says so, the
 * program's debug file; if it says so, the caller's pidfd. */
enum { READER_FDS_MAX = 4 };

/* The caller's groups that a reader is told. Whoever has more waits longer, if it is one of the others that counts. */
#define READER_GIDS_MAX 32U

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
        /* Who asks. */
        uid_t uid;
        size_t n_gids;
        gid_t gids[READER_GIDS_MAX];
        pid_t caller_pid; /* … if there is no pidfd for it */
        bool has_caller_pidfd;

        bool has_debug_file;
        bool initial; /* the environment that the process was started with */
        Part part;
        char variable[VARIABLE_NAME_MAX + 1]; /* PART_VALUE: its name */
        bool text;                            /* as UTF-8 */
        size_t size_max;                      /* of the answer on the bus */
} ReaderRequest;

typedef struct ReaderIdentity {
        int error; /* 0 or a negative errno: those of process_open() and identity_read(). Then the reader exits */

        Identity identity;
        bool caller_shares_user_namespace;

        /* The process is not the caller's own, or not for certain, or its place has to be charged to somebody else first
         * (access.h). The reader opens the process once more when it gets consent. Otherwise it reads at once. */
        bool waits;
} ReaderIdentity;

typedef struct ReaderConsent {
        char byte;
} ReaderConsent;

typedef struct ReaderReply {
        /* 0 or a negative errno: those of memory_open(), location_find() and snapshot_take(); and
         * -ESTALE  the process is not any more who it was said to be
         * -ENOMSG  there is no such variable
         * -E2BIG   the answer is larger than size_max */
        int error;

        /* The answer itself is in the memfd: entries, names or a value, each ended by a NUL byte. The number and the
         * size are those of the whole environment, in the format of /proc/PID/environ. */
        Location location;
        size_t n_entries;
        size_t size;

        /* By what a debug file may be looked for, if there was none and it would be better than what there is: the error
         * -ENOEXEC, or what was found without symbols. All 0 if by nothing. */
        DebugLink debug_link;
} ReaderReply;
