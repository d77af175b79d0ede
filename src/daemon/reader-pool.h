/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "protocol.h"

/* The readers, as the service sees them: some waiting, forked ahead of need, and a limited number at work.
 * */

typedef struct ReaderPool ReaderPool;
typedef struct Reader Reader;

/* Called once for each reader_send().
 * error: 0 with a reply; -ECONNRESET if the reader ended without one: killed at its deadline or by its
 * sandbox. */
typedef void (*reader_handler_t)(int error, const ReaderReply *reply, void *userdata);

/* Called when a reader is free to be taken. */
typedef void (*reader_pool_handler_t)(void *userdata);

/* zygote_fd: from zygote_start(), taken over. on_free: told each time that a place becomes free.
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

/* Charges a reader's place to another user: before it looks at a process's memory to the process's, who may make
 * it slow, or make it hang for good.
 * Returns 0, or -EAGAIN if all places of that user are taken. */
int reader_charge(Reader *reader, uid_t uid);

/* Sends a request with its descriptors. Returns 0 or the errno of sendmsg(2), and then the handler is not
 * called. */
int reader_send(Reader *reader, const ReaderRequest *request, const int fds[], size_t n_fds,
                reader_handler_t handler, void *userdata);

/* Gives a reader up; its handler is not called any more. Its place becomes free when its process is gone:
 * one that hangs in a system call keeps it. */
Reader *reader_release(Reader *reader);
DEFINE_CLEANUP_FUNC(Reader, reader_release)
