/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "message.h"
#include "protocol.h"
#include "reader.h"
#include "recorder.h"
#include "snapshot.h"

/* Room for an environment of the largest size while it is made larger, and for the program. */
#define MEMORY_MAX (3ULL * RECORDER_BYTES_MAX)

typedef struct Reader {
        int socket_fd;
        const Sandbox *sandbox;

        ReaderRequest request;
        int answer_fd, debug_fd, caller_pidfd;

        Process process;
        Memory *memory;
        int memory_error; /* why there is none */
        ProcessStat stat; /* for the environment of the start only */
} Reader;

/* The caller must be in the user namespace of the process for the two to count as one user's. The bus does
 * not tell it, so that of the process that connected must do. */
static bool caller_shares_user_namespace(const Reader *reader, const Identity *identity) {
        _cleanup_(process_done) Process caller = PROCESS_NULL;
        int r;

        r = reader->caller_pidfd >= 0 ? process_open(reader->caller_pidfd, &caller)
                                      : process_open_pid(reader->request.caller_pid, &caller);

        return r >= 0 && identity_shares_user_namespace(identity, &caller) > 0;
}

static int reader_open_memory(Reader *reader) {
        int r;

        reader->memory = memory_free(reader->memory);

        r = memory_open(&reader->process, &reader->memory);
        if (r < 0)
                return r;

        r = memory_open_mounts(reader->memory);
        if (r < 0)
                return r;

        /* What can be read without it is read without it. */
        (void) memory_open_executable(reader->memory);

        return reader->request.initial ? process_read_stat(&reader->process, &reader->stat) : 0;
}

/* The memory is opened first and the identity taken then: it is that of whom the memory belongs to. That it can't be
 * opened is for nobody to know who may not read it. */
static int reader_open(Reader *reader, Identity *ret) {
        reader->memory_error = reader_open_memory(reader);

        return identity_read(&reader->process, ret);
}

/* The directory of a process belongs to its effective user, or to root if it is not dumpable. Of whom it is not, it is
 * not worth while to open the memory before there is consent. */
static bool may_be_callers_own(const Reader *reader) {
        struct stat st;

        return fstat(reader->process.dir_fd, &st) >= 0 && st.st_uid == reader->request.uid;
}

static int reader_open_if_own(Reader *reader, Identity *ret) {
        return may_be_callers_own(reader) ? reader_open(reader, ret) : identity_read(&reader->process, ret);
}

static int reader_identify(Reader *reader, int pidfd, ReaderIdentity *ret) {
        int r;

        r = process_open(pidfd, &reader->process);
        if (r < 0)
                return r;

        r = reader_open_if_own(reader, &ret->identity);
        if (r == -ENODATA) {
                r = process_use_live_thread(&reader->process);
                if (r >= 0)
                        r = reader_open_if_own(reader, &ret->identity);
        }
        if (r < 0)
                return r;

        ret->caller_shares_user_namespace = caller_shares_user_namespace(reader, &ret->identity);
        return 0;
}

/* What is the caller's own without doubt need not wait for the service to say so. It will decide again, by itself. */
static bool reader_has_to_wait(const Reader *reader, const ReaderIdentity *i) {
        const ReaderRequest *request = &reader->request;

        return !reader->memory ||
               access_decide(request->uid, request->gids, min_size(request->n_gids, READER_GIDS_MAX),
                             &i->identity, i->caller_shares_user_namespace) != ACCESS_OWN;
}

/* Time has passed, so the process is opened once more, and must still be the one that consent was given for. */
static int reader_wait(Reader *reader, const Identity *expected) {
        ReaderConsent consent;
        Identity identity;
        int r;

        reader->memory = memory_free(reader->memory);

        if (message_receive(reader->socket_fd, &consent, sizeof(consent), NULL, 0) <= 0)
                _exit(EXIT_SUCCESS);
        (void) alarm(READER_SECONDS_MAX);

        r = reader_open(reader, &identity);
        if (r < 0)
                return r;

        return identity_equal(&identity, expected) ? 0 : -ESTALE;
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
static int reader_answer(Reader *reader, ReaderReply *reply) {
        _cleanup_(snapshot_done) Snapshot snapshot = {};
        const ReaderRequest *request = &reader->request;
        Memory *memory = reader->memory;
        int r;

        if (request->initial)
                r = snapshot_take_initial(memory, &reader->stat, &snapshot);
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

        return write_all(reader->answer_fd, snapshot.data, snapshot.size);
}

/* Returns 0 or a negative errno: then there is nothing to read. */
static int reader_give_up_rights(Reader *reader) {
        Memory *m = reader->memory;
        int r;

        if (reader->memory_error < 0)
                return reader->memory_error;

        m->debug_fd = TAKE_FD(reader->debug_fd);

        r = sandbox_enter(reader->sandbox,
                          (const int[]){ reader->socket_fd, reader->answer_fd, m->mem_fd, m->auxv_fd,
                                         m->maps_fd, m->mounts_fds[0], m->mounts_fds[1], m->executable_fd,
                                         m->debug_fd },
                          9);
        if (r < 0)
                _exit(EXIT_FAILURE);

        return 0;
}

static int reader_receive(Reader *reader, int *ret_pidfd) {
        int fds[READER_FDS_MAX], n = 2;

        if (message_receive(reader->socket_fd, &reader->request, sizeof(reader->request), fds,
                            READER_FDS_MAX) <= 0)
                return -EBADMSG;

        *ret_pidfd = fds[0];
        reader->answer_fd = fds[1];
        reader->debug_fd = reader->request.has_debug_file ? fds[n++] : -EBADF;
        reader->caller_pidfd = reader->request.has_caller_pidfd ? fds[n++] : -EBADF;
        return 0;
}

static void reader_serve(Reader *reader) {
        ReaderIdentity identity = {};
        ReaderReply reply = {};
        int pidfd;

        if (reader_receive(reader, &pidfd) < 0)
                return;

        (void) alarm(READER_SECONDS_MAX);
        identity.error = reader_identify(reader, pidfd, &identity);
        identity.waits = identity.error >= 0 && reader_has_to_wait(reader, &identity);
        if (message_send(reader->socket_fd, &identity, sizeof(identity), NULL, 0) < 0 || identity.error < 0)
                return;

        if (identity.waits)
                reply.error = reader_wait(reader, &identity.identity);
        if (reply.error >= 0)
                reply.error = reader_give_up_rights(reader);
        if (reply.error >= 0)
                reply.error = reader_answer(reader, &reply);

        (void) message_send(reader->socket_fd, &reply, sizeof(reply), NULL, 0);
        reader->memory = memory_free(reader->memory); /* wipes it */
}

int reader_prepare(Sandbox *ret) {
        int r;

        r = sandbox_prepare(ret);
        return r < 0 ? r : sandbox_limit(MEMORY_MAX, RECORDER_BYTES_MAX);
}

_Noreturn void reader_run(int socket_fd, const Sandbox *sandbox) {
        Reader reader = { .socket_fd = socket_fd, .sandbox = sandbox, .process = PROCESS_NULL };

        reader_serve(&reader);
        _exit(EXIT_SUCCESS);
}
