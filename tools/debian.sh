# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What tools/try and tools/check have in common. They source it, and set log to the path of a file.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C.UTF-8

CAP_DAC_READ_SEARCH=2
CAP_NET_ADMIN=12
CAP_SYS_PTRACE=19

# What it takes to build, by the names of Debian's packages; what pekeenv-reader is linked with statically is in them, too.
build_packages=(
    gcc libc6-dev meson pkgconf scdoc
    libsystemd-dev libelf-dev libseccomp-dev libcap-ng-dev libjansson-dev
)

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command whose output is of interest only if it fails.
quietly() {
    printf '+ %s\n' "$*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null
}

# The same, where nothing can go on after a failure.
must() {
    quietly "$@" || die_with_log "This failed: $*"
}

show_log() {
    tail -n 20 "$log" | sed 's/^/    /' >&2
}

die_with_log() {
    show_log
    die "$1. All of it is in $log."
}

# may_have CAPABILITY: whether a process here may have it, which in containers is up to whoever started them
may_have() {
    local bounding

    bounding=$(sed -n 's/^CapBnd:\t*//p' /proc/self/status)
    (( 0x$bounding & 1 << $1 ))
}

is_debian() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

# Prints those of the packages that are not installed.
missing_packages() {
    local package

    for package; do
        # One line for each architecture that it is known for.
        dpkg-query -Wf '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

install_packages() {
    local apt_get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)

    must "${apt_get[@]}" update
    must "${apt_get[@]}" install --yes --no-install-recommends "$@"
}
