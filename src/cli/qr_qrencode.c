/* SPDX-License-Identifier: MIT */
/* QR codes by libqrencode. */
#include "cli/qr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <qrencode.h>

#include <xtunnel/error.h>

#include "base/text.h"

const char *xt_qr_library(void)
{
	return QRcode_APIVersionString();
}

/* The lowest level of correction: a screen has no dirt, and fewer modules fit in 80 columns. */
int xt_qr_encode(struct xt_qr *out, const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	size_t n;

	*out = (struct xt_qr){0};
	if (!code)
		return errno == ERANGE ? XT_E_FULL : XT_E_NOMEM;
	n = (size_t)code->width * (size_t)code->width;
	out->size = (unsigned)code->width;
	out->dark = malloc(n);
	for (size_t i = 0; out->dark && i < n; i++)
		out->dark[i] = code->data[i] & 1;
	xt_wipe(code->data, n);
	QRcode_free(code);
	return out->dark ? 0 : XT_E_NOMEM;
}
