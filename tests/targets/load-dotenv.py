# SPDX-License-Identifier: LGPL-2.1-or-later
"""Loads a dotenv file, says READY, and waits until its input ends."""
import os
import sys

from dotenv import load_dotenv

load_dotenv(sys.argv[1])
del os.environ["GONE"]

print("READY", flush=True)
sys.stdin.read()
