# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernel threads. They are in the first PID namespace only, so this runs in the host's."""

import os

import pytest

import bus
import target


@pytest.fixture
def kernel_thread():
    for name in os.listdir("/proc"):
        if name.isdigit() and target.status(name, "Name") == "kthreadd":
            return int(name)
    pytest.skip("no kernel thread is visible: this is not the first PID namespace")


def test_a_kernel_thread_has_no_environment(alice, root, kernel_thread):
    for user in (alice, root):
        for method in ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "Describe"):
            error = user.is_refused(method, kernel_thread, interactive=True)
            assert error.name == bus.NO_ENVIRONMENT
            assert "kernel thread" in error.message


def test_a_pidfd_of_a_kernel_thread_leads_to_no_environment_either(root, kernel_thread):
    error = root.is_refused("GetEnvironmentByPIDFD", os.pidfd_open(kernel_thread))
    assert error.name == bus.NO_ENVIRONMENT
