/* SPDX-License-Identifier: MIT */
/* SipHash under a random key of this process, for tables whose keys an attacker may choose. */
#ifndef XT_BASE_HASH_H
#define XT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t xt_hash(const void *data, size_t len);

#endif
