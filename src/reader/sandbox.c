/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capabilities.h"
#include "fd-util.h"
#include "mappings.h"
#include "sandbox.h"
#include "sanitizers.h"

static int add_calls(scmp_filter_ctx filter, uint32_t action, const int calls[], size_t n_calls) {
        for (size_t i = 0; i < n_calls; i++) {
                int r = seccomp_rule_add(filter, action, calls[i], 0);

                if (r < 0)
                        return r;
        }

        return 0;
}

/* What their runtime does on top, in particular when it has found something. It would also open files then, to say more. */
static int allow_sanitizers(scmp_filter_ctx filter) {
        static const int calls[] = { SCMP_SYS(futex), SCMP_SYS(getpid), SCMP_SYS(sched_yield),
                                     SCMP_SYS(sigaltstack) };
        static const int failing[] = { SCMP_SYS(open), SCMP_SYS(readlink) };
        int r;

        r = add_calls(filter, SCMP_ACT_ALLOW, calls, ELEMENTSOF(calls));
        if (r >= 0)
                r = add_calls(filter, SCMP_ACT_ERRNO(EPERM), failing, ELEMENTSOF(failing));
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                     SCMP_A1(SCMP_CMP_EQ, TCGETS));
        return r;
}

static int add_rules(scmp_filter_ctx filter) {
        static const int plain[] = {
                SCMP_SYS(pread64),         SCMP_SYS(read),   SCMP_SYS(write),      SCMP_SYS(sendmsg),
                SCMP_SYS(close),           SCMP_SYS(munmap), SCMP_SYS(mremap),     SCMP_SYS(brk),
                SCMP_SYS(madvise),         SCMP_SYS(exit),   SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
                SCMP_SYS(clock_nanosleep),
        };
        int r;

        r = add_calls(filter, SCMP_ACT_ALLOW, plain, ELEMENTSOF(plain));
        if (r >= 0 && WITH_SANITIZERS)
                r = allow_sanitizers(filter);
        if (r < 0)
                return r;

        /* A question about one mapping, and no other ioctl. */
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, MAPPING_QUERY_REQUEST));
        if (r < 0)
                return r;

        /* Memory that holds data, never code. */
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* libseccomp 2.5 writes the compiled filter to a file only. */
static int export_filter(scmp_filter_ctx filter, Sandbox *ret) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ struct sock_filter *instructions = NULL;
        struct stat st;
        int r;

        fd = memfd_create("pekeenv-seccomp", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;

        r = seccomp_export_bpf(filter, fd);
        if (r < 0)
                return r;

        if (fstat(fd, &st) < 0)
                return -errno;

        instructions = malloc((size_t) st.st_size);
        if (!instructions)
                return -ENOMEM;

        if (pread(fd, instructions, (size_t) st.st_size, 0) != (ssize_t) st.st_size)
                return -EIO;

        *ret = (Sandbox){
                .instructions = TAKE_PTR(instructions),
                .n_instructions = (size_t) st.st_size / sizeof(struct sock_filter),
        };
        return 0;
}

int sandbox_prepare(Sandbox *ret) {
        scmp_filter_ctx filter;
        int r;

        assert(ret);

        filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
        if (!filter)
                return -ENOMEM;

        r = add_rules(filter);
        if (r >= 0)
                r = export_filter(filter, ret);

        seccomp_release(filter);
        return r;
}

static int limit(int resource, rlim_t value) {
        return setrlimit(resource, &(struct rlimit){ value, value }) < 0 ? -errno : 0;
}

int sandbox_limit(size_t memory_max, size_t file_size_max) {
        int r = 0;

        /* For each byte of memory they have one of their own. */
        if (!WITH_SANITIZERS)
                r = limit(RLIMIT_AS, memory_max);
        if (r >= 0)
                r = limit(RLIMIT_FSIZE, file_size_max);
        if (r >= 0)
                r = limit(RLIMIT_CORE, 0);
        return r;
}

static int next_kept_fd(const int fds[], size_t n_fds, int from) {
        int next = -1;

        for (size_t i = 0; i < n_fds; i++)
                if (fds[i] >= from && (next < 0 || fds[i] < next))
                        next = fds[i];

        return next;
}

static int close_all_but(const int fds[], size_t n_fds) {
        int from = WITH_SANITIZERS ? STDERR_FILENO + 1 : 0; /* what they find they have to say */

        for (;;) {
                const int kept = next_kept_fd(fds, n_fds, from);
                const unsigned last = kept < 0 ? ~0U : (unsigned) kept - 1;

                if (kept != from && close_range((unsigned) from, last, 0) < 0)
                        return -errno;
                if (kept < 0)
                        return 0;

                from = kept + 1;
        }
}

int sandbox_enter(const Sandbox *s, const int fds[], size_t n_fds) {
        struct sock_fprog program;
        int r;

        assert(s);
        assert(fds || n_fds == 0);

        r = close_all_but(fds, n_fds);
        if (r < 0)
                return r;

        r = limit(RLIMIT_NOFILE, 0);
        if (r < 0)
                return r;

        r = limit(RLIMIT_NPROC, 0);
        if (r < 0)
                return r;

        r = capabilities_keep(0);
        if (r < 0)
                return r;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;

        program =
                (struct sock_fprog){ .len = (unsigned short) s->n_instructions, .filter = s->instructions };
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                return -errno;

        return 0;
}
