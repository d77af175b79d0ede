/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "explanation.h"

static const Explanation explanations[] = {
        { -ESRCH, OUTCOME_NO_PROCESS, "There is no %s, or not any more. Check the PID." },
        { -ENOENT, OUTCOME_NO_PROCESS,
          "There is no %s: this is the ID of a thread. Name the process it belongs to." },
        { -ENODATA, OUTCOME_NO_ENVIRONMENT,
          "There is no environment: %s is a kernel thread, or is a zombie: it has exited." },
        { -ENOEXEC, OUTCOME_UNSUPPORTED,
          "The current environment of %s can't be found with certainty: its program keeps it in a way that is not "
          "known here, or is statically linked and has neither symbols nor a debug file." },
        { -ENOTSUP, OUTCOME_UNSUPPORTED,
          "The current environment of %s can't be found with certainty: its program, or the runtime of the language it "
          "is written in, keeps its variables in tables of a form that is not known here." },
        { -EREMOTE, OUTCOME_UNSUPPORTED,
          "The current environment of %s is not read: its memory is backed by a file that is not on a local "
          "file system, and may keep a reader waiting forever." },
        { -EFAULT, OUTCOME_UNSUPPORTED,
          "The current environment of %s can't be read: its pointers lead to memory that is not "
          "there." },
        { -EBADMSG, OUTCOME_UNSUPPORTED,
          "The current environment of %s can't be found: its memory is not laid out as a loader does it, or "
          "its program's file is not the one that was executed." },
        { -ELOOP, OUTCOME_UNSUPPORTED,
          "The current environment of %s can't be found: its list of loaded objects does not end." },
        { -EAGAIN, OUTCOME_CHANGING,
          "The environment of %s changed faster than it could be read. Ask again." },
        { -EINPROGRESS, OUTCOME_CHANGING, "The program of %s is still being loaded. Ask again." },
        { -ESTALE, OUTCOME_CHANGING,
          "The program or the rights of %s changed while it was read. Ask again." },
        { -EFBIG, OUTCOME_TOO_LARGE,
          "The environment of %s is larger than what this service reads, 128 MiB." },
        { -ETIMEDOUT, OUTCOME_TIMED_OUT,
          "The memory of %s could not be read in time. Ask again, if it is worth it." },
};

const Explanation *explanation_find(int error) {
        for (size_t i = 0; i < ELEMENTSOF(explanations); i++)
                if (explanations[i].number == error)
                        return &explanations[i];

        return NULL;
}
