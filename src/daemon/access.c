/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "access.h"

static const char *const access_names[] = {
        [ACCESS_ASK] = "polkit",
        [ACCESS_ROOT] = "root",
        [ACCESS_OWN] = "own",
};

static bool ids_are_callers(const Caller *caller, const Identity *process) {
        for (size_t i = ID_REAL; i <= ID_SAVED; i++)
                if (process->uids[i] != caller->uid || process->gids[i] != process->gids[ID_REAL])
                        return false;

        return caller_has_group(caller, process->gids[ID_REAL]);
}

Access access_decide(const Caller *caller, const Identity *process, bool shares_user_namespace) {
        assert(caller);
        assert(process);

        if (caller->uid == 0)
                return ACCESS_ROOT;

        if (ids_are_callers(caller, process) && process->dumpable && process->capabilities == 0 &&
            shares_user_namespace)
                return ACCESS_OWN;

        return ACCESS_ASK;
}

const char *access_to_string(Access access) {
        assert((size_t) access < ELEMENTSOF(access_names));

        return access_names[access];
}
