/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/syscall.h>
#include <unistd.h>

#include "capabilities.h"

/* By the kernel's own call: a library that wraps it would be all that the readers have of it, and each of them has to
 * pay for every library. Of the ambient set the kernel takes what is not inheritable. */
int capabilities_keep(uint64_t kept) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

        if (syscall(SYS_capget, &header, sets) < 0)
                return -errno;

        for (size_t i = 0; i < ELEMENTSOF(sets); i++) {
                sets[i].permitted &= (uint32_t) (kept >> 32 * i);
                sets[i].effective = sets[i].permitted;
                sets[i].inheritable = 0;
        }

        return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}
