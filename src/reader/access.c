/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "access.h"

static const char *const access_names[] = {
        [ACCESS_ASK] = "polkit",
        [ACCESS_ROOT] = "root",
        [ACCESS_OWN] = "own",
};

static bool is_one_of(gid_t gid, const gid_t gids[], size_t n_gids) {
        for (size_t i = 0; i < n_gids; i++)
                if (gids[i] == gid)
                        return true;

        return false;
}

static bool ids_are(const Identity *process, uid_t uid, const gid_t gids[], size_t n_gids) {
        for (size_t i = ID_REAL; i <= ID_SAVED; i++)
                if (process->uids[i] != uid || process->gids[i] != process->gids[ID_REAL])
                        return false;

        return is_one_of(process->gids[ID_REAL], gids, n_gids);
}

Access access_decide(uid_t uid, const gid_t gids[], size_t n_gids, const Identity *process,
                     bool shares_user_namespace) {
        assert(gids || n_gids == 0);
        assert(process);

        if (uid == 0)
                return ACCESS_ROOT;

        if (ids_are(process, uid, gids, n_gids) && process->dumpable && process->capabilities == 0 &&
            shares_user_namespace)
                return ACCESS_OWN;

        return ACCESS_ASK;
}

const char *access_to_string(Access access) {
        assert((size_t) access < ELEMENTSOF(access_names));

        return access_names[access];
}
