/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "fd-util.h"
#include "inspector.h"
#include "request.h"

static const Question questions[] = {
        { .method = "GetEnvironment", .answer = ANSWER_STRINGS },
        { .method = "GetEnvironmentByPIDFD", .by_pidfd = true, .answer = ANSWER_STRINGS },
        { .method = "OpenEnvironment", .answer = ANSWER_FILE },
        { .method = "OpenEnvironmentByPIDFD", .by_pidfd = true, .answer = ANSWER_FILE },
        { .method = "GetInitialEnvironment", .initial = true, .answer = ANSWER_STRINGS },
        { .method = "GetInitialEnvironmentByPIDFD",
          .by_pidfd = true,
          .initial = true,
          .answer = ANSWER_STRINGS },
        { .method = "OpenInitialEnvironment", .initial = true, .answer = ANSWER_FILE },
        { .method = "OpenInitialEnvironmentByPIDFD",
          .by_pidfd = true,
          .initial = true,
          .answer = ANSWER_FILE },
        { .method = "GetVariable", .part = PART_VALUE, .answer = ANSWER_STRING },
        { .method = "GetVariableByPIDFD", .by_pidfd = true, .part = PART_VALUE, .answer = ANSWER_STRING },
        { .method = "GetVariableNames", .part = PART_NAMES, .answer = ANSWER_STRINGS },
        { .method = "GetVariableNamesByPIDFD",
          .by_pidfd = true,
          .part = PART_NAMES,
          .answer = ANSWER_STRINGS },
        { .method = "Describe", .part = PART_NOTHING, .answer = ANSWER_DESCRIPTION },
        { .method = "DescribeByPIDFD",
          .by_pidfd = true,
          .part = PART_NOTHING,
          .answer = ANSWER_DESCRIPTION },
};

static const Question *question_find(const char *method) {
        for (size_t i = 0; i < ELEMENTSOF(questions); i++)
                if (strcmp(questions[i].method, method) == 0)
                        return &questions[i];

        return NULL;
}

/* Turns a PID into a pidfd: from here on it can't become another process's. */
static int open_pid(uint32_t pid) {
        if (pid == 0 || pid > INT32_MAX)
                return pid == 0 ? -EINVAL : -ESRCH;

        return pidfd_open_process((pid_t) pid);
}

static int read_process(sd_bus_message *message, const Question *question, int *ret_pidfd, pid_t *ret_pid) {
        uint32_t pid = 0;
        int fd;

        if (question->by_pidfd) {
                if (sd_bus_message_read(message, "h", &fd) < 0)
                        return -EINVAL; /* the bus does not look whether the message has it */

                fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                if (fd < 0)
                        return -errno;
        } else {
                int r = sd_bus_message_read(message, "u", &pid);

                if (r < 0)
                        return r;

                *ret_pid = (pid_t) pid;
                fd = open_pid(pid);
                if (fd < 0)
                        return fd;
        }

        *ret_pidfd = fd;
        return 0;
}

static int read_variable(sd_bus_message *message, const Question *question, const char **ret) {
        const char *name = "";

        if (question->part == PART_VALUE) {
                int r = sd_bus_message_read(message, "s", &name);

                if (r < 0)
                        return r;
                if (name[0] == 0 || strchr(name, '=') || strlen(name) > VARIABLE_NAME_MAX)
                        return -EDOM;
        }

        *ret = name;
        return 0;
}

static int on_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Question *question = question_find(sd_bus_message_get_member(message));
        Service *service = userdata;
        _cleanup_close_ int pidfd = -EBADF;
        const char *variable;
        pid_t pid = 0;
        int r;

        assert(question);

        /* All there is to have is an answer; and the bus, which lets a connection wait for 128 only, does not
         * count those that nobody waits for. */
        if (sd_bus_message_get_expect_reply(message) == 0)
                return 1;

        r = read_process(message, question, &pidfd, &pid);
        if (r >= 0)
                r = read_variable(message, question, &variable);
        if (r >= 0)
                r = request_start(service, question, variable, message, TAKE_FD(pidfd), pid);

        return r < 0 ? failure_set(error, r, pid, NULL, question_action(question)) : 1;
}

static int get_version(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                       sd_bus_error *error _unused_) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

#define METHOD_WITH(name, in, in_names, out, out_name)                                       \
        SD_BUS_METHOD_WITH_NAMES(name, in, in_names, out, SD_BUS_PARAM(out_name), on_method, \
                                 SD_BUS_VTABLE_UNPRIVILEGED)
#define METHOD(name, in, in_name, out, out_name) METHOD_WITH(name, in, SD_BUS_PARAM(in_name), out, out_name)
#define METHOD2(name, in, in_name, in_name2, out, out_name) \
        METHOD_WITH(name, in, SD_BUS_PARAM(in_name) SD_BUS_PARAM(in_name2), out, out_name)

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        METHOD("GetEnvironment", "u", pid, "as", environment),
        METHOD("GetEnvironmentByPIDFD", "h", pidfd, "as", environment),
        METHOD("OpenEnvironment", "u", pid, "h", environment),
        METHOD("OpenEnvironmentByPIDFD", "h", pidfd, "h", environment),
        METHOD("GetInitialEnvironment", "u", pid, "as", environment),
        METHOD("GetInitialEnvironmentByPIDFD", "h", pidfd, "as", environment),
        METHOD("OpenInitialEnvironment", "u", pid, "h", environment),
        METHOD("OpenInitialEnvironmentByPIDFD", "h", pidfd, "h", environment),
        METHOD2("GetVariable", "us", pid, name, "s", value),
        METHOD2("GetVariableByPIDFD", "hs", pidfd, name, "s", value),
        METHOD("GetVariableNames", "u", pid, "as", names),
        METHOD("GetVariableNamesByPIDFD", "h", pidfd, "as", names),
        METHOD("Describe", "u", pid, "a{sv}", description),
        METHOD("DescribeByPIDFD", "h", pidfd, "a{sv}", description),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

int inspector_add(Service *service) {
        assert(service);

        return sd_bus_add_object_vtable(service->bus, NULL, INSPECTOR_PATH, INSPECTOR_INTERFACE, vtable,
                                        service);
}
