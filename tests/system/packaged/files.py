# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is on a machine, to be compared with what was."""

import glob
import grp
import hashlib
import os
import pwd
import stat

ROOTS = ("/etc", "/usr", "/var")

# What others write there all the time: dpkg and apt, what they run, and the journal.
ALWAYS = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/var/tmp", "/etc/ld.so.cache")

# What polkitd, and what that needs, leave behind. Users and groups are compared by their names.
OF_POLKITD = (
    "/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-", "/etc/passwd", "/etc/passwd-", "/etc/shadow",
    "/etc/shadow-", "/etc/pam.d", "/etc/xml", "/usr/share/polkit-1/rules.d", "/var/lib/pam",
)
LEFT_OUT = ALWAYS + OF_POLKITD


def content(path, status):
    """Returns what says whether it is another one now; times don't."""
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as file:
            return hashlib.sha1(file.read()).hexdigest()
    return ""


def walk(root):
    """Returns the path of everything below a directory that counts here."""
    for directory, names, others in os.walk(root):
        names[:] = [name for name in names if f"{directory}/{name}" not in LEFT_OUT]
        for name in names + others:
            if f"{directory}/{name}" not in LEFT_OUT:
                yield f"{directory}/{name}"


def snapshot():
    """Returns what is at each path."""
    found = {}
    for path in (path for root in ROOTS for path in walk(root)):
        status = os.lstat(path)
        found[path] = status.st_mode, status.st_uid, status.st_gid, content(path, status)
    return found


def owned():
    """Returns the paths of all that belongs to packages which are installed."""
    paths = set()
    for name in glob.glob("/var/lib/dpkg/info/*.list"):
        with open(name) as file:
            paths.update(file.read().splitlines())
    return paths | {f"/usr{path}" for path in paths}  # /lib is a link


def differences(before, after):
    """Returns the paths of what is not as it was, unless it is of a package."""
    return {path for path in before.keys() | after if before.get(path) != after.get(path)} - owned()


def names_of_users():
    """Returns names of users and groups."""
    return {entry.pw_name for entry in pwd.getpwall()} | {entry.gr_name for entry in grp.getgrall()}
