/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* A zygote is a process that does nothing but fork others, each of which serves one task and ends. It is started
 * before its parent opens or connects to anything, so neither it nor what it forks holds a secret; and as it stays
 * small, to fork is cheap. It ends with its parent's end of the socket. */

/* The descriptor by which a program that zygote_execute() has started gets its socket. */
#define ZYGOTE_FD 3

/* What the life of a forked process is. fd: its end of a socket, taken over. */
typedef void (*zygote_handler_t)(int fd, void *userdata);

/* Executes a program that is to call zygote_serve(ZYGOTE_FD, …). It gets the standard streams, and no environment.
 * ret: the socket to it. Returns 0 or a negative errno. */
int zygote_execute(const char *program, int *ret);

/* Forks a process that calls zygote_serve(). It keeps the standard streams and closes what else was open.
 * name, run, userdata: as there. ret: the socket to it. Returns 0 or a negative errno. */
int zygote_fork(const char *name, zygote_handler_t run, void *userdata, int *ret);

/* Forks a process for each socket that zygote_spawn() sends, until the other side ends.
 * socket_fd: taken over. name: of the processes, for ps(1). */
_Noreturn void zygote_serve(int socket_fd, const char *name, zygote_handler_t run, void *userdata);

/* Has a process forked; this does not wait for it.
 * zygote_fd: the socket to the zygote. ret: to the process, SOCK_SEQPACKET. It is at its end at once if none could be
 * forked. Does not block.
 * Returns 0; -EAGAIN if the zygote is too busy; or the errno of socketpair(2) or sendmsg(2). */
int zygote_spawn(int zygote_fd, int *ret);
