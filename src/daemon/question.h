/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol.h"

typedef enum AnswerKind {
        ANSWER_STRINGS,     /* as */
        ANSWER_STRING,      /* s */
        ANSWER_FILE,        /* h */
        ANSWER_DESCRIPTION, /* a{sv} */
} AnswerKind;

/* What a method of org.pekeenv.Inspector asks for. */
typedef struct Question {
        const char *method;
        bool by_pidfd; /* the argument is a pidfd, not a PID */
        bool initial;  /* about the environment at the start */
        Part part;     /* if it is the value of a variable, the second argument is its name */
        AnswerKind answer;
} Question;

/* Whether the answer is text in a message, and not a file or a description. */
static inline bool question_wants_text(const Question *question) {
        return question->answer == ANSWER_STRINGS || question->answer == ANSWER_STRING;
}

/* The polkit action that allows to have it answered. */
static inline const char *question_action(const Question *question) {
        return question->part == PART_NAMES ? "org.pekeenv.inspector.read-names"
                                            : "org.pekeenv.inspector.read";
}
