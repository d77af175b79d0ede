/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "fd-util.h"
#include "mappings.h"
#include "process.h"
#include "sandbox.h"
#include "unit.h"

/* What the child has: an empty file to write to, one to read from, and one that it does not keep. */
typedef struct Inside {
        int written_fd, read_fd, other_fd;
        int socket_fd;
} Inside;

static Sandbox sandbox;

static int setup_sandbox(void **state _unused_) {
        return sandbox_prepare(&sandbox);
}

static int teardown_sandbox(void **state _unused_) {
        free(sandbox.instructions);
        return 0;
}

/* Runs something in a sandboxed child. Returns its wait status. */
static int run_inside(int (*act)(const Inside *inside)) {
        int pair[2], status;
        Inside inside;
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        inside = (Inside){ .written_fd = memfd_with("", 0),
                           .read_fd = memfd_with_text("hello"),
                           .other_fd = memfd_with_text("other"),
                           .socket_fd = pair[0] };

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                const int kept[] = { inside.socket_fd, -EBADF, inside.written_fd, inside.read_fd,
                                     inside.written_fd };

                (void) sandbox_limit(UINT64_C(1) << 30, 4096);
                if (sandbox_enter(&sandbox, kept, ELEMENTSOF(kept)) < 0)
                        _exit(99);
                _exit(act(&inside));
        }

        assert_int_equal(waitpid(pid, &status, 0), pid);
        close(pair[0]);
        close(pair[1]);
        close(inside.written_fd);
        close(inside.read_fd);
        close(inside.other_fd);
        return status;
}

static void assert_ends_in_sigsys(int (*act)(const Inside *inside)) {
        int status;

        if (under_checker())
                skip_under_checker(SANDBOX_UNDER_CHECKER);

        status = run_inside(act);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void assert_works(int (*act)(const Inside *inside)) {
        int status;

        if (under_checker())
                skip_under_checker(SANDBOX_UNDER_CHECKER);

        status = run_inside(act);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

/* One forbidden call, and the test that it ends the process. */
#define FORBIDDEN(name, call)                                              \
        static int do_##name(const Inside *inside _unused_) {              \
                (void) !(call);                                            \
                return 0;                                                  \
        }                                                                  \
        static void test_##name##_ends_the_reader(void **state _unused_) { \
                assert_ends_in_sigsys(do_##name);                          \
        }

static char *const no_arguments[] = { NULL };
static char page_of_code[4096] __attribute__((aligned(4096)));

FORBIDDEN(open, open("/etc/passwd", O_RDONLY))
FORBIDDEN(openat, syscall(SYS_openat, AT_FDCWD, "/proc/1/mem", O_RDONLY))
FORBIDDEN(fork, fork())
FORBIDDEN(vfork, syscall(SYS_vfork))
FORBIDDEN(clone3, syscall(SYS_clone3, NULL, 0))
FORBIDDEN(exec, execve("/bin/true", no_arguments, no_arguments))
FORBIDDEN(execveat, syscall(SYS_execveat, inside->read_fd, "", no_arguments, no_arguments, AT_EMPTY_PATH))
FORBIDDEN(socket, socket(AF_UNIX, SOCK_STREAM, 0))
FORBIDDEN(connect, connect(inside->socket_fd, NULL, 0))
FORBIDDEN(kill, kill(1, 0))
FORBIDDEN(tgkill, syscall(SYS_tgkill, 1, 1, 0))
FORBIDDEN(ptrace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
FORBIDDEN(process_vm_readv, process_vm_readv(1, NULL, 0, NULL, 0, 0))
FORBIDDEN(process_vm_writev, process_vm_writev(1, NULL, 0, NULL, 0, 0))
FORBIDDEN(pwrite, pwrite(inside->written_fd, "x", 1, 0))
FORBIDDEN(mmap_of_code, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
FORBIDDEN(mprotect, mprotect(page_of_code, 4096, PROT_READ | PROT_EXEC))
FORBIDDEN(pkey_mprotect, syscall(SYS_pkey_mprotect, page_of_code, 4096, PROT_READ | PROT_EXEC, -1))
FORBIDDEN(memfd_create, memfd_create("x", 0))
FORBIDDEN(setuid, setuid(0))
FORBIDDEN(unshare, unshare(CLONE_NEWUSER))
FORBIDDEN(mount, mount("x", "/", "tmpfs", 0, NULL))
FORBIDDEN(prctl, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
FORBIDDEN(ioctl, syscall(SYS_ioctl, 0, 0, 0))
FORBIDDEN(another_ioctl_of_mappings, syscall(SYS_ioctl, 0, MAPPING_QUERY_REQUEST + 1, 0))
FORBIDDEN(io_uring, syscall(SYS_io_uring_setup, 1, NULL))
FORBIDDEN(bpf, syscall(SYS_bpf, 0, NULL, 0))
FORBIDDEN(sendto, send(inside->socket_fd, "x", 1, MSG_NOSIGNAL))
FORBIDDEN(sigreturn, syscall(SYS_rt_sigreturn))
FORBIDDEN(recvmsg, syscall(SYS_recvmsg, inside->socket_fd, NULL, 0))
FORBIDDEN(dup, dup(inside->read_fd))
FORBIDDEN(alarm, syscall(SYS_alarm, 0))
FORBIDDEN(sigaction, signal(SIGALRM, SIG_IGN))
FORBIDDEN(setrlimit, setrlimit(RLIMIT_CORE, &(struct rlimit){}))

#if defined(__x86_64__)
/* The same kernel has two more ways in: the calls of 32-bit programs and those of x32. */
FORBIDDEN(x32, syscall(0x40000000 | SYS_getpid))

static int do_32_bit_call(const Inside *inside _unused_) {
        long result = 20; /* getpid */

        __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
        return 0;
}

static void test_a_32_bit_call_ends_the_reader(void **state _unused_) {
        assert_ends_in_sigsys(do_32_bit_call);
}
#endif

static int use_files(const Inside *inside) {
        char buf[6] = {};

        if (read(inside->read_fd, buf, 5) >= 0 && pread(inside->read_fd, buf, 5, 0) == 5 &&
            strcmp(buf, "hello") == 0 && write(inside->written_fd, "x", 1) == 1)
                return 0;

        return 1;
}

static void test_files_that_were_kept_can_be_used(void **state _unused_) {
        assert_works(use_files);
}

static int use_socket(const Inside *inside) {
        struct iovec iov = { .iov_base = (char *) "x", .iov_len = 1 };
        const struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        return sendmsg(inside->socket_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : 1;
}

static void test_the_answer_can_be_sent(void **state _unused_) {
        assert_works(use_socket);
}

static int use_memory(const Inside *inside _unused_) {
        for (size_t size = 16; size < 64U * 1024U * 1024U; size *= 2) {
                char *p = malloc(size), *q;

                if (!p)
                        return 1;
                memset(p, 1, size);
                q = realloc(p, size * 2);
                if (!q)
                        return 2;
                memset(q, 2, size * 2);
                free(q);
        }

        return 0;
}

static void test_memory_can_be_used(void **state _unused_) {
        assert_works(use_memory);
}

static int use_too_much_memory(const Inside *inside _unused_) {
        return mmap(NULL, UINT64_C(2) << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                               MAP_FAILED
                       ? 0
                       : 1;
}

static void test_memory_has_a_limit(void **state _unused_) {
        assert_works(use_too_much_memory);
}

static int write_too_much(const Inside *inside) {
        char data[8192] = {};

        (void) !write(inside->written_fd, data, 4096);
        (void) !write(inside->written_fd, data, 1);
        return 1;
}

static void test_an_answer_that_is_too_large_ends_the_reader(void **state _unused_) {
        int status;

        if (under_checker())
                skip_under_checker(SANDBOX_UNDER_CHECKER);

        status = run_inside(write_too_much);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGXFSZ);
}

static int look_for_other_files(const Inside *inside) {
        char byte;

        for (int fd = 0; fd < 1024; fd++) {
                if (fd == inside->written_fd || fd == inside->read_fd || fd == inside->socket_fd)
                        continue;
                if (pread(fd, &byte, 1, 0) >= 0 || errno != EBADF)
                        return 1;
        }

        return 0;
}

static void test_all_other_files_are_closed(void **state _unused_) {
        assert_works(look_for_other_files);
}

static int open_more_files(void *userdata) {
        const int fd = *(int *) userdata;

        return dup2(fd, 1000) == 1000 && dup2(fd, 0) == 0 ? 0 : -1;
}

/* The kernel's own account of a child that has entered the sandbox. */
typedef struct Watched {
        pid_t pid;
        int go_fd, ready_fd;
} Watched;

static Watched watched_start(int (*prepare)(void *), void *userdata) {
        int go[2], ready[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe2(go, O_CLOEXEC), 0);
        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                const int kept[] = { ready[1], go[0] };

                if ((prepare && prepare(userdata) < 0) || sandbox_limit(UINT64_C(1) << 30, 1 << 20) < 0 ||
                    sandbox_enter(&sandbox, kept, 2) < 0)
                        _exit(99);
                (void) !write(ready[1], "r", 1);
                (void) !read(go[0], &byte, 1);
                _exit(0);
        }

        close(go[0]);
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        return (Watched){ .pid = pid, .go_fd = go[1], .ready_fd = ready[0] };
}

static void watched_end(const Watched *w) {
        int status;

        close(w->go_fd);
        close(w->ready_fd);
        assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_no_capability_and_no_way_to_new_ones_is_left(void **state _unused_) {
        static const char *const sets[] = { "CapInh:", "CapPrm:", "CapEff:", "CapAmb:" };
        _cleanup_(process_done) Process p = PROCESS_NULL;
        char status[8192];
        Watched w;

        if (under_checker())
                skip_under_checker(SANDBOX_UNDER_CHECKER);

        w = watched_start(NULL, NULL);
        assert_int_equal(process_open_pid(w.pid, &p), 0);
        assert_true(read_file_at(p.dir_fd, "status", status, sizeof(status)) > 0);

        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                assert_int_equal(strtoull(proc_field(status, sets[i]), NULL, 16), 0);
        assert_int_equal(strtol(proc_field(status, "NoNewPrivs:"), NULL, 10), 1);
        assert_int_equal(strtol(proc_field(status, "Seccomp:"), NULL, 10), SECCOMP_MODE_FILTER);

        watched_end(&w);
}

static void assert_limit(pid_t pid, int resource, rlim_t expected) {
        struct rlimit limit;

        assert_int_equal(prlimit(pid, (enum __rlimit_resource) resource, NULL, &limit), 0);
        assert_true(limit.rlim_cur == expected);
        assert_true(limit.rlim_max == expected);
}

static void test_limits_hold(void **state _unused_) {
        Watched w;

        if (under_checker())
                skip_under_checker(SANDBOX_UNDER_CHECKER);

        w = watched_start(NULL, NULL);
        assert_limit(w.pid, RLIMIT_NOFILE, 0);
        assert_limit(w.pid, RLIMIT_NPROC, 0);
        assert_limit(w.pid, RLIMIT_CORE, 0);
        assert_limit(w.pid, RLIMIT_AS, UINT64_C(1) << 30);
        assert_limit(w.pid, RLIMIT_FSIZE, 1 << 20);
        watched_end(&w);
}

static void test_files_of_all_numbers_are_closed(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with("", 0);
        char path[64];
        Watched w;

        if (under_checker())
                skip_under_checker(SANDBOX_UNDER_CHECKER);

        w = watched_start(open_more_files, &fd);
        (void) snprintf(path, sizeof(path), "/proc/%d/fd/1000", w.pid);
        assert_int_equal(access(path, F_OK), -1);
        (void) snprintf(path, sizeof(path), "/proc/%d/fd/0", w.pid);
        assert_int_equal(access(path, F_OK), -1);
        watched_end(&w);
}

static void test_a_filter_is_compiled(void **state _unused_) {
        Sandbox s = {};

        assert_int_equal(sandbox_prepare(&s), 0);
        assert_non_null(s.instructions);
        assert_true(s.n_instructions > 10);
        free(s.instructions);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_filter_is_compiled),
                cmocka_unit_test(test_open_ends_the_reader),
                cmocka_unit_test(test_openat_ends_the_reader),
                cmocka_unit_test(test_fork_ends_the_reader),
                cmocka_unit_test(test_vfork_ends_the_reader),
                cmocka_unit_test(test_clone3_ends_the_reader),
                cmocka_unit_test(test_exec_ends_the_reader),
                cmocka_unit_test(test_execveat_ends_the_reader),
                cmocka_unit_test(test_socket_ends_the_reader),
                cmocka_unit_test(test_connect_ends_the_reader),
                cmocka_unit_test(test_kill_ends_the_reader),
                cmocka_unit_test(test_tgkill_ends_the_reader),
                cmocka_unit_test(test_ptrace_ends_the_reader),
                cmocka_unit_test(test_process_vm_readv_ends_the_reader),
                cmocka_unit_test(test_process_vm_writev_ends_the_reader),
                cmocka_unit_test(test_pwrite_ends_the_reader),
                cmocka_unit_test(test_mmap_of_code_ends_the_reader),
                cmocka_unit_test(test_mprotect_ends_the_reader),
                cmocka_unit_test(test_pkey_mprotect_ends_the_reader),
                cmocka_unit_test(test_memfd_create_ends_the_reader),
                cmocka_unit_test(test_setuid_ends_the_reader),
                cmocka_unit_test(test_unshare_ends_the_reader),
                cmocka_unit_test(test_mount_ends_the_reader),
                cmocka_unit_test(test_prctl_ends_the_reader),
                cmocka_unit_test(test_ioctl_ends_the_reader),
                cmocka_unit_test(test_another_ioctl_of_mappings_ends_the_reader),
                cmocka_unit_test(test_io_uring_ends_the_reader),
                cmocka_unit_test(test_bpf_ends_the_reader),
                cmocka_unit_test(test_sendto_ends_the_reader),
                cmocka_unit_test(test_sigreturn_ends_the_reader),
                cmocka_unit_test(test_recvmsg_ends_the_reader),
                cmocka_unit_test(test_dup_ends_the_reader),
                cmocka_unit_test(test_alarm_ends_the_reader),
                cmocka_unit_test(test_sigaction_ends_the_reader),
                cmocka_unit_test(test_setrlimit_ends_the_reader),
#if defined(__x86_64__)
                cmocka_unit_test(test_x32_ends_the_reader),
                cmocka_unit_test(test_a_32_bit_call_ends_the_reader),
#endif
                cmocka_unit_test(test_files_that_were_kept_can_be_used),
                cmocka_unit_test(test_the_answer_can_be_sent),
                cmocka_unit_test(test_memory_can_be_used),
                cmocka_unit_test(test_memory_has_a_limit),
                cmocka_unit_test(test_an_answer_that_is_too_large_ends_the_reader),
                cmocka_unit_test(test_all_other_files_are_closed),
                cmocka_unit_test(test_no_capability_and_no_way_to_new_ones_is_left),
                cmocka_unit_test(test_limits_hold),
                cmocka_unit_test(test_files_of_all_numbers_are_closed),
        };

        return cmocka_run_group_tests(tests, setup_sandbox, teardown_sandbox);
}
