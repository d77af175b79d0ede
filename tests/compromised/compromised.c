/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "compromised.h"
#include "fd-util.h"
#include "message.h"
#include "protocol.h"
#include "sandbox.h"
#include "snapshot.h"

/* What it could know from its own memory. */
static struct {
        int socket_fd;
        int answer_fd;
        pid_t parent;
} known;

int __real_sandbox_enter(const Sandbox *s, const int fds[], size_t n_fds);
int __wrap_sandbox_enter(const Sandbox *s, const int fds[], size_t n_fds);
int __real_location_find(Memory *m, Location *ret);
int __wrap_location_find(Memory *m, Location *ret);
int __real_snapshot_take_initial(Memory *m, const ProcessStat *stat, Snapshot *ret);
int __wrap_snapshot_take_initial(Memory *m, const ProcessStat *stat, Snapshot *ret);

int __wrap_sandbox_enter(const Sandbox *s, const int fds[], size_t n_fds) {
        known.socket_fd = fds[0];
        known.answer_fd = fds[1];
        known.parent = getppid();
        return __real_sandbox_enter(s, fds, n_fds);
}

/*
 * What the kernel must not let happen at all.
 */

static char *const no_arguments[] = { NULL };
static char page[4096] __attribute__((aligned(4096)));

static long try_connect(void) {
        const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                             .sun_path = "/run/dbus/system_bus_socket" };

        return connect(known.socket_fd, (const struct sockaddr *) &address, sizeof(address));
}

static long try_process_vm_writev(void) {
        const struct iovec iov = { page, 1 };

        return process_vm_writev(known.parent, &iov, 1, &iov, 1, 0);
}

/* As it is after a handler, a frame of one's own making could set any mask: then the deadline would not count. */
static long try_sigreturn(void) {
        return syscall(SYS_rt_sigreturn);
}

static long try_block_alarm(void) {
        const uint64_t all = ~UINT64_C(0);

        return syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof(all));
}

#define FORBIDDEN(name, call)                             \
        static long do_##name(const Memory *m _unused_) { \
                return (long) (call);                     \
        }

FORBIDDEN(open, syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR))
FORBIDDEN(open_of_what_it_has, syscall(SYS_openat, m->executable_fd, "", O_RDWR))
FORBIDDEN(unlink, syscall(SYS_unlinkat, AT_FDCWD, "/nonexistent", 0))
FORBIDDEN(exec, execve("/bin/true", no_arguments, no_arguments))
FORBIDDEN(exec_of_the_program,
          syscall(SYS_execveat, m->executable_fd, "", no_arguments, no_arguments, AT_EMPTY_PATH))
FORBIDDEN(fork, fork())
FORBIDDEN(thread, syscall(SYS_clone3, NULL, 0))
FORBIDDEN(ptrace, ptrace(PTRACE_SEIZE, known.parent, NULL, NULL))
FORBIDDEN(read_of_others, process_vm_readv(known.parent, NULL, 0, NULL, 0, 0))
FORBIDDEN(write_to_others, try_process_vm_writev())
FORBIDDEN(descriptors_of_others, syscall(SYS_pidfd_getfd, known.socket_fd, 0, 0))
FORBIDDEN(socket, socket(AF_UNIX, SOCK_STREAM, 0))
FORBIDDEN(connect, try_connect())
FORBIDDEN(receive, recv(known.socket_fd, page, 1, MSG_DONTWAIT))
FORBIDDEN(kill, kill(known.parent, SIGTERM))
FORBIDDEN(queue_signal, syscall(SYS_rt_tgsigqueueinfo, known.parent, known.parent, SIGTERM, NULL))
FORBIDDEN(pwrite_to_memory, pwrite(m->mem_fd, "x", 1, 4096))
FORBIDDEN(pwritev_to_memory, syscall(SYS_pwritev, m->mem_fd, NULL, 0, 0, 0))
FORBIDDEN(splice, syscall(SYS_splice, m->executable_fd, NULL, known.answer_fd, NULL, 1, 0))
FORBIDDEN(truncate, ftruncate(known.answer_fd, 0))
FORBIDDEN(allocate, fallocate(known.answer_fd, 0, 0, 1))
FORBIDDEN(seal, fcntl(known.answer_fd, F_ADD_SEALS, F_SEAL_SEAL))
FORBIDDEN(chmod, fchmod(m->executable_fd, 0777))
FORBIDDEN(code, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
FORBIDDEN(code_of_the_program, mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE, m->executable_fd, 0) == MAP_FAILED)
FORBIDDEN(mprotect, mprotect(page, sizeof(page), PROT_READ | PROT_EXEC))
FORBIDDEN(capability, syscall(SYS_capset, NULL, NULL))
FORBIDDEN(setuid, setuid(0))
FORBIDDEN(namespace, unshare(CLONE_NEWUSER))
FORBIDDEN(mount, mount("x", "/", "tmpfs", 0, NULL))
FORBIDDEN(prctl, prctl(PR_GET_SECCOMP, 0, 0, 0, 0))
FORBIDDEN(io_uring, syscall(SYS_io_uring_setup, 1, NULL))
FORBIDDEN(bpf, syscall(SYS_bpf, 0, NULL, 0))
FORBIDDEN(another_ioctl, ioctl(known.socket_fd, FIONBIO, page))
FORBIDDEN(duplicate, dup(m->mem_fd))
FORBIDDEN(later_deadline, syscall(SYS_setitimer, 0, page, NULL))
FORBIDDEN(no_deadline, syscall(SYS_alarm, 0))
FORBIDDEN(handler, signal(SIGALRM, SIG_IGN) == SIG_ERR)
FORBIDDEN(blocked_signals, try_block_alarm())
FORBIDDEN(return_from_a_signal, try_sigreturn())
FORBIDDEN(higher_limits, setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 8, 8 }))

typedef struct Forbidden {
        const char *name;
        long (*act)(const Memory *m);
} Forbidden;

#define ENTRY(name) \
        { #name, do_##name }

static const Forbidden forbidden[] = {
        ENTRY(open),
        ENTRY(open_of_what_it_has),
        ENTRY(unlink),
        ENTRY(exec),
        ENTRY(exec_of_the_program),
        ENTRY(fork),
        ENTRY(thread),
        ENTRY(ptrace),
        ENTRY(read_of_others),
        ENTRY(write_to_others),
        ENTRY(descriptors_of_others),
        ENTRY(socket),
        ENTRY(connect),
        ENTRY(receive),
        ENTRY(kill),
        ENTRY(queue_signal),
        ENTRY(pwrite_to_memory),
        ENTRY(pwritev_to_memory),
        ENTRY(splice),
        ENTRY(truncate),
        ENTRY(allocate),
        ENTRY(seal),
        ENTRY(chmod),
        ENTRY(code),
        ENTRY(code_of_the_program),
        ENTRY(mprotect),
        ENTRY(capability),
        ENTRY(setuid),
        ENTRY(namespace),
        ENTRY(mount),
        ENTRY(prctl),
        ENTRY(io_uring),
        ENTRY(bpf),
        ENTRY(another_ioctl),
        ENTRY(duplicate),
        ENTRY(later_deadline),
        ENTRY(no_deadline),
        ENTRY(handler),
        ENTRY(blocked_signals),
        ENTRY(return_from_a_signal),
        ENTRY(higher_limits),
};

const char *compromised_forbidden(unsigned n) {
        return n < ELEMENTSOF(forbidden) ? forbidden[n].name : NULL;
}

/*
 * What it may try, and must not get.
 */

/* By write(), which it may use for its answer. */
static int write_to_what_is_read(const Memory *m) {
        const int fds[] = { m->mem_fd,        m->auxv_fd,       m->maps_fd,
                            m->mounts_fds[0], m->mounts_fds[1], m->executable_fd };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0 && (write(fds[i], "x", 1) >= 0 || errno != EBADF))
                        return ATTACK_SUCCEEDED;

        return ATTACK_DENIED;
}

static int map_what_is_read(const Memory *m) {
        const int fds[] = { m->mem_fd, m->executable_fd };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0 &&
                    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0) != MAP_FAILED)
                        return ATTACK_SUCCEEDED;

        return ATTACK_DENIED;
}

static bool is_named(const Memory *m, int fd) {
        const int fds[] = { known.socket_fd,  known.answer_fd,  m->mem_fd,        m->auxv_fd, m->maps_fd,
                            m->mounts_fds[0], m->mounts_fds[1], m->executable_fd, m->debug_fd };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] == fd)
                        return true;

        return false;
}

/* The ioctl is one that it may use; it tells whether there is a descriptor. */
static int look_for_descriptors(const Memory *m) {
        for (int fd = 0; fd < 4096; fd++)
                if (!is_named(m, fd) && (ioctl(fd, MAPPING_QUERY_REQUEST, NULL) >= 0 || errno != EBADF))
                        return ATTACK_SUCCEEDED;

        return ATTACK_DENIED;
}

static int take_too_much_memory(const Memory *m _unused_) {
        return mmap(NULL, UINT64_C(1) << 31, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                               MAP_FAILED
                       ? ATTACK_DENIED
                       : ATTACK_SUCCEEDED;
}

/*
 * What it can do, and the service has to stand.
 */

static _Noreturn void answer_and_go(const void *answer, size_t size, const ReaderReply *reply) {
        (void) write_all(known.answer_fd, answer, size);
        (void) message_send(known.socket_fd, reply, sizeof(*reply), NULL, 0);
        _exit(0);
}

static int answer_invalid_text(const Memory *m _unused_) {
        answer_and_go("A=\xff", sizeof("A=\xff"), &(ReaderReply){ .n_entries = 1, .size = 4 });
}

static int answer_text_without_end(const Memory *m _unused_) {
        answer_and_go("A=1", 3, &(ReaderReply){ .n_entries = 1, .size = 3 });
}

static int answer_nonsense(const Memory *m _unused_) {
        ReaderReply reply;

        memset(&reply, 0xff, sizeof(reply));
        reply.error = 0;
        answer_and_go("A=1", sizeof("A=1"), &reply);
}

static int answer_an_error_without_a_positive(const Memory *m _unused_) {
        answer_and_go("A=1", sizeof("A=1"), &(ReaderReply){ .error = INT_MIN });
}

static int answer_an_error_that_is_none(const Memory *m _unused_) {
        answer_and_go("A=1", sizeof("A=1"), &(ReaderReply){ .error = 1 });
}

/* That reading is not allowed is for others to say. */
static int answer_that_it_is_not_allowed(const Memory *m _unused_) {
        answer_and_go("", 0, &(ReaderReply){ .error = -EACCES });
}

static int answer_half(const Memory *m _unused_) {
        (void) message_send(known.socket_fd, "half", 4, NULL, 0);
        _exit(0);
}

static int answer_nothing(const Memory *m _unused_) {
        _exit(0);
}

static _Noreturn int answer_without_end(const Memory *m _unused_) {
        const ReaderReply reply = { .error = -ESTALE };

        for (;;)
                (void) message_send(known.socket_fd, &reply, sizeof(reply), NULL, 0);
}

static int answer_with_descriptors(const Memory *m) {
        const ReaderReply reply = { .error = -ENOTSUP };

        (void) message_send(known.socket_fd, &reply, sizeof(reply),
                            (const int[]){ m->mem_fd, m->maps_fd, m->auxv_fd }, 3);
        _exit(0);
}

static _Noreturn int keep_the_answer_writable(const Memory *m _unused_) {
        const ReaderReply reply = { .n_entries = 1, .size = 4 };
        volatile char *answer;

        (void) write_all(known.answer_fd, "A=1", sizeof("A=1"));
        answer = mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, known.answer_fd, 0);
        (void) message_send(known.socket_fd, &reply, sizeof(reply), NULL, 0);
        for (;;)
                answer[2]++;
}

static _Noreturn int never_end(const Memory *m _unused_) {
        for (;;)
                ;
}

static const struct {
        const char *name;
        int (*act)(const Memory *m);
} others[] = {
        { "write_to_what_is_read", write_to_what_is_read },
        { "map_what_is_read", map_what_is_read },
        { "look_for_descriptors", look_for_descriptors },
        { "take_too_much_memory", take_too_much_memory },
        { "answer_invalid_text", answer_invalid_text },
        { "answer_text_without_end", answer_text_without_end },
        { "answer_nonsense", answer_nonsense },
        { "answer_an_error_that_is_none", answer_an_error_that_is_none },
        { "answer_an_error_without_a_positive", answer_an_error_without_a_positive },
        { "answer_that_it_is_not_allowed", answer_that_it_is_not_allowed },
        { "answer_half", answer_half },
        { "answer_nothing", answer_nothing },
        { "answer_without_end", answer_without_end },
        { "answer_with_descriptors", answer_with_descriptors },
        { "keep_the_answer_writable", keep_the_answer_writable },
        { "never_end", never_end },
};

static int attack(const Memory *m, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(forbidden); i++)
                if (strcmp(forbidden[i].name, name) == 0) {
                        (void) forbidden[i].act(m);
                        return ATTACK_SUCCEEDED;
                }

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (strcmp(others[i].name, name) == 0)
                        return others[i].act(m);

        return ATTACK_UNKNOWN;
}

/* Returns 0 if the process does not attack. */
static int attack_as_told(Memory *m) {
        static const char variable[] = "ATTACK=";
        _cleanup_(snapshot_done) Snapshot snapshot = {};
        Location location = {};
        size_t entry_size;
        int r;

        r = __real_location_find(m, &location);
        if (r >= 0)
                r = snapshot_take(m, &location, &snapshot);
        if (r < 0)
                return r;

        for (const char *entry = snapshot.data; entry < snapshot.data + snapshot.size; entry += entry_size) {
                entry_size = strlen(entry) + 1;
                if (strncmp(entry, variable, strlen(variable)) == 0)
                        return attack(m, entry + strlen(variable));
        }

        return 0;
}

int __wrap_location_find(Memory *m, Location *ret) {
        const int r = attack_as_told(m);

        return r < 0 ? r : __real_location_find(m, ret);
}

int __wrap_snapshot_take_initial(Memory *m, const ProcessStat *stat, Snapshot *ret) {
        const int r = attack_as_told(m);

        return r < 0 ? r : __real_snapshot_take_initial(m, stat, ret);
}
