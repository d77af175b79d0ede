/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "text.h"

/* A memfd, mapped for reading. */
typedef struct View {
        const char *data;
        size_t size;
} View;

static void view_done(View *v) {
        if (v->data)
                (void) munmap((void *) v->data, v->size);
}

static int view_open(int fd, View *ret) {
        struct stat st;
        void *data;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size == 0) {
                *ret = (View){};
                return 0;
        }

        data = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
                return -errno;

        *ret = (View){ .data = data, .size = (size_t) st.st_size };
        return 0;
}

/* After this nobody can change the file any more, not even a reader that still has it open. One that has mapped it for
 * writing has no business to. */
static int seal(int fd) {
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return errno == EBUSY ? -EPROTO : -errno;

        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int append_string(sd_bus_message *message, int fd) {
        _cleanup_(view_done) View view = {};
        int r;

        r = view_open(fd, &view);
        if (r < 0)
                return r;
        if (view.size == 0 || view.size > ANSWER_MESSAGE_MAX ||
            strnlen(view.data, view.size) != view.size - 1)
                return -EPROTO;

        return sd_bus_message_append_basic(message, 's', view.data);
}

static int append_strings(sd_bus_message *message, int fd) {
        _cleanup_(view_done) View view = {};
        int r;

        r = view_open(fd, &view);
        if (r < 0)
                return r;
        if (view.size > ANSWER_MESSAGE_MAX || (view.size > 0 && view.data[view.size - 1] != 0))
                return -EPROTO;

        r = sd_bus_message_open_container(message, 'a', "s");
        if (r < 0)
                return r;

        for (size_t i = 0; i < view.size; i += strlen(view.data + i) + 1) {
                r = sd_bus_message_append_basic(message, 's', view.data + i);
                if (r < 0)
                        return r == -EINVAL ? -EPROTO : r; /* it is no valid UTF-8 */
        }

        return sd_bus_message_close_container(message);
}

/* What comes from a process is shown escaped; an empty text is left out. */
static int append_text(sd_bus_message *message, const char *key, const char *text) {
        _cleanup_free_ char *escaped = NULL;

        if (!text || text[0] == 0)
                return 0;

        escaped = text_escape(text, strlen(text));
        if (!escaped)
                return -ENOMEM;

        return sd_bus_message_append(message, "{sv}", key, "s", escaped);
}

static int append_process(sd_bus_message *message, const Identity *process, const Names *names) {
        int r;

        r = sd_bus_message_append(message, "{sv}{sv}{sv}", "PID", "u", (uint32_t) process->pid, "UID", "u",
                                  (uint32_t) process->uids[ID_EFFECTIVE], "StartTime", "t",
                                  identity_start_usec(process));
        if (r >= 0)
                r = append_text(message, "Executable", process->executable);
        if (r >= 0 && names->unit[0] != 0)
                r = sd_bus_message_append(message, "{sv}", "Unit", "s", names->unit);
        if (r >= 0)
                r = append_text(message, "Container", names->container);
        return r;
}

static int append_description(sd_bus_message *message, const Identity *process, const Names *names,
                              const ReaderReply *reply) {
        const Location *l = &reply->location;
        int r;

        if (!location_is_sound(l))
                return -EPROTO;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r >= 0)
                r = append_process(message, process, names);
        if (r >= 0)
                r = sd_bus_message_append(message, "{sv}{sv}{sv}{sv}", "Runtime", "s",
                                          runtime_to_string(l->runtime), "Source", "s",
                                          source_to_string(l->source), "Count", "t",
                                          (uint64_t) reply->n_entries, "Bytes", "t", (uint64_t) reply->size);
        if (r >= 0)
                r = append_text(message, "Symbol", l->symbol);
        if (r >= 0)
                r = append_text(message, "Object", l->object[0] ? l->object : process->executable);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r;
}

int answer_measure(const Question *question, int answer_fd, size_t *ret_bytes, size_t *ret_fds) {
        _cleanup_(view_done) View view = {};
        size_t n_strings = 0;
        int r;

        assert(question);
        assert(answer_fd >= 0);
        assert(ret_bytes);
        assert(ret_fds);

        r = seal(answer_fd);
        if (r < 0)
                return r;

        if (question_wants_text(question)) {
                r = view_open(answer_fd, &view);
                if (r < 0)
                        return r;

                for (size_t i = 0; i < view.size; i++)
                        n_strings += view.data[i] == 0;
        }

        *ret_bytes = view.size + n_strings * STRING_OVERHEAD;
        *ret_fds = question->answer == ANSWER_FILE;
        return 0;
}

int answer_send(sd_bus_message *call, const Question *question, const Identity *process, const Names *names,
                const ReaderReply *reply, int answer_fd) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        assert(call);
        assert(question);
        assert(process);
        assert(reply);
        assert(answer_fd >= 0);

        r = sd_bus_message_new_method_return(call, &message);
        if (r < 0)
                return r;

        /* Its memory is wiped when it is freed. */
        r = sd_bus_message_sensitive(message);
        if (r < 0)
                return r;

        switch (question->answer) {
        case ANSWER_STRINGS:
                r = append_strings(message, answer_fd);
                break;
        case ANSWER_STRING:
                r = append_string(message, answer_fd);
                break;
        case ANSWER_FILE:
                r = sd_bus_message_append(message, "h", answer_fd);
                break;
        case ANSWER_DESCRIPTION:
                r = append_description(message, process, names, reply);
                break;
        }
        if (r < 0)
                return r;

        r = sd_bus_send(NULL, message, NULL);
        return r < 0 ? r : 0;
}
