/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/sysmacros.h>

#include "macro.h"

/* A block device is this machine's; only root can mount a FUSE file system over one. */
static inline bool device_is_block(dev_t device) {
        return major(device) != 0;
}

/* Whether reading a page of a file can be trusted to end: it can on a file system whose data is on this
 * machine, and can't where a server, maybe a hostile one, has to answer first (FUSE, NFS …). A read of
 * /proc/PID/mem that waits for such a page is uninterruptible; not even SIGKILL ends it.
 * mounts_fds: open on /proc/PID/mountinfo, one process's view after the other; negative ones are skipped.
 * device: of the file system, as in /proc/PID/maps.
 * Returns 1 or 0; 0 also for file systems that are not known or not mounted there. Errors: -errno of
 * read(2), -ENOMEM. */
int mounts_device_is_local(const int mounts_fds[], size_t n_mounts_fds, dev_t device);

/* The same for a file of which the mount is known. Its device is not what stat(2) says of the mount's files where a
 * file system has many, such as btrfs, but what is shown in /proc/PID/maps for them.
 * mount_id: as statx(2) tells it. Returns 1 or 0 with the device; -ENXIO if there is no such mount; or the errors
 * above. */
int mounts_mount_is_local(const int mounts_fds[], size_t n_mounts_fds, uint64_t mount_id, dev_t *ret_device);
