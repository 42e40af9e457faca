/* SPDX-License-Identifier: MIT */
/* The functions that a backend takes from a library it loaded. */
#ifndef XT_CRYPTO_AEAD_SYMBOLS_H
#define XT_CRYPTO_AEAD_SYMBOLS_H

#include "crypto/aead_ops.h"

/* at: offset of the function pointer in the caller's struct */
struct xt_aead_symbol {
	size_t at;
	const char *name;
};

/* Fill the n pointers in base. false: one is missing; detail (XT_AEAD_DETAIL bytes) names it and
 * the library's file without its directory. */
bool xt_aead_symbols(const struct xt_aead_host *host, void *library, const char *file, void *base,
		     const struct xt_aead_symbol *symbols, size_t n, char *detail);

#endif
