/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>
#include <systemd/sd-daemon.h>

/* To the journal by way of standard error, sd-daemon(3). Never a value of a variable. */
#define log_error(format, ...) ((void) fprintf(stderr, SD_ERR format "\n", ##__VA_ARGS__))
#define log_warning(format, ...) ((void) fprintf(stderr, SD_WARNING format "\n", ##__VA_ARGS__))
