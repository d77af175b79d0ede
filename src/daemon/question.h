/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

typedef enum AnswerKind {
        ANSWER_STRINGS,     /* as */
        ANSWER_FILE,        /* h */
        ANSWER_DESCRIPTION, /* a{sv} */
} AnswerKind;

/* What a method of org.pekeenv.Inspector asks for. */
typedef struct Question {
        const char *method;
        bool by_pidfd; /* the argument is a pidfd, not a PID */
        bool initial;  /* about the environment at the start */
        AnswerKind answer;
} Question;
