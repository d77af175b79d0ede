# SPDX-License-Identifier: LGPL-2.1-or-later
# Loads a dotenv file, says READY, and waits until its input ends.
require 'dotenv'

Dotenv.load(ARGV[0])
ENV.delete('GONE')

$stdout.syswrite("READY\n")
$stdin.read
