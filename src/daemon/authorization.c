/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "authorization.h"
#include "text.h"

/* What polkit shows in place of the action's own message if it is the detail polkit.message. It puts the other details in
 * for $(…), and does not look for more in what it puts in. What somebody could have chosen to look like a part of the
 * sentence comes after what nobody can. */
#define MESSAGE_VARIABLE \
        "Authentication is required to read a variable of process $(pid) of user $(user): $(exe): $(variable)"

int authorization_query(sd_bus_message *message, const Question *question, const char *variable,
                        const Identity *process, const Names *names, polkit_handler_t handler,
                        void *userdata, PolkitQuery **ret) {
        _cleanup_free_ char *escaped_executable = NULL, *escaped_variable = NULL;
        char pid[16], uid[16];

        assert(message);
        assert(question);
        assert(variable);
        assert(process);
        assert(names);

        /* The prompts of polkit-gnome and mate-polkit take what they show for markup. */
        escaped_executable = text_escape_markup(process->executable, strlen(process->executable));
        escaped_variable = text_escape_markup(variable, strlen(variable));
        if (!escaped_executable || !escaped_variable)
                return -ENOMEM;

        (void) snprintf(pid, sizeof(pid), "%d", process->pid);
        (void) snprintf(uid, sizeof(uid), "%u", process->uids[ID_EFFECTIVE]);

        return polkit_query(message, question_action(question),
                            (const PolkitDetail[]){
                                    { "pid", pid },
                                    { "uid", uid },
                                    { "user", names->user[0] ? names->user : uid },
                                    { "exe", escaped_executable },
                                    { "unit", names->unit },
                                    { "method", question->method },
                                    { "variable", escaped_variable },
                                    { variable[0] ? "polkit.message" : NULL, MESSAGE_VARIABLE },
                                    {},
                            },
                            handler, userdata, ret);
}
