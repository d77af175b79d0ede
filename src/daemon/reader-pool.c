/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/queue.h>

#include "fd-util.h"
#include "message.h"
#include "nursery.h"
#include "reader-pool.h"

#define READERS_WAITING 4U

/* At work, and parked: how many, and how many of one user. */
typedef struct Quota {
        size_t all, of_user;
} Quota;

static const Quota quotas[] = { [false] = { 32, 4 }, [true] = { 16, 4 } };

typedef TAILQ_HEAD(ReaderList, Reader) ReaderList;

struct ReaderPool {
        sd_event *event;
        Nursery nursery;
        ReaderList readers;

        reader_pool_handler_t on_free;
        void *userdata;
};

typedef enum ReaderState {
        READER_IDENTIFYING,
        READER_WAITING, /* for consent, or for nothing any more */
        READER_READING,
} ReaderState;

struct Reader {
        TAILQ_ENTRY(Reader) entry;
        ReaderPool *pool;
        uid_t uid;   /* to whom its place is charged */
        bool parked; /* it has no place */
        int socket_fd;
        sd_event_source *source;

        ReaderState state;
        bool released; /* nobody waits for it any more */
        const ReaderHandlers *handlers;
        void *userdata;
};

int reader_pool_new(sd_event *event, int zygote_fd, reader_pool_handler_t on_free, void *userdata,
                    ReaderPool **ret) {
        ReaderPool *pool;
        int r;

        assert(event);
        assert(zygote_fd >= 0);
        assert(on_free);
        assert(ret);

        pool = calloc(1, sizeof(ReaderPool));
        if (!pool) {
                close_fd(zygote_fd);
                return -ENOMEM;
        }

        r = nursery_init(&pool->nursery, event, zygote_fd, READERS_WAITING);
        if (r < 0) {
                free(pool);
                return r;
        }

        TAILQ_INIT(&pool->readers);
        pool->event = sd_event_ref(event);
        pool->on_free = on_free;
        pool->userdata = userdata;

        *ret = pool;
        return 0;
}

ReaderPool *reader_pool_free(ReaderPool *pool) {
        if (!pool)
                return NULL;

        nursery_done(&pool->nursery);
        sd_event_unref(pool->event);
        free(pool);
        return NULL;
}

void reader_pool_fill(ReaderPool *pool) {
        assert(pool);

        nursery_fill(&pool->nursery);
}

static void reader_free(Reader *reader) {
        ReaderPool *pool = reader->pool;

        TAILQ_REMOVE(&pool->readers, reader, entry);
        sd_event_source_disable_unref(reader->source);
        close_fd(reader->socket_fd);
        free(reader);

        pool->on_free(pool->userdata);
}

/* Hands what a reader has said, or its end, to whoever waits for it; who may release the reader then. */
static void reader_tell(Reader *reader, int error, const ReaderIdentity *identity,
                        const ReaderReply *reply) {
        const bool identifying = reader->state == READER_IDENTIFYING;

        reader->state = identifying && error == 0 && identity->error == 0 && !identity->waits
                                ? READER_READING
                                : READER_WAITING;

        if (reader->released) {
                if (reader->state == READER_WAITING)
                        reader_free(reader);
        } else if (identifying)
                reader->handlers->on_identity(error, identity, reader->userdata);
        else
                reader->handlers->on_reply(error, reply, reader->userdata);
}

static int on_reader_message(sd_event_source *source, int fd, uint32_t events _unused_, void *userdata) {
        Reader *reader = userdata;
        union {
                ReaderIdentity identity;
                ReaderReply reply;
        } message;
        int r;

        r = message_receive(fd, &message,
                            reader->state == READER_IDENTIFYING ? sizeof(message.identity)
                                                                : sizeof(message.reply),
                            NULL, 0);
        if (r == -EAGAIN)
                return 0;

        /* It has ended, or says what nobody asked: there will be nothing more to hear. */
        if (r <= 0 || reader->state == READER_WAITING)
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);

        if (reader->state != READER_WAITING)
                reader_tell(reader, r > 0 ? 0 : -ECONNRESET, &message.identity, &message.reply);

        return 0;
}

static bool reader_pool_has_room(const ReaderPool *pool, uid_t uid, bool parked) {
        const Reader *reader;
        size_t n_of_all = 0, n_of_user = 0;

        TAILQ_FOREACH (reader, &pool->readers, entry)
                if (reader->parked == parked) {
                        n_of_all++;
                        n_of_user += reader->uid == uid;
                }

        return n_of_all < quotas[parked].all && n_of_user < quotas[parked].of_user;
}

/* Charges its place, or its having none, to a user. */
static int reader_charge(Reader *reader, uid_t uid, bool parked) {
        ReaderPool *pool = reader->pool;
        bool has_room;

        if (reader->uid == uid && reader->parked == parked)
                return 0;

        TAILQ_REMOVE(&pool->readers, reader, entry);
        has_room = reader_pool_has_room(pool, uid, parked);
        TAILQ_INSERT_TAIL(&pool->readers, reader, entry);
        if (!has_room)
                return parked ? -EBUSY : -EAGAIN;

        reader->uid = uid;
        reader->parked = parked;
        pool->on_free(pool->userdata);
        return 0;
}

int reader_pool_take(ReaderPool *pool, uid_t uid, Reader **ret) {
        _cleanup_free_ Reader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        assert(pool);
        assert(ret);

        if (!reader_pool_has_room(pool, uid, false))
                return -EAGAIN;

        reader = calloc(1, sizeof(Reader));
        if (!reader)
                return -ENOMEM;

        r = nursery_take(&pool->nursery, &fd);
        if (r < 0)
                return r;

        r = sd_event_add_io(pool->event, &reader->source, fd, EPOLLIN, on_reader_message, reader);
        if (r < 0)
                return r;

        reader->pool = pool;
        reader->uid = uid;
        reader->socket_fd = TAKE_FD(fd);
        reader->state = READER_WAITING;
        TAILQ_INSERT_TAIL(&pool->readers, reader, entry);

        *ret = TAKE_PTR(reader);
        return 0;
}

int reader_send(Reader *reader, const ReaderRequest *request, const int fds[], size_t n_fds,
                const ReaderHandlers *handlers, void *userdata) {
        int r;

        assert(reader);
        assert(reader->state == READER_WAITING);
        assert(request);
        assert(handlers);

        r = message_send(reader->socket_fd, request, sizeof(*request), fds, n_fds);
        if (r < 0)
                return r;

        reader->state = READER_IDENTIFYING;
        reader->handlers = handlers;
        reader->userdata = userdata;
        return 0;
}

int reader_park(Reader *reader) {
        assert(reader);
        assert(reader->state == READER_WAITING);

        return reader_charge(reader, reader->uid, true);
}

int reader_consent(Reader *reader, uid_t uid) {
        int r;

        assert(reader);
        assert(reader->state == READER_WAITING);

        r = reader_charge(reader, uid, false);
        if (r >= 0)
                r = message_send(reader->socket_fd, &(ReaderConsent){}, sizeof(ReaderConsent), NULL, 0);
        if (r < 0)
                return r;

        reader->state = READER_READING;
        return 0;
}

Reader *reader_release(Reader *reader) {
        if (!reader)
                return NULL;

        reader->released = true;
        if (reader->state == READER_WAITING)
                reader_free(reader);

        return NULL;
}
