/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "protocol.h"

/* The readers, as the service sees them: some waiting, forked ahead of need, and a limited number at work.
 * */

typedef struct ReaderPool ReaderPool;
typedef struct Reader Reader;

/* Who waits for what a reader says.
 * error: 0; or -ECONNRESET if the reader has ended without saying it: killed at its deadline or by its sandbox. */
typedef struct ReaderHandlers {
        void (*on_identity)(int error, const ReaderIdentity *identity, void *userdata);
        void (*on_reply)(int error, const ReaderReply *reply, void *userdata);
} ReaderHandlers;

/* Called when a reader is free to be taken. */
typedef void (*reader_pool_handler_t)(void *userdata);

/* zygote_fd: of the program pekeenv-reader, taken over in any case. on_free: told each time that a place becomes free.
 * Returns 0 or a negative errno. */
int reader_pool_new(sd_event *event, int zygote_fd, reader_pool_handler_t on_free, void *userdata,
                    ReaderPool **ret);
ReaderPool *reader_pool_free(ReaderPool *pool);
DEFINE_CLEANUP_FUNC(ReaderPool, reader_pool_free)

/* Forks readers until enough of them wait; to be called when nobody is kept waiting by it. */
void reader_pool_fill(ReaderPool *pool);

/* Takes a reader.
 * uid: the user to whom its place is charged: nobody gets all places.
 * Returns 0; -EAGAIN if all places, or all of the user, are taken: wait for on_free; -EBUSY if none can be
 * forked now; or a negative errno. */
int reader_pool_take(ReaderPool *pool, uid_t uid, Reader **ret);

/* Sends a request with its descriptors. Then on_identity is called once; and on_reply once, if the reader does not wait,
 * or is given consent. Returns 0 or the errno of sendmsg(2). */
int reader_send(Reader *reader, const ReaderRequest *request, const int fds[], size_t n_fds,
                const ReaderHandlers *handlers, void *userdata);

/* Lets a reader keep its process, but not its place, until it gets consent. Returns 0, or -EBUSY if there are too many
 * of these, of all or of its user: release it. */
int reader_park(Reader *reader);

/* Lets a reader that waits go on.
 * uid: to whom its place is charged from now on, in place of who asks: the process's owner, who could make it slow, or
 * make it hang for good.
 * Returns 0; -EAGAIN if all places of that user are taken; or the errno of sendmsg(2). */
int reader_consent(Reader *reader, uid_t uid);

/* Gives a reader up; no handler is called any more. Its place becomes free when its process is gone:
 * one that hangs in a system call keeps it. */
Reader *reader_release(Reader *reader);
DEFINE_CLEANUP_FUNC(Reader, reader_release)
