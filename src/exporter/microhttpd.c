/* SPDX-License-Identifier: MIT */
/* libmicrohttpd by the name of its ABI: the header that this was compiled with is of that one. */
#include "exporter/microhttpd.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "platform/library.h"

#define LIBRARY "libmicrohttpd.so.12"

const struct xt_mhd *xt_mhd_load(void)
{
	static const char *const names[] = {
#define X(name) "MHD_" #name,
	    XT_MHD_FUNCTIONS(X)
#undef X
	};
	static struct xt_mhd mhd;
	static bool loaded;
	void *library = loaded ? NULL : xt_library_load(LIBRARY);

	if (loaded || !library)
		return loaded ? &mhd : NULL;
	_Static_assert(sizeof(mhd) == sizeof(names), "one pointer a function");
	for (size_t i = 0; i < XT_LEN(names); i++) {
		void *symbol = xt_library_symbol(library, names[i]);

		if (!symbol)
			return NULL;
		memcpy((char *)&mhd + i * sizeof(symbol), &symbol, sizeof(symbol));
	}
	loaded = true;
	return &mhd;
}
