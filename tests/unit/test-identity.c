/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "identity.h"
#include "unit.h"

#define NOBODY 65534U

static int identity_of(pid_t pid, Identity *ret) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        int r;

        r = process_open_pid(pid, &p);
        return r < 0 ? r : identity_read(&p, ret);
}

static void assert_identity(pid_t pid, Identity *ret) {
        assert_int_equal(identity_of(pid, ret), 0);
}

static void test_our_own_identity_is_what_the_kernel_says_otherwise(void **state _unused_) {
        Identity i;
        struct stat st;

        assert_identity(getpid(), &i);
        assert_int_equal(i.pid, getpid());
        assert_int_equal(i.uids[ID_REAL], getuid());
        assert_int_equal(i.uids[ID_EFFECTIVE], geteuid());
        assert_int_equal(i.gids[ID_REAL], getgid());
        assert_int_equal(i.gids[ID_SAVED], getegid());
        assert_true(i.start_time > 0);

        assert_int_equal(stat("/proc/self/exe", &st), 0);
        assert_int_equal(i.executable_inode, st.st_ino);
        assert_int_equal(i.executable_device, st.st_dev);
        assert_int_equal(stat("/proc/self/ns/user", &st), 0);
        assert_int_equal(i.user_namespace_inode, st.st_ino);
}

static void test_an_identity_equals_itself_read_again(void **state _unused_) {
        Identity a, b;

        assert_identity(getpid(), &a);
        assert_identity(getpid(), &b);
        assert_true(identity_equal(&a, &b));
}

static void test_each_field_counts(void **state _unused_) {
        Identity a = { .executable = "/bin/x", .control_group = "0::/x" }, b;

#define assert_counts(change)                         \
        do {                                          \
                b = a;                                \
                assert_true(identity_equal(&a, &b));  \
                change;                               \
                assert_false(identity_equal(&a, &b)); \
                assert_false(identity_equal(&b, &a)); \
        } while (0)

        assert_counts(b.pid++);
        assert_counts(b.start_time++);
        assert_counts(b.start_stack++);
        for (size_t i = ID_REAL; i <= ID_FS; i++) {
                assert_counts(b.uids[i]++);
                assert_counts(b.gids[i]++);
        }
        assert_counts(b.capabilities |= UINT64_C(1) << 40);
        assert_counts(b.dumpable = !b.dumpable);
        assert_counts(b.user_namespace_device++);
        assert_counts(b.user_namespace_inode++);
        assert_counts(b.executable_device++);
        assert_counts(b.executable_inode++);
        assert_counts(strcpy(b.executable, "/bin/y"));
        assert_counts(strcpy(b.executable, "/bin/x (deleted)"));
        assert_counts(strcpy(b.control_group, "0::/"));
#undef assert_counts
}

static int become_nobody(void *userdata _unused_) {
        return setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
               setresuid(NOBODY, NOBODY, NOBODY) < 0;
}

static int become_nobody_dumpable(void *userdata) {
        return become_nobody(userdata) || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0;
}

static int become_nobody_but_for(void *userdata) {
        const uid_t *uids = userdata;

        return setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(uids[0], uids[1], uids[2]) < 0;
}

static void test_an_unprivileged_process_has_no_more_than_its_ids(void **state _unused_) {
        Identity i;
        Child child;

        if (geteuid() != 0)
                skip_because("only root can become another user");

        child = child_start(become_nobody_dumpable, NULL);
        assert_identity(child.pid, &i);
        for (size_t k = ID_REAL; k <= ID_FS; k++) {
                assert_int_equal(i.uids[k], NOBODY);
                assert_int_equal(i.gids[k], NOBODY);
        }
        assert_true(i.dumpable);
        assert_int_equal(i.capabilities, 0);
        child_end(&child);
}

static void test_a_process_that_gave_up_root_is_not_dumpable(void **state _unused_) {
        Identity i;
        Child child;

        if (geteuid() != 0)
                skip_because("only root can become another user");

        child = child_start(become_nobody, NULL);
        assert_identity(child.pid, &i);
        assert_int_equal(i.uids[ID_EFFECTIVE], NOBODY);
        assert_false(i.dumpable);
        child_end(&child);
}

/* It can't be told apart, and false is the careful answer. */
static void test_root_never_counts_as_dumpable(void **state _unused_) {
        Identity i;

        if (geteuid() != 0)
                skip_because("not run by root");

        assert_identity(getpid(), &i);
        assert_false(i.dumpable);
        assert_true(i.capabilities != 0);
}

static void test_real_effective_and_saved_id_are_told_apart(void **state _unused_) {
        static const uid_t ids[][3] = {
                { NOBODY, 1000, 1000 },
                { 1000, NOBODY, 1000 },
                { 1000, 1000, NOBODY },
                { 1000, 1000, 0 },
        };

        if (geteuid() != 0)
                skip_because("only root can become another user");

        for (size_t n = 0; n < ELEMENTSOF(ids); n++) {
                Child child = child_start(become_nobody_but_for, (void *) ids[n]);
                Identity i;

                assert_identity(child.pid, &i);
                assert_int_equal(i.uids[ID_REAL], ids[n][0]);
                assert_int_equal(i.uids[ID_EFFECTIVE], ids[n][1]);
                assert_int_equal(i.uids[ID_SAVED], ids[n][2]);
                child_end(&child);
        }
}

/* A child that does one thing when told to, and says when it is done. */
typedef struct Puppet {
        pid_t pid;
        int socket_fd;
} Puppet;

static Puppet puppet_start(void (*act)(int socket_fd)) {
        char byte;
        int pair[2];
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(pair[0]);
                if (read(pair[1], &byte, 1) == 1) {
                        act(pair[1]);
                        (void) !write(pair[1], "d", 1);
                        (void) !read(pair[1], &byte, 1);
                }
                _exit(EXIT_SUCCESS);
        }

        close(pair[1]);
        return (Puppet){ .pid = pid, .socket_fd = pair[0] };
}

static void puppet_act(const Puppet *p) {
        char byte;

        assert_int_equal(write(p->socket_fd, "g", 1), 1);
        assert_int_equal(read(p->socket_fd, &byte, 1), 1);
}

static void puppet_end(Puppet *p) {
        close(p->socket_fd);
        assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
}

static void assert_act_changes_identity(void (*act)(int)) {
        Puppet puppet = puppet_start(act);
        Identity before, after;

        assert_identity(puppet.pid, &before);
        puppet_act(&puppet);
        assert_identity(puppet.pid, &after);
        assert_false(identity_equal(&before, &after));
        puppet_end(&puppet);
}

static void act_seteuid(int socket_fd _unused_) {
        (void) !seteuid(NOBODY);
}

static void act_setfsgid(int socket_fd _unused_) {
        (void) syscall(SYS_setfsgid, NOBODY);
}

static void act_drop_capabilities(int socket_fd _unused_) {
        (void) prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0);
        (void) !setresuid(NOBODY, 0, 0);
        (void) !setresuid(NOBODY, NOBODY, NOBODY);
}

static void act_unshare_user(int socket_fd _unused_) {
        (void) unshare(CLONE_NEWUSER);
}

static void test_a_change_of_ids_or_rights_changes_the_identity(void **state _unused_) {
        if (geteuid() != 0)
                skip_because("only root can become another user");

        assert_act_changes_identity(act_seteuid);
        assert_act_changes_identity(act_setfsgid);
        assert_act_changes_identity(act_drop_capabilities);
}

static void act_clear_dumpable(int socket_fd _unused_) {
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void act_become_nobody_then_wait(int socket_fd) {
        char byte;

        if (become_nobody_dumpable(NULL) != 0)
                _exit(EXIT_FAILURE);
        (void) !write(socket_fd, "d", 1);
        (void) !read(socket_fd, &byte, 1);
        act_clear_dumpable(socket_fd);
}

static void test_a_process_that_stops_being_dumpable_changes_its_identity(void **state _unused_) {
        Puppet puppet;
        Identity before, after;

        if (geteuid() != 0)
                skip_because("only root can read a process that is not dumpable");

        puppet = puppet_start(act_become_nobody_then_wait);
        puppet_act(&puppet);
        assert_identity(puppet.pid, &before);
        puppet_act(&puppet);
        assert_identity(puppet.pid, &after);

        assert_true(before.dumpable);
        assert_false(after.dumpable);
        assert_false(identity_equal(&before, &after));
        puppet_end(&puppet);
}

static void test_another_user_namespace_is_another_identity(void **state _unused_) {
        Puppet puppet = puppet_start(act_unshare_user);
        _cleanup_(process_done) Process self = PROCESS_NULL;
        Identity before, after;
        int r;

        assert_int_equal(process_open_pid(getpid(), &self), 0);
        assert_identity(puppet.pid, &before);
        puppet_act(&puppet);
        r = identity_of(puppet.pid, &after);
        puppet_end(&puppet);

        assert_int_equal(identity_shares_user_namespace(&before, &self), 1);
        assert_int_equal(r, 0);
        if (after.user_namespace_inode == before.user_namespace_inode)
                skip_because("user namespaces can't be made here");

        assert_int_equal(identity_shares_user_namespace(&after, &self), 0);
        assert_false(identity_equal(&before, &after));
}

/* The same program again, with the same name, by the same user. */
static void act_execute_the_same_again(int socket_fd) {
        char fd[16];

        (void) snprintf(fd, sizeof(fd), "%d", socket_fd);
        (void) execl("/proc/self/exe", "test-identity", "--puppet", fd, (char *) NULL);
}

static void test_an_exec_changes_the_identity(void **state _unused_) {
        if (under_valgrind())
                skip_under_checker("under valgrind /proc/self/exe is valgrind");

        assert_act_changes_identity(act_execute_the_same_again);
}

static void *read_from_thread(void *userdata) {
        int *r = userdata;
        Identity i;

        *r = identity_of((pid_t) syscall(SYS_gettid), &i);
        return NULL;
}

static void test_a_thread_is_no_process(void **state _unused_) {
        pthread_t thread;
        int r = 0;

        assert_int_equal(pthread_create(&thread, NULL, read_from_thread, &r), 0);
        pthread_join(thread, NULL);
        assert_int_equal(r, -ENOENT);
}

static void test_a_zombie_has_no_identity_any_more(void **state _unused_) {
        Child child = child_start(NULL, NULL);
        siginfo_t info;
        Identity i;

        child.stdin_fd = close_fd(child.stdin_fd);
        assert_int_equal(waitid(P_PID, (id_t) child.pid, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(identity_of(child.pid, &i), -ENODATA);
        child_end(&child);
}

static void test_a_process_that_is_reaped_is_gone(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Child child = child_start(NULL, NULL);
        Identity i;

        assert_int_equal(process_open_pid(child.pid, &p), 0);
        child_end(&child);
        assert_int_equal(identity_read(&p, &i), -ESRCH);
}

static void test_a_kernel_thread_has_no_identity(void **state _unused_) {
        char comm[16];
        Identity i;

        if (read_file_at(AT_FDCWD, "/proc/2/comm", comm, sizeof(comm)) <= 0 ||
            strcmp(comm, "kthreadd\n") != 0)
                skip_because("in a PID namespace no kernel thread is seen");

        assert_int_equal(identity_of(2, &i), -ENODATA);
}

/* To follow a link of a process that goes just then is not allowed; in some hundred tries that is met once. */
static void test_a_process_that_goes_while_it_is_looked_at_is_gone_and_not_forbidden(void **state _unused_) {
        void (*before)(int) = signal(SIGCHLD, SIG_IGN); /* children go at once */

        for (unsigned i = 0; i < 1000; i++) {
                _cleanup_(process_done) Process p = PROCESS_NULL;
                const pid_t pid = fork();
                Identity identity;
                int r;

                assert_true(pid >= 0);
                if (pid == 0)
                        _exit(0);

                r = process_open_pid(pid, &p);
                while (r >= 0)
                        r = identity_read(&p, &identity);
                assert_true(r == -ESRCH || r == -ENODATA);
        }

        (void) signal(SIGCHLD, before);
}

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_our_own_identity_is_what_the_kernel_says_otherwise),
                cmocka_unit_test(test_an_identity_equals_itself_read_again),
                cmocka_unit_test(test_each_field_counts),
                cmocka_unit_test(test_an_unprivileged_process_has_no_more_than_its_ids),
                cmocka_unit_test(test_a_process_that_gave_up_root_is_not_dumpable),
                cmocka_unit_test(test_root_never_counts_as_dumpable),
                cmocka_unit_test(test_real_effective_and_saved_id_are_told_apart),
                cmocka_unit_test(test_a_change_of_ids_or_rights_changes_the_identity),
                cmocka_unit_test(test_a_process_that_stops_being_dumpable_changes_its_identity),
                cmocka_unit_test(test_another_user_namespace_is_another_identity),
                cmocka_unit_test(test_an_exec_changes_the_identity),
                cmocka_unit_test(test_a_thread_is_no_process),
                cmocka_unit_test(test_a_zombie_has_no_identity_any_more),
                cmocka_unit_test(test_a_process_that_is_reaped_is_gone),
                cmocka_unit_test(test_a_process_that_goes_while_it_is_looked_at_is_gone_and_not_forbidden),
                cmocka_unit_test(test_a_kernel_thread_has_no_identity),
        };

        /* See act_execute_the_same_again(). */
        if (argc == 3 && strcmp(argv[1], "--puppet") == 0) {
                char byte;
                int fd = atoi(argv[2]);

                (void) !write(fd, "d", 1);
                (void) !read(fd, &byte, 1);
                return EXIT_SUCCESS;
        }

        return cmocka_run_group_tests(tests, NULL, NULL);
}
