/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd-util.h"
#include "target.h"
#include "text.h"
#include "unit.h"

#define NAME_PREFIX "name:"
#define COMM_MAX 15U /* proc_pid_comm(5) */

void target_done(Target *t) {
        assert(t);

        t->pidfd = close_fd(t->pidfd);
}

void targets_done(Targets *t) {
        assert(t);

        for (size_t i = 0; i < t->n_items; i++)
                target_done(t->items + i);
        free(t->items);
        *t = (Targets){};
}

static int targets_add(Targets *t, Target *target) {
        Target *items = reallocarray(t->items, t->n_items + 1, sizeof(Target));

        if (!items)
                return client_fail_without_memory();

        t->items = items;
        t->items[t->n_items++] = *target;
        *target = TARGET_NULL;
        return 0;
}

static void read_comm(pid_t pid, char *buf, size_t size) {
        char path[sizeof("/proc//comm") + 10];
        ssize_t n;

        (void) snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        n = read_file_at(AT_FDCWD, path, buf, size);
        if (n <= 0)
                buf[0] = 0;
        else if (buf[n - 1] == '\n')
                buf[n - 1] = 0;
}

/* Returns 0 or a negative errno: -ESRCH, also if it has exited, or -ENOENT for the ID of a thread. */
static int target_open(pid_t pid, Target *ret) {
        int fd;

        fd = pidfd_open_process(pid);
        if (fd < 0)
                return fd;

        *ret = (Target){ .pid = pid, .pidfd = fd };
        read_comm(pid, ret->comm, sizeof(ret->comm));
        return 0;
}

static int report_open(pid_t pid, int error) {
        if (error == -ESRCH)
                return client_fail(EXIT_NO_PROCESS, "There is no process %d, or not any more.", pid);
        if (error == -ENOENT)
                return client_fail(
                        EXIT_NO_PROCESS,
                        "There is no process %d: this is the ID of a thread. Name the process it belongs to.",
                        pid);

        return client_fail(EXIT_UNAVAILABLE, "Process %d can't be opened: %s.", pid, strerror(-error));
}

/* The kernel shows the namespaces of a process to those only who may read its environment, as it was at the start; and it
 * has to be our own namespace, too. */
bool target_is_own(const Target *t) {
        char path[sizeof("/proc//ns/user") + 10];
        struct stat ours, theirs;

        assert(t);

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", t->pid);
        return stat(path, &theirs) >= 0 && stat("/proc/self/ns/user", &ours) >= 0 &&
               theirs.st_ino == ours.st_ino;
}

/*
 * By PID
 */

/* Whether the text is a number, be it a PID or not. */
static bool is_number(const char *text) {
        return text[0] != 0 && text[strspn(text, "0123456789")] == 0;
}

static int find_by_pid(Client *c, const char *text, Targets *t) {
        Target target = TARGET_NULL;
        unsigned long pid;
        int r;

        errno = 0;
        pid = strtoul(text, NULL, 10);
        if (errno != 0 || pid == 0 || pid > INT_MAX)
                return client_fail(EXIT_USAGE, "'%s' is not a PID.", text);

        if (c->options->all)
                return client_fail(EXIT_USAGE, "--all takes a unit, such as nginx.service, not a PID.");

        if (options_remote(c->options))
                target.pid = (pid_t) pid;
        else {
                r = target_open((pid_t) pid, &target);
                if (r < 0)
                        return report_open((pid_t) pid, r);
        }

        return targets_add(t, &target);
}

/*
 * By name
 */

static const char *user_name(uid_t uid, char buf[static 16]) {
        const struct passwd *user = getpwuid(uid);

        (void) snprintf(buf, 16, "%u", uid);
        return user ? user->pw_name : buf;
}

static void print_candidate(const Target *t) {
        char path[sizeof("/proc//exe") + 10], executable[PATH_MAX], uid[16];
        _cleanup_free_ char *escaped = NULL;
        struct stat st;
        ssize_t n;

        (void) snprintf(path, sizeof(path), "/proc/%d/exe", t->pid);
        n = readlink(path, executable, sizeof(executable));
        escaped = n > 0 ? text_escape(executable, (size_t) n) : NULL;

        path[strlen(path) - strlen("/exe")] = 0;
        if (stat(path, &st) < 0)
                return;

        (void) fprintf(stderr, "%10d %-16s %s\n", t->pid, user_name(st.st_uid, uid),
                       escaped ? escaped : "-");
}

static int report_candidates(const Client *c, const char *name, const Targets *t) {
        (void) client_fail(EXIT_NO_PROCESS,
                           "There are %zu processes called %s. Name one by its PID:", t->n_items, name);
        if (!c->options->no_legend)
                (void) fprintf(stderr, "%10s %-16s %s\n", "PID", "USER", "EXECUTABLE");
        for (size_t i = 0; i < t->n_items; i++)
                print_candidate(t->items + i);

        return EXIT_NO_PROCESS;
}

/* Adds the process if it has the name when it is held on to. */
static int add_if_named(Targets *t, pid_t pid, const char *name) {
        Target target = TARGET_NULL;
        int r = 0;

        read_comm(pid, target.comm, sizeof(target.comm));
        if (strcmp(target.comm, name) != 0 || target_open(pid, &target) < 0)
                return 0;

        if (strcmp(target.comm, name) == 0)
                r = targets_add(t, &target);
        target_done(&target);
        return r;
}

static int find_by_name(Client *c, const char *name, Targets *t) {
        const struct dirent *entry;
        DIR *proc;
        int r = 0;

        if (options_remote(c->options))
                return client_fail(
                        EXIT_USAGE,
                        "Processes of another place can't be found by name. Name one by its PID or unit.");
        if (c->options->all)
                return client_fail(EXIT_USAGE, "--all takes a unit, such as nginx.service, not a name.");
        if (name[0] == 0 || strlen(name) > COMM_MAX)
                return client_fail(
                        EXIT_USAGE,
                        "'%s' is not the name of a process: that has 1 to %u bytes, see ps -o comm.", name,
                        COMM_MAX);

        proc = opendir("/proc");
        if (!proc)
                return client_fail(EXIT_UNAVAILABLE, "/proc can't be read: %s.", strerror(errno));
        while (r == 0 && (entry = readdir(proc)))
                if (is_number(entry->d_name) && strtol(entry->d_name, NULL, 10) != getpid())
                        r = add_if_named(t, (pid_t) strtol(entry->d_name, NULL, 10), name);
        (void) closedir(proc);
        if (r != 0)
                return r;

        if (t->n_items == 0)
                return client_fail(EXIT_NO_PROCESS, "No process that you can see is called %s.", name);

        return t->n_items > 1 ? report_candidates(c, name, t) : 0;
}

/*
 * By unit
 */

static int add_of_unit(Client *c, Targets *t, pid_t pid) {
        Target target = { .pid = pid, .pidfd = -EBADF };
        int r = 0;

        if (!options_remote(c->options))
                r = target_open(pid, &target);
        if (r < 0)
                return r == -ESRCH || r == -ENOENT ? 0 : report_open(pid, r);

        r = targets_add(t, &target);
        target_done(&target);
        return r;
}

/* Those that have come into the unit meanwhile are another matter; those that have left it must not be shown. */
static void remove_others(Targets *t, const pid_t pids[], size_t n_pids) {
        size_t n = 0;

        for (size_t i = 0; i < t->n_items; i++) {
                bool found = false;

                for (size_t j = 0; j < n_pids; j++)
                        found = found || pids[j] == t->items[i].pid;

                if (found)
                        t->items[n++] = t->items[i];
                else
                        target_done(t->items + i);
        }

        t->n_items = n;
}

/* There is a descriptor for each process. */
static void allow_many_descriptors(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;

        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

/* Asks twice: only who is in the unit after it is held on to is the one that was meant. */
static int find_by_unit(Client *c, const char *unit, Targets *t) {
        if (c->options->all)
                allow_many_descriptors();

        for (size_t n = 0; n < 2; n++) {
                _cleanup_free_ pid_t *pids = NULL;
                size_t n_pids;
                int r;

                r = c->options->all ? unit_get_processes(c, unit, &pids, &n_pids)
                                    : unit_get_main_process(c, unit, &pids, &n_pids);
                if (r != 0)
                        return r;

                for (size_t i = 0; n == 0 && i < n_pids; i++) {
                        r = add_of_unit(c, t, pids[i]);
                        if (r != 0)
                                return r;
                }
                if (n > 0)
                        remove_others(t, pids, n_pids);
        }

        return t->n_items > 0
                       ? 0
                       : client_fail(EXIT_TRY_AGAIN, "%s is being restarted, or ended. Try again.", unit);
}

/*
 * All of them
 */

int targets_find(Client *c, const char *text, Targets *ret) {
        _cleanup_(targets_done) Targets t = {};
        int r;

        assert(c);
        assert(text);
        assert(ret);

        if (strncmp(text, NAME_PREFIX, strlen(NAME_PREFIX)) == 0)
                r = find_by_name(c, text + strlen(NAME_PREFIX), &t);
        else if (is_number(text))
                r = find_by_pid(c, text, &t);
        else if (unit_is_name(text))
                r = find_by_unit(c, text, &t);
        else
                r = client_fail(
                        EXIT_USAGE,
                        "'%s' is neither a PID, nor a unit such as nginx.service, nor name:COMM; nor is it a verb. "
                        "See pekeenv --help.",
                        text);
        if (r != 0)
                return r;

        *ret = t;
        t = (Targets){};
        return 0;
}

int target_find(Client *c, const char *text, Target *ret) {
        _cleanup_(targets_done) Targets t = {};
        int r;

        assert(ret);

        r = targets_find(c, text, &t);
        if (r != 0)
                return r;

        assert(t.n_items == 1);
        *ret = t.items[0];
        t.n_items = 0;
        return 0;
}
