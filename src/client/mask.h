/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "environment.h"
#include "options.h"

/* What stands in the place of a secret. */
#define MASK "*****"

/* Hides values that look like secrets, for whoever shows his screen to others. */
typedef struct Mask {
        bool enabled;
        char **patterns; /* glob(7), in upper or lower case */
        size_t n_patterns;
} Mask;

/* Takes the built-in patterns, those of the command line, and those in /etc/pekeenv/mask and $XDG_CONFIG_HOME/pekeenv/mask,
 * if --mask was given. Returns 0 or an exit status. */
int mask_load(const Options *o, Mask *ret);
void mask_done(Mask *m);

/* What is to be shown of a value, to be freed; all of it if --mask was not given. Returns NULL without memory. */
char *mask_value(const Mask *m, const char *name, size_t size, const char *value);

/* Replaces the values, or the parts of them, that look like secrets. Returns 0 or an exit status. */
int mask_apply(const Mask *m, Environment *e);
