/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "log.h"

#define ERROR "org.pekeenv.Error."
#define INSTEAD " GetInitialEnvironment() tells what it was started with."

typedef struct Failure {
        int number;
        const char *name;
        const char *text; /* the first %s: the process; the second: the polkit action */
} Failure;

static const Failure failures[] = {
        { -ESRCH, ERROR "NoSuchProcess", "There is no %s, or not any more. Check the PID." },
        { -ENOENT, ERROR "NoSuchProcess",
          "There is no %s: this is the ID of a thread. Name the process it belongs to." },
        { -ENODATA, ERROR "NoEnvironment",
          "There is no environment: %s is a kernel thread, or is a zombie: it has exited." },
        { -ENOEXEC, ERROR "Unsupported",
          "The current environment of %s can't be found with certainty: its program keeps it in a way that is not "
          "known here, or is statically linked and has neither symbols nor a debug file." INSTEAD },
        { -ENOTSUP, ERROR "Unsupported",
          "The current environment of %s can't be found with certainty: its program, or the runtime of the language it "
          "is written in, keeps its variables in tables of a form that is not known here." INSTEAD },
        { -EREMOTE, ERROR "Unsupported",
          "The current environment of %s is not read: its memory is backed by a file that is not on a local "
          "file system, and may keep a reader waiting forever." INSTEAD },
        { -EFAULT, ERROR "Unsupported",
          "The current environment of %s can't be read: its pointers lead to memory that is not "
          "there." INSTEAD },
        { -EBADMSG, ERROR "Unsupported",
          "The current environment of %s can't be found: its memory is not laid out as a loader does it, or "
          "its program's file is not the one that was executed." INSTEAD },
        { -ELOOP, ERROR "Unsupported",
          "The current environment of %s can't be found: its list of loaded objects does not end." INSTEAD },
        { -EAGAIN, ERROR "Changing",
          "The environment of %s changed faster than it could be read. Ask again." },
        { -EINPROGRESS, ERROR "Changing", "The program of %s is still being loaded. Ask again." },
        { -ESTALE, ERROR "Changing",
          "The program or the rights of %s changed while it was read. Ask again." },
        { -E2BIG, ERROR "TooLarge",
          "The environment of %s is too large for a message. OpenEnvironment() returns it as a file." },
        { -EFBIG, ERROR "TooLarge",
          "The environment of %s is larger than what this service reads, 128 MiB." },
        { -EBUSY, ERROR "Busy",
          "There are too many requests under way to read %s, too. Wait for the answers, then ask again." },
        { -ESHUTDOWN, ERROR "Busy", "The service is stopping and did not read %s. Ask again." },
        { -ETIMEDOUT, ERROR "TimedOut",
          "The memory of %s could not be read in time. Ask again, if it is worth it." },
        { -EINVAL, SD_BUS_ERROR_INVALID_ARGS,
          "This names no %s. Give the PID of one, which is not 0, or a pidfd as pidfd_open() makes it." },
        { -EDOM, SD_BUS_ERROR_INVALID_ARGS,
          "This names no variable of %s. A name is not empty, has no '=' in it, and is at most 255 bytes long." },
        { -ENOMSG, ERROR "NoSuchVariable", "There is no variable of this name in the environment of %s." },
        { -EACCES, SD_BUS_ERROR_ACCESS_DENIED,
          "You may not read the environment of %s: it is not your own, or has more rights than you, and "
          "polkit does not allow it (action %s)." },
        { -ENOKEY, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
          "Reading the environment of %s needs authentication (polkit action %s), "
          "and the call did not allow to ask for it. Call again with interactive authorization allowed." },
        { -EHOSTDOWN, SD_BUS_ERROR_ACCESS_DENIED,
          "You may not read the environment of %s: it is not your own, or has more rights than you, and "
          "polkit, which could allow it, does not answer. See the service's journal." },
};

static const Failure other = {
        .name = SD_BUS_ERROR_FAILED,
        .text = "The environment of %s could not be read, by a failure of the service. See its journal.",
};

static const Failure *failure_find(int number) {
        for (size_t i = 0; i < ELEMENTSOF(failures); i++)
                if (failures[i].number == number)
                        return &failures[i];

        return &other;
}

int failure_set(sd_bus_error *error, int number, pid_t pid, const char *user, const char *action) {
        const Failure *failure = failure_find(number);
        char process[128];

        assert(error);
        assert(action);

        if (pid <= 0)
                (void) snprintf(process, sizeof(process), "process");
        else if (!user || user[0] == 0)
                (void) snprintf(process, sizeof(process), "process %d", pid);
        else
                (void) snprintf(process, sizeof(process), "process %d of user %s", pid, user);

        if (failure == &other)
                log_error("The environment of %s could not be read: %s", process, strerror(-number));

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        return sd_bus_error_setf(error, failure->name, failure->text, process, action);
#pragma GCC diagnostic pop
}
