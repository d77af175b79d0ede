/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"
#include "program.h"

/* Go keeps an environment of its own, with C or without: syscall.envs, a slice of strings "NAME=VALUE". What is
 * taken down is what os.Environ() would return now, src/syscall/env_unix.go of Go 1.19 to 1.27. */

/* Finds it in a program whose main() is Go's.
 * Returns 0; -ENOEXEC if it is no Go program, or a C program with a library made of Go in it; -EOPNOTSUPP if it
 * is one, and the variable can't be found for certain: then nobody else may look for an environment, as what
 * the program's libc has is another; -EINPROGRESS if it has not begun yet; -ENOMEM; or the errors of
 * memory_read(). */
int go_locate(Memory *m, const Program *p, Location *ret);

/* Takes down the entries that are not deleted.
 * envs: address of syscall.envs. lock: of syscall.envLock, 0 if nobody takes it.
 * Returns 0; -EAGAIN while the environment is being changed; -EINPROGRESS before there is one; -EBADMSG if an
 * entry has a NUL byte in it; or the errors of memory_read() and of recorder_add(). */
int go_record(Recorder *recorder, Memory *m, uint64_t envs, uint64_t lock);

/* Leaves out all entries of a name but the first, as Go does when it looks at the environment for the first time;
 * until then they are there. Returns 0; -ENOMEM; -EFBIG for names that are chosen to make this take forever. */
int go_finish(Recorder *recorder);
