/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <ftw.h>
#include <link.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "target.h"

#define READY_MILLISECONDS_MAX 60000

/* Good for a few calls. Returns NULL if there is no such file. */
static const char *path_of(const char *directory, const char *name, int mode) {
        static char paths[8][4096];
        static size_t next;
        char *path = paths[next++ % ELEMENTSOF(paths)];

        (void) snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
        return access(path, mode) == 0 ? path : NULL;
}

const char *target_built(const char *name) {
        const char *directory = getenv("TARGETS_BUILT");

        if (!directory)
                fail_msg("TARGETS_BUILT is not set: run this by meson test");

        return path_of(directory, name, R_OK);
}

const char *target_installed(const char *name) {
        static const char *const directories[] = { "/usr/bin", "/bin", "/usr/local/bin" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                const char *path = path_of(directories[i], name, X_OK);

                if (path)
                        return path;
        }

        return NULL;
}

static _Noreturn void run(const char *const argv[], const char *const environment[], const char *root,
                          const int fds[static 3]) {
        for (int i = 0; i < 2; i++)
                if (dup2(fds[i], i) < 0)
                        _exit(120);
        if (fds[2] == 3 ? fcntl(3, F_SETFD, 0) < 0 : fds[2] >= 0 && dup2(fds[2], 3) < 0)
                _exit(121);
        if (close_range(fds[2] >= 0 ? 4 : 3, ~0U, 0) < 0)
                _exit(122);
        if (root && (chroot(root) < 0 || chdir("/") < 0))
                _exit(123);

        (void) execve(argv[0], (char *const *) argv, (char *const *) environment);
        _exit(124);
}

Target target_start_with(const char *const argv[], const char *const environment[], const char *root,
                         int extra_fd) {
        int in[2], out[2];
        Target t;

        assert_non_null(argv[0]);
        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);

        t.pid = fork();
        assert_true(t.pid >= 0);
        if (t.pid == 0)
                run(argv, environment, root, (const int[]){ in[0], out[1], extra_fd });

        close(in[0]);
        close(out[1]);
        t.stdin_fd = in[1];
        t.stdout_fd = out[0];
        t.pidfd = open_pidfd(t.pid, 0);
        assert_true(t.pidfd >= 0);

        return t;
}

Target target_start(const char *const argv[], const char *const environment[]) {
        Target t = target_start_with(argv, environment, NULL, -EBADF);

        target_wait_ready(&t);
        return t;
}

void target_read_line(const Target *t, char *buf, size_t size) {
        size_t n = 0;

        for (;;) {
                struct pollfd p = { .fd = t->stdout_fd, .events = POLLIN };

                if (poll(&p, 1, READY_MILLISECONDS_MAX) != 1)
                        fail_msg("the target is not ready after a minute");
                if (read(t->stdout_fd, buf + n, 1) != 1)
                        fail_msg("the target ended before it was ready");
                if (buf[n] == '\n')
                        break;
                assert_true(++n < size);
        }

        buf[n] = 0;
}

void target_wait_ready(const Target *t) {
        char line[64];

        target_read_line(t, line, sizeof(line));
        assert_string_equal(line, "READY");
}

void target_go_on(const Target *t) {
        assert_int_equal(write(t->stdin_fd, "\n", 1), 1);
}

void target_end(Target *t) {
        t->stdin_fd = close_fd(t->stdin_fd);
        assert_int_equal(waitpid(t->pid, NULL, 0), t->pid);
        t->stdout_fd = close_fd(t->stdout_fd);
        t->pidfd = close_fd(t->pidfd);
}

int target_read(const Target *t, Location *ret_location, Snapshot *ret) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        _cleanup_(memory_freep) Memory *m = NULL;
        Location l = {};
        int r;

        r = process_open(t->pidfd, &p);
        if (r >= 0)
                r = process_use_live_thread(&p);
        if (r < 0)
                return r;

        r = memory_open(&p, &m);
        if (r < 0)
                return r;

        r = location_find(m, &l);
        if (r < 0)
                return r;

        if (ret_location)
                *ret_location = l;
        return snapshot_take(m, &l, ret);
}

Memory *target_open(const Target *t) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Memory *m;

        assert_int_equal(process_open(t->pidfd, &p), 0);
        assert_int_equal(memory_open(&p, &m), 0);
        assert_int_equal(memory_open_mounts(m), 0);
        (void) memory_open_executable(m);
        return m;
}

void target_assert(const Target *t, const char *const expected[], Location *ret_location) {
        _cleanup_(snapshot_done) Snapshot s = {};
        size_t n = 0, offset = 0;
        int r;

        r = target_read(t, ret_location, &s);
        if (r < 0)
                fail_msg("reading the target failed: %s", strerror(-r));

        for (; expected[n]; n++) {
                if (offset >= s.size)
                        fail_msg("'%s' and what follows is missing", expected[n]);
                assert_string_equal(s.data + offset, expected[n]);
                offset += strlen(expected[n]) + 1;
        }
        if (offset < s.size)
                fail_msg("there is '%s' after the last entry", s.data + offset);

        assert_int_equal(s.n_entries, n);
}

void target_assert_error(const Target *t, int error) {
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(target_read(t, NULL, &s), error);
}

typedef struct Search {
        const char *part;
        char path[4096];
} Search;

static int compare_object(struct dl_phdr_info *info, size_t size _unused_, void *userdata) {
        Search *s = userdata;
        const char *name = strrchr(info->dlpi_name, '/');

        if (!name || strncmp(name + 1, s->part, strlen(s->part)) != 0)
                return 0;

        (void) snprintf(s->path, sizeof(s->path), "%s", info->dlpi_name);
        return 1;
}

const char *target_loaded_object(const char *part) {
        static Search s;

        s.part = part;
        if (dl_iterate_phdr(compare_object, &s) != 1)
                return NULL;

        return s.path;
}

char *target_make_directory(void) {
        char path[] = "/tmp/pekeenv-test-XXXXXX";

        assert_non_null(mkdtemp(path));
        assert_int_equal(chmod(path, 0755), 0);
        return strdup(path);
}

static int remove_one(const char *path, const struct stat *st _unused_, int flag _unused_,
                      struct FTW *ftw _unused_) {
        return remove(path);
}

void target_remove_directory(char *path) {
        assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
        free(path);
}

void target_copy_file(const char *from, const char *to) {
        _cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC), out = -EBADF;
        struct stat st;

        assert_true(in >= 0);
        assert_int_equal(fstat(in, &st), 0);
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
        assert_true(out >= 0);
        for (off_t offset = 0; offset < st.st_size;)
                assert_true(sendfile(out, in, &offset, (size_t) (st.st_size - offset)) > 0);
}
