/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "names.h"
#include "protocol.h"
#include "question.h"

/* The largest answer of type "as", in bytes of the message. Both bus daemons take twice as much by default.
 * */
#define ANSWER_MESSAGE_MAX (16U * 1024U * 1024U)

/* Tells what an answer will take on the bus: bytes, or descriptors. It is sealed before, so that it stays as it is.
 * Returns 0; -EPROTO if whoever wrote it has it mapped for writing; or a negative errno. */
int answer_measure(const Question *question, int answer_fd, size_t *ret_bytes, size_t *ret_fds);

/* Sends the answer to a method call.
 * process, names: who was read; the names only matter to a description. reply: what the reader says of it.
 * answer_fd: the memfd it wrote, sealed by answer_measure().
 * Returns 0; -EPROTO if the reader's answer is not of the agreed form; or a negative errno of sd-bus's. */
int answer_send(sd_bus_message *call, const Question *question, const Identity *process, const Names *names,
                const ReaderReply *reply, int answer_fd);
