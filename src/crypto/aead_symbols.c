/* SPDX-License-Identifier: MIT */
/* Function pointers from loaded libraries. */
#include "crypto/aead_symbols.h"

#include <stdio.h>
#include <string.h>

bool xt_aead_symbols(const struct xt_aead_host *host, void *library, const char *file, void *base,
		     const struct xt_aead_symbol *symbols, size_t n, char *detail)
{
	const char *slash = strrchr(file, '/');

	for (size_t i = 0; i < n; i++) {
		void *address = host->symbol(host->ctx, library, symbols[i].name);

		/* POSIX: function pointers and void * have one size. */
		memcpy((char *)base + symbols[i].at, &address, sizeof(address));
		if (address == NULL) {
			snprintf(detail, XT_AEAD_DETAIL, "%s has no %s",
				 slash != NULL ? slash + 1 : file, symbols[i].name);
			return false;
		}
	}
	return true;
}
