/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* parses: src/ipc/uapi.c */
/* Any bytes as a UAPI request. */
#include <stdint.h>
#include <stdlib.h>

#include "ipc/uapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xt_change change;
	enum xt_uapi_op op;

	xt_change_init(&change);
	int err = xt_uapi_parse((const char *)data, len, &op, &change);
	if (err && change.n_peers)
		abort();
	xt_change_clear(&change);
	return 0;
}
