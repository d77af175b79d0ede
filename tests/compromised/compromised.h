/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A reader that whoever is read has taken over. It is the real one, from fork to exit, but for one thing: where it
 * would begin to look at memory, it does what the process's variable ATTACK says.
 *
 * What is linked to this needs the options of meson.build, by which the linker puts it in place. */

/* What an attack comes to if it is not ended by the kernel: reported as the reader's error. */
#define ATTACK_DENIED (-EKEYREJECTED)
#define ATTACK_SUCCEEDED (-EL3HLT)
#define ATTACK_UNKNOWN (-EL2HLT)

/* The nth attack that must end the reader by SIGSYS, NULL behind the last. */
const char *compromised_forbidden(unsigned n);
