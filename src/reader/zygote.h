/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Starts the process that all readers are forked from. It keeps the capabilities that the service started
 * with, holds no
 * secret and no connection, and does nothing but fork: for each socket that zygote_spawn() sends it, one
 * reader. It ends with the service.
 *
 * To be called before anything is opened or connected.
 * ret: the service's end of the socket to it.
 * Returns 0 or a negative errno. */
int zygote_start(int *ret);

/* Has a reader forked; this does not wait for it.
 * ret: the service's end of the socket to the reader, see protocol.h. It is at its end at once if no reader
 * could be forked. Does not block.
 * Returns 0; -EAGAIN if the zygote is too busy; or the errno of socketpair(2) or sendmsg(2). */
int zygote_spawn(int zygote_fd, int *ret);
