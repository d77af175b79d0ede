# SPDX-License-Identifier: LGPL-2.1-or-later

set env(NEW) 1
set env(CHANGED) new
unset env(GONE)
puts READY
flush stdout
gets stdin
