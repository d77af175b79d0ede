/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "message.h"
#include "protocol.h"
#include "reader.h"
#include "snapshot.h"

typedef struct Reader {
        int socket_fd;
        const Sandbox *sandbox;
        Process process; /* opened by the first request */
} Reader;

/* The caller must be in the user namespace of the process for the two to count as one user's. The bus does
 * not tell it, so that of the process that connected must do. */
static int reply_caller_namespace(ReaderReply *reply, pid_t caller_pid, int caller_pidfd) {
        _cleanup_(process_done) Process caller = PROCESS_NULL;
        int r;

        r = caller_pidfd >= 0 ? process_open(caller_pidfd, &caller) : process_open_pid(caller_pid, &caller);
        if (r < 0)
                return r;

        r = identity_shares_user_namespace(&reply->identity, &caller);
        if (r < 0)
                return r;

        reply->caller_shares_user_namespace = r > 0;
        return 0;
}

static int reader_identify(Reader *reader, const ReaderRequest *request, int caller_pidfd,
                           ReaderReply *reply) {
        int r;

        r = identity_read(&reader->process, &reply->identity);
        if (r < 0)
                return r;

        r = reply_caller_namespace(reply, request->caller_pid, caller_pidfd);
        if (r < 0)
                reply->caller_shares_user_namespace = false;

        return 0;
}

/* The memory is opened first and the identity checked then: if it is the one that was authorised, the memory
 * is, too. */
static int reader_open_memory(Reader *reader, const Identity *expected, Memory **ret_memory,
                              ProcessStat *ret_stat) {
        _cleanup_(memory_freep) Memory *memory = NULL;
        Identity identity;
        int r;

        r = memory_open(&reader->process, &memory);
        if (r < 0)
                return r;

        r = memory_open_mounts(memory);
        if (r < 0)
                return r;

        /* What can be read without it is read without it. */
        (void) memory_open_executable(memory);

        r = process_read_stat(&reader->process, ret_stat);
        if (r < 0)
                return r;

        r = identity_read(&reader->process, &identity);
        if (r < 0)
                return r;
        if (!identity_equal(&identity, expected))
                return -ESTALE;

        *ret_memory = TAKE_PTR(memory);
        return 0;
}

/* Only who can open files can look for a debug file. It is not worth an error. */
static void reply_debug_link(ReaderReply *reply, Memory *memory) {
        DebugLink link;

        if (memory->debug_fd < 0 && debug_link_read(memory, &link) >= 0)
                reply->debug_link = link;
}

static int reader_keep(Snapshot *snapshot, const ReaderRequest *request) {
        switch (request->part) {
        case PART_ALL:
                return 0;
        case PART_NAMES:
                return snapshot_keep_names(snapshot);
        case PART_VALUE:
                return snapshot_keep_value(snapshot, request->variable);
        case PART_NOTHING:
                snapshot_done(snapshot);
                return 0;
        }

        return -EINVAL;
}

/* From here on the reader is in the hands of whoever made the memory that it reads. */
static int reader_answer(Memory *memory, const ProcessStat *stat, const ReaderRequest *request,
                         int answer_fd, ReaderReply *reply) {
        _cleanup_(snapshot_done) Snapshot snapshot = {};
        int r;

        if (request->initial)
                r = snapshot_take_initial(memory, stat, &snapshot);
        else {
                r = location_find(memory, &reply->location);
                if (r == -ENOEXEC || (r >= 0 && reply->location.source == SOURCE_SCAN))
                        reply_debug_link(reply, memory);
                if (r < 0)
                        return r;

                r = snapshot_take(memory, &reply->location, &snapshot);
        }
        if (r < 0)
                return r;

        reply->n_entries = snapshot.n_entries;
        reply->size = snapshot.size;

        r = reader_keep(&snapshot, request);
        if (r < 0)
                return r;

        if (request->text) {
                /* It will not become smaller, and could take three times the memory. */
                if (snapshot.size > request->size_max)
                        return -E2BIG;

                r = snapshot_make_text(&snapshot);
                if (r < 0)
                        return r;
        }
        if (snapshot.size + snapshot.n_entries * STRING_OVERHEAD > request->size_max)
                return -E2BIG;

        return write_all(answer_fd, snapshot.data, snapshot.size);
}

static int reader_read(Reader *reader, const ReaderRequest *request, int answer_fd, int debug_fd,
                       ReaderReply *reply) {
        _cleanup_(memory_freep) Memory *memory = NULL;
        ProcessStat stat;
        int r;

        r = reader_open_memory(reader, &request->expected, &memory, &stat);
        if (r < 0)
                return r;
        memory->debug_fd = debug_fd;

        r = sandbox_enter(reader->sandbox,
                          (const int[]){ reader->socket_fd, answer_fd, memory->mem_fd, memory->auxv_fd,
                                         memory->maps_fd, memory->mounts_fds[0], memory->mounts_fds[1],
                                         memory->executable_fd, memory->debug_fd },
                          9);
        if (r < 0)
                _exit(EXIT_FAILURE);

        return reader_answer(memory, &stat, request, answer_fd, reply);
}

static int reader_execute(Reader *reader, const ReaderRequest *request, const int fds[],
                          ReaderReply *reply) {
        int r;

        if (reader->process.dir_fd < 0) {
                r = process_open(fds[0], &reader->process);
                if (r >= 0)
                        r = process_use_live_thread(&reader->process);
                if (r < 0)
                        return r;
        }

        switch (request->operation) {
        case READER_IDENTIFY:
                return reader_identify(reader, request, fds[1], reply);
        case READER_NAME:
                names_read(&request->expected, &reply->names);
                return 0;
        case READER_READ:
                return reader_read(reader, request, fds[1], fds[2], reply);
        }

        return -EINVAL;
}

/* Returns whether there may be another request. */
static bool reader_serve(Reader *reader) {
        int fds[READER_FDS_MAX];
        ReaderRequest request;
        ReaderReply reply = {};

        if (message_receive(reader->socket_fd, &request, sizeof(request), fds, READER_FDS_MAX) <= 0)
                return false;

        (void) alarm(READER_SECONDS_MAX);
        reply.error = reader_execute(reader, &request, fds, &reply);

        return message_send(reader->socket_fd, &reply, sizeof(reply), NULL, 0) >= 0 &&
               request.operation != READER_READ;
}

_Noreturn void reader_run(int socket_fd, const Sandbox *sandbox) {
        Reader reader = { .socket_fd = socket_fd, .sandbox = sandbox, .process = PROCESS_NULL };

        while (reader_serve(&reader))
                ;

        _exit(EXIT_SUCCESS);
}
