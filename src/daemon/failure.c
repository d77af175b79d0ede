/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "explanation.h"
#include "failure.h"
#include "log.h"

#define ERROR "org.pekeenv.Error."
typedef struct Failure {
        int number;
        const char *name;
        const char *text; /* the first %s: the process; the second: the polkit action */
} Failure;

static const char *const outcome_names[] = {
        [OUTCOME_NO_PROCESS] = ERROR "NoSuchProcess", [OUTCOME_NO_ENVIRONMENT] = ERROR "NoEnvironment",
        [OUTCOME_UNSUPPORTED] = ERROR "Unsupported",  [OUTCOME_CHANGING] = ERROR "Changing",
        [OUTCOME_TOO_LARGE] = ERROR "TooLarge",       [OUTCOME_TIMED_OUT] = ERROR "TimedOut",
};

/* What is not about the process: explanation.h has that. */
static const Failure failures[] = {
        { -E2BIG, ERROR "TooLarge",
          "The environment of %s is too large for a message. OpenEnvironment() returns it as a file." },
        { -EBUSY, ERROR "Busy",
          "There are too many requests under way to read %s, too. Wait for the answers, then ask again." },
        { -ESHUTDOWN, ERROR "Busy", "The service is stopping and did not read %s. Ask again." },
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

static void name_process(char *buf, size_t size, pid_t pid, const char *user) {
        if (pid <= 0)
                (void) snprintf(buf, size, "process");
        else if (!user || user[0] == 0)
                (void) snprintf(buf, size, "process %d", pid);
        else
                (void) snprintf(buf, size, "process %d of user %s", pid, user);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int set_explanation(sd_bus_error *error, const Explanation *e, const char *process) {
        char text[1024];

        (void) snprintf(text, sizeof(text), e->text, process);
        return sd_bus_error_setf(error, outcome_names[e->outcome], "%s%s", text,
                                 e->outcome == OUTCOME_UNSUPPORTED
                                         ? " GetInitialEnvironment() tells what it was started with."
                                         : "");
}

int failure_set(sd_bus_error *error, int number, pid_t pid, const char *user, const char *action) {
        const Explanation *explanation = explanation_find(number);
        const Failure *failure = failure_find(number);
        char process[128];

        assert(error);
        assert(action);

        name_process(process, sizeof(process), pid, user);
        if (explanation)
                return set_explanation(error, explanation, process);

        if (failure == &other)
                log_error("The environment of %s could not be read: %s", process, strerror(-number));

        return sd_bus_error_setf(error, failure->name, failure->text, process, action);
}

#pragma GCC diagnostic pop
