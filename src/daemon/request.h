/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "access.h"
#include "polkit.h"
#include "question.h"
#include "service.h"

/* What a request waits for. It goes through these in order, and from READING back to IDENTIFYING if the
 * process has become another one meanwhile. */
typedef enum RequestState {
        REQUEST_CALLER,      /* the bus is to say who asks */
        REQUEST_IDENTIFYING, /* a reader is to say who is asked about */
        REQUEST_NAMING, /* by which names people and rules know it is to be looked up, if polkit is to be asked … */
        REQUEST_AUTHORIZING, /* … whether it may be read */
        REQUEST_READING,     /* a reader is to read what may be read: the process of this identity */
        REQUEST_DESCRIBING,  /* its names are to be looked up, if they belong to the answer */
        REQUEST_ANSWERING,   /* the bus is to have room for the answer */
} RequestState;

/* One call of a method, from the bus to the answer. */
typedef struct Request {
        TAILQ_ENTRY(Request) entry;
        Service *service;
        const Question *question;
        const char *variable; /* the name that is asked for, "" if none; the message's */
        sd_bus_message *message;
        int pidfd;
        pid_t pid; /* 0 while a pidfd is all that is known */

        RequestState state;
        bool waits; /* for a reader, or for a question to the bus, to polkit, or about names: there may be only so many */
        unsigned n_restarts;
        Reader *reader;
        int answer_fd;
        int debug_fd;               /* the program's debug file, if one was asked for and found … */
        bool looked_for_debug_file; /* … which is tried once */
        sd_event_source *deadline;

        Sender *sender;

        Identity identity;
        Access access;
        NameQuery *name_query;
        bool has_names;
        Names names;
        PolkitQuery *polkit;

        ReaderReply *reply;              /* what the reader has said, until it is sent */
        size_t answer_bytes, answer_fds; /* what it takes on the bus */
        bool delivery_checked;           /* see delivery.h */
} Request;

/* Starts to answer a method call. The answer, or an error, is sent when it is there; this does not wait for
 * it.
 * variable: the name that is asked for, "" if none; the message's. pidfd: of the process, taken over in any case. pid:
 * for messages, 0 if not known.
 * Returns 0 or a negative errno: then nothing was started. */
int request_start(Service *service, const Question *question, const char *variable, sd_bus_message *message,
                  int pidfd, pid_t pid);

/* Goes on with a request that waits, if it can. */
void request_retry(Request *request);

/* Answers with an error (failure.h) and ends the request. */
void request_fail(Request *request, int failure);

/* Ends a request without an answer. */
void request_free(Request *request);
