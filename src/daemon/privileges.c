/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <cap-ng.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "log.h"
#include "macro.h"
#include "privileges.h"

#define SERVICE_USER "pekeenv"

/* Without the ambient set the program of the readers would not get them. */
static void select_capabilities(void) {
        capng_clear(CAPNG_SELECT_ALL);
        (void) capng_updatev(CAPNG_ADD,
                             CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_AMBIENT,
                             CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, -1);
}

static int change_user(void) {
        const struct passwd *user;

        user = getpwnam(SERVICE_USER);
        if (!user) {
                log_error("There is no user '%s'; systemd-sysusers(8) creates it.", SERVICE_USER);
                return -ESRCH;
        }
        if (user->pw_uid == 0)
                return -EPERM;

        select_capabilities();
        if (capng_change_id((int) user->pw_uid, (int) user->pw_gid,
                            CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0) {
                log_error("Can't change to user '%s'.", SERVICE_USER);
                return -EPERM;
        }

        return capng_apply(CAPNG_SELECT_AMBIENT) < 0 ? -EPERM : 0;
}

static int keep_capabilities(void) {
        if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE) ||
            !capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH)) {
                log_error("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are needed; start pekeenvd.service.");
                return -EPERM;
        }

        select_capabilities();
        return capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) < 0 ? -EPERM : 0;
}

int privileges_reduce(void) {
        int r;

        r = geteuid() == 0 ? change_user() : keep_capabilities();
        if (r < 0)
                return r;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;

        return 0;
}
