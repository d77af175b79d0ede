/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>

#include "target.h"

/* A program that changes its environment without pause, changing.c or changing.go, and runs on while it is read. */
typedef struct Running {
        Target target;
        int page_fd;
        _Atomic unsigned long *beats;
} Running;

/* Starts it, and waits until it has made its first thousand changes. mode: its argument. */
Running running_start(const char *program, const char *mode);
void running_end(Running *r);

/* The program numbers what it sets, so that a mixture of two moments shows. These fail where a snapshot is of no
 * moment that there can have been, in the mode "setenv" of changing.c, of changing.go, and in the mode "swap". */
void generations_assert_setenv(const Snapshot *s);
void generations_assert_setenv_in_go(const Snapshot *s);
void generations_assert_swap(const Snapshot *s);
