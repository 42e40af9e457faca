/* SPDX-License-Identifier: MIT */
/* Random bytes of the system, for what is no key: keys are libsodium's. */
#ifndef XT_PLATFORM_RANDOM_H
#define XT_PLATFORM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* Fill at most 256 bytes; never waits. false: the system has none yet, early after its start. */
bool xt_random_bytes(void *out, size_t n);

#endif
