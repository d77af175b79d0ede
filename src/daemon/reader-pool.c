/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/queue.h>

#include "fd-util.h"
#include "log.h"
#include "message.h"
#include "reader-pool.h"
#include "zygote.h"

#define READERS_WAITING 4U
#define READERS_AT_WORK_MAX 32U
#define READERS_OF_USER_MAX 4U

struct ReaderPool {
        sd_event *event;
        int zygote_fd;
        sd_event_source *zygote_end;

        int waiting[READERS_WAITING]; /* sockets */
        size_t n_waiting;
        TAILQ_HEAD(, Reader) at_work;

        reader_pool_handler_t on_free;
        void *userdata;
};

struct Reader {
        TAILQ_ENTRY(Reader) entry;
        ReaderPool *pool;
        uid_t uid; /* to whom its place is charged */
        int socket_fd;
        sd_event_source *source;

        bool busy;     /* has a request to which it has not replied */
        bool released; /* nobody waits for it any more */
        reader_handler_t handler;
        void *userdata;
};

/* Without it there will be no more readers; the next call to the service starts both anew. */
static int on_zygote_end(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                         void *userdata _unused_) {
        log_error("The process that forks the readers has ended.");
        return sd_event_exit(sd_event_source_get_event(source), -ECHILD);
}

int reader_pool_new(sd_event *event, int zygote_fd, reader_pool_handler_t on_free, void *userdata,
                    ReaderPool **ret) {
        ReaderPool *pool;
        int r;

        assert(event);
        assert(zygote_fd >= 0);
        assert(on_free);
        assert(ret);

        pool = calloc(1, sizeof(ReaderPool));
        if (!pool)
                return -ENOMEM;

        /* It never says anything: only its end is an event. */
        r = sd_event_add_io(event, &pool->zygote_end, zygote_fd, 0, on_zygote_end, NULL);
        if (r < 0) {
                free(pool);
                return r;
        }

        TAILQ_INIT(&pool->at_work);
        pool->event = sd_event_ref(event);
        pool->zygote_fd = zygote_fd;
        pool->on_free = on_free;
        pool->userdata = userdata;

        *ret = pool;
        return 0;
}

ReaderPool *reader_pool_free(ReaderPool *pool) {
        if (!pool)
                return NULL;

        for (size_t i = 0; i < pool->n_waiting; i++)
                close_fd(pool->waiting[i]);

        sd_event_source_disable_unref(pool->zygote_end);
        close_fd(pool->zygote_fd);
        sd_event_unref(pool->event);
        free(pool);
        return NULL;
}

void reader_pool_fill(ReaderPool *pool) {
        assert(pool);

        while (pool->n_waiting < READERS_WAITING) {
                int fd;

                if (zygote_spawn(pool->zygote_fd, &fd) < 0)
                        return;

                pool->waiting[pool->n_waiting++] = fd;
        }
}

static void reader_free(Reader *reader) {
        ReaderPool *pool = reader->pool;

        TAILQ_REMOVE(&pool->at_work, reader, entry);
        sd_event_source_disable_unref(reader->source);
        close_fd(reader->socket_fd);
        free(reader);

        pool->on_free(pool->userdata);
}

/* Hands the reply, or the reader's end without one, to whoever waits for it; who may release the reader
 * then. */
static void reader_finish(Reader *reader, int error, const ReaderReply *reply) {
        reader->busy = false;

        if (reader->released)
                reader_free(reader);
        else
                reader->handler(error, reply, reader->userdata);
}

static int on_reader_message(sd_event_source *source, int fd, uint32_t events _unused_, void *userdata) {
        Reader *reader = userdata;
        ReaderReply reply;
        int r;

        r = message_receive(fd, &reply, sizeof(reply), NULL, 0);
        if (r == -EAGAIN)
                return 0;

        /* It has ended, or says what nobody asked: there will be nothing more to hear. */
        if (r <= 0 || !reader->busy)
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);

        if (reader->busy)
                reader_finish(reader, r > 0 ? 0 : -ECONNRESET, &reply);

        return 0;
}

static int reader_pool_take_socket(ReaderPool *pool, int *ret) {
        int r;

        if (pool->n_waiting > 0) {
                *ret = pool->waiting[--pool->n_waiting];
                return 0;
        }

        r = zygote_spawn(pool->zygote_fd, ret);
        return r == -EAGAIN ? -EBUSY : r;
}

static bool reader_pool_has_room(const ReaderPool *pool, uid_t uid) {
        const Reader *reader;
        size_t n_of_all = 0, n_of_user = 0;

        TAILQ_FOREACH (reader, &pool->at_work, entry) {
                n_of_all++;
                n_of_user += reader->uid == uid;
        }

        return n_of_all < READERS_AT_WORK_MAX && n_of_user < READERS_OF_USER_MAX;
}

int reader_charge(Reader *reader, uid_t uid) {
        bool has_room;

        assert(reader);

        if (reader->uid == uid)
                return 0;

        TAILQ_REMOVE(&reader->pool->at_work, reader, entry);
        has_room = reader_pool_has_room(reader->pool, uid);
        TAILQ_INSERT_TAIL(&reader->pool->at_work, reader, entry);
        if (!has_room)
                return -EAGAIN;

        reader->uid = uid;
        reader->pool->on_free(reader->pool->userdata);
        return 0;
}

int reader_pool_take(ReaderPool *pool, uid_t uid, Reader **ret) {
        _cleanup_free_ Reader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        assert(pool);
        assert(ret);

        if (!reader_pool_has_room(pool, uid))
                return -EAGAIN;

        reader = calloc(1, sizeof(Reader));
        if (!reader)
                return -ENOMEM;

        r = reader_pool_take_socket(pool, &fd);
        if (r < 0)
                return r;

        r = sd_event_add_io(pool->event, &reader->source, fd, EPOLLIN, on_reader_message, reader);
        if (r < 0)
                return r;

        reader->pool = pool;
        reader->uid = uid;
        reader->socket_fd = TAKE_FD(fd);
        TAILQ_INSERT_TAIL(&pool->at_work, reader, entry);

        *ret = TAKE_PTR(reader);
        return 0;
}

int reader_send(Reader *reader, const ReaderRequest *request, const int fds[], size_t n_fds,
                reader_handler_t handler, void *userdata) {
        int r;

        assert(reader);
        assert(!reader->busy);
        assert(request);
        assert(handler);

        r = message_send(reader->socket_fd, request, sizeof(*request), fds, n_fds);
        if (r < 0)
                return r;

        reader->busy = true;
        reader->handler = handler;
        reader->userdata = userdata;
        return 0;
}

Reader *reader_release(Reader *reader) {
        if (!reader)
                return NULL;

        reader->released = true;
        if (!reader->busy)
                reader_free(reader);

        return NULL;
}
