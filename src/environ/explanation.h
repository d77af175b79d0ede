/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* Why an environment could not be had, in words for people. */
typedef enum Outcome {
        OUTCOME_NO_PROCESS,
        OUTCOME_NO_ENVIRONMENT,
        OUTCOME_UNSUPPORTED, /* it can't be found with certainty; what the process was started with may be had */
        OUTCOME_CHANGING, /* ask again */
        OUTCOME_TOO_LARGE,
        OUTCOME_TIMED_OUT,
} Outcome;

typedef struct Explanation {
        int number;
        Outcome outcome;
        const char *text; /* %s: the process */
} Explanation;

/* error: a negative errno of process_open(), identity_read(), location_find(), snapshot_take() and what they call.
 * Returns NULL for what none of them tells of a process. */
const Explanation *explanation_find(int error);
