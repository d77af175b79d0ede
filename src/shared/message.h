/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* Messages of a fixed size, with descriptors, over a SOCK_SEQPACKET socket between processes of one program.
 * */

#define MESSAGE_FDS_MAX 4U

/* Sends one message; it arrives whole or not at all.
 * fds, n_fds: to send along, at most MESSAGE_FDS_MAX; they stay open here.
 * Returns 0 or the errno of sendmsg(2); never raises SIGPIPE. */
int message_send(int socket_fd, const void *data, size_t size, const int fds[], size_t n_fds);

/* Waits for one message.
 * fds: room for n_fds descriptors; those that did not come are -EBADF.
 * Returns 1; 0 if the other side has closed; -EAGAIN where the socket does not block; -EBADMSG if what came
 * is not of this form; or the errno of recvmsg(2). */
int message_receive(int socket_fd, void *data, size_t size, int fds[], size_t n_fds);
