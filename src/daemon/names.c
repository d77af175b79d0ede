/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pwd.h>
#include <string.h>
#include <sys/queue.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "capabilities.h"
#include "fd-util.h"
#include "message.h"
#include "names.h"
#include "nursery.h"
#include "zygote.h"

#define QUERIES_MAX 16U
#define QUERIES_ABOUT_USER_MAX 4U

/* For so long names are not looked up again. */
#define KNOWN_MAX 8U
#define KNOWN_USEC (10ULL * 1000ULL * 1000ULL)

/* A process has this long for its answer, in seconds. */
#define SECONDS_MAX 3U

typedef struct Question {
        pid_t pid;
        uid_t uid;
} Question;

static void copy_name(char *buf, size_t size, const char *name) {
        if (name && strlen(name) < size)
                strcpy(buf, name);
}

static void read_place(pid_t pid, Names *names) {
        _cleanup_free_ char *unit = NULL, *container = NULL;

        if (sd_pid_get_unit(pid, &unit) >= 0)
                copy_name(names->unit, sizeof(names->unit), unit);

        if (sd_pid_get_machine_name(pid, &container) >= 0)
                copy_name(names->container, sizeof(names->container), container);
}

static void read_user(uid_t uid, Names *names) {
        struct passwd entry, *user;
        char buf[4096];

        if (getpwuid_r(uid, &entry, buf, sizeof(buf), &user) == 0 && user)
                copy_name(names->user, sizeof(names->user), user->pw_name);
}

static void answer(int fd, void *userdata _unused_) {
        Names names = {};
        Question question;

        if (message_receive(fd, &question, sizeof(question), NULL, 0) <= 0)
                return;

        (void) alarm(SECONDS_MAX);
        read_place(question.pid, &names);
        if (capabilities_keep(0) < 0)
                return;

        read_user(question.uid, &names);
        (void) message_send(fd, &names, sizeof(names), NULL, 0);
}

int names_start(int *ret) {
        assert(ret);

        return zygote_fork("pekeenv-names", answer, NULL, ret);
}

/* Names that were looked up lately: they belong to the user and the control group, whichever process it is. */
typedef struct Known {
        uint64_t until_usec;
        uid_t uid;
        char *control_group;
        Names names;
} Known;

typedef TAILQ_HEAD(QueryList, NameQuery) QueryList;

struct NamePool {
        sd_event *event;
        Nursery nursery;
        QueryList queries;
        Known known[KNOWN_MAX];
        size_t next_known;

        void (*on_free)(void *userdata);
        void *userdata;
};

struct NameQuery {
        TAILQ_ENTRY(NameQuery) entry;
        NamePool *pool;
        uid_t uid;
        char *control_group;
        int socket_fd;
        sd_event_source *source;

        names_handler_t handler;
        void *userdata;
};

int name_pool_new(sd_event *event, int zygote_fd, void (*on_free)(void *userdata), void *userdata,
                  NamePool **ret) {
        NamePool *pool;
        int r;

        assert(event);
        assert(zygote_fd >= 0);
        assert(on_free);
        assert(ret);

        pool = calloc(1, sizeof(NamePool));
        if (!pool) {
                close_fd(zygote_fd);
                return -ENOMEM;
        }

        r = nursery_init(&pool->nursery, event, zygote_fd, 0);
        if (r < 0) {
                free(pool);
                return r;
        }

        TAILQ_INIT(&pool->queries);
        pool->event = sd_event_ref(event);
        pool->on_free = on_free;
        pool->userdata = userdata;

        *ret = pool;
        return 0;
}

NamePool *name_pool_free(NamePool *pool) {
        if (!pool)
                return NULL;

        for (size_t i = 0; i < KNOWN_MAX; i++)
                free(pool->known[i].control_group);

        nursery_done(&pool->nursery);
        sd_event_unref(pool->event);
        free(pool);
        return NULL;
}

static uint64_t now_usec(const NamePool *pool) {
        uint64_t usec = 0;

        (void) sd_event_now(pool->event, CLOCK_MONOTONIC, &usec);
        return usec;
}

const Names *names_get(const NamePool *pool, const Identity *process) {
        const uint64_t usec = now_usec(pool);

        assert(process);

        /* It may have been cut off, and so be that of others, too. */
        if (strlen(process->control_group) == sizeof(process->control_group) - 1)
                return NULL;

        for (size_t i = 0; i < KNOWN_MAX; i++) {
                const Known *known = &pool->known[i];

                if (known->until_usec > usec && known->uid == process->uids[ID_EFFECTIVE] &&
                    strcmp(known->control_group, process->control_group) == 0)
                        return &known->names;
        }

        return NULL;
}

static void remember(NamePool *pool, NameQuery *query, const Names *names) {
        Known *known = &pool->known[pool->next_known];

        pool->next_known = (pool->next_known + 1) % KNOWN_MAX;
        free(known->control_group);
        *known = (Known){
                .until_usec = now_usec(pool) + KNOWN_USEC,
                .uid = query->uid,
                .control_group = TAKE_PTR(query->control_group),
                .names = *names,
        };
}

static int on_names(sd_event_source *source, int fd, uint32_t events _unused_, void *userdata) {
        NameQuery *query = userdata;
        Names names;
        int r;

        r = message_receive(fd, &names, sizeof(names), NULL, 0);
        if (r == -EAGAIN)
                return 0;

        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (r > 0)
                remember(query->pool, query, &names);
        query->handler(r > 0 ? 0 : -ETIMEDOUT, &names, query->userdata);
        return 0;
}

static bool name_pool_has_room(const NamePool *pool, uid_t uid) {
        const NameQuery *query;
        size_t n_of_all = 0, n_of_user = 0;

        TAILQ_FOREACH (query, &pool->queries, entry) {
                n_of_all++;
                n_of_user += query->uid == uid;
        }

        return n_of_all < QUERIES_MAX && n_of_user < QUERIES_ABOUT_USER_MAX;
}

int names_query(NamePool *pool, const Identity *process, names_handler_t handler, void *userdata,
                NameQuery **ret) {
        const Question question = { .pid = process->pid, .uid = process->uids[ID_EFFECTIVE] };
        _cleanup_close_ int fd = -EBADF;
        NameQuery *query;
        int r;

        assert(pool);
        assert(handler);
        assert(ret);

        if (!name_pool_has_room(pool, question.uid))
                return -EAGAIN;

        r = nursery_take(&pool->nursery, &fd);
        if (r >= 0)
                r = message_send(fd, &question, sizeof(question), NULL, 0);
        if (r < 0)
                return r;

        query = calloc(1, sizeof(NameQuery));
        if (!query)
                return -ENOMEM;

        query->control_group = strdup(process->control_group);
        r = query->control_group ? sd_event_add_io(pool->event, &query->source, fd, EPOLLIN, on_names, query)
                                 : -ENOMEM;
        if (r < 0) {
                free(query->control_group);
                free(query);
                return r;
        }

        query->pool = pool;
        query->uid = question.uid;
        query->socket_fd = TAKE_FD(fd);
        query->handler = handler;
        query->userdata = userdata;
        TAILQ_INSERT_TAIL(&pool->queries, query, entry);

        *ret = query;
        return 0;
}

NameQuery *name_query_free(NameQuery *query) {
        NamePool *pool;

        if (!query)
                return NULL;

        pool = query->pool;
        TAILQ_REMOVE(&pool->queries, query, entry);
        sd_event_source_disable_unref(query->source);
        close_fd(query->socket_fd);
        free(query->control_group);
        free(query);

        pool->on_free(pool->userdata);
        return NULL;
}
