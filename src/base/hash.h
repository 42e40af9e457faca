/* SipHash under a random key of this process: where a stranger picks what is looked up. */
#ifndef XT_BASE_HASH_H
#define XT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t xt_hash(const void *data, size_t len);

#endif
