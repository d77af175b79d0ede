/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether this is a build with sanitizers (-Db_sanitize=address,undefined), which is for tests. Their runtime needs some
 * of what the service takes from itself, and such a build leaves it that: nothing else may depend on this. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZERS true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZERS true
#endif
#endif
#ifndef WITH_SANITIZERS
#define WITH_SANITIZERS false
#endif
