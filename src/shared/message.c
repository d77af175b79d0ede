/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/socket.h>

#include "fd-util.h"
#include "message.h"

typedef union Control {
        struct cmsghdr header;
        uint8_t room[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
} Control;

int message_send(int socket_fd, const void *data, size_t size, const int fds[], size_t n_fds) {
        struct iovec iov = { .iov_base = (void *) data, .iov_len = size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        Control control = {};

        assert(data);
        assert(n_fds <= MESSAGE_FDS_MAX);

        if (n_fds > 0) {
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
        }

        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void take_fds(struct msghdr *message, int fds[], size_t n_fds) {
        size_t n = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                const size_t n_sent = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;

                for (size_t i = 0; i < n_sent; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (n < n_fds)
                                fds[n++] = fd;
                        else
                                close_fd(fd);
                }
        }
}

int message_receive(int socket_fd, void *data, size_t size, int fds[], size_t n_fds) {
        struct iovec iov = { .iov_base = data, .iov_len = size };
        Control control;
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;

        assert(data);
        assert(fds || n_fds == 0);

        for (size_t i = 0; i < n_fds; i++)
                fds[i] = -EBADF;

        do
                n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;

        take_fds(&message, fds, n_fds);
        if ((size_t) n == size && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
                return 1;

        for (size_t i = 0; i < n_fds; i++)
                fds[i] = close_fd(fds[i]);
        return n == 0 ? 0 : -EBADMSG;
}
