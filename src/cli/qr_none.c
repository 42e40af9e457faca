/* SPDX-License-Identifier: MIT */
/* No QR codes: the program was built without libqrencode. */
#include "cli/qr.h"

#include <stddef.h>

#include <xtunnel/error.h>

const char *xt_qr_library(void)
{
	return NULL;
}

int xt_qr_encode(struct xt_qr *out, const char *text)
{
	(void)text;
	*out = (struct xt_qr){0};
	return XT_E_UNSUPPORTED;
}
