/* SPDX-License-Identifier: MIT */
/* Replaces aead_ipsecmb.c where it is not built (XT_IPSECMB, or not x86-64). */
#include <stdio.h>

#include <xtunnel/error.h>

#include "crypto/aead_ops.h"

static int none_new(void **self, const struct xt_aead_host *host, char *detail)
{
	(void)self;
	(void)host;
	snprintf(detail, XT_AEAD_DETAIL, "left out of this build");
	return XT_E_UNSUPPORTED;
}

const struct xt_aead_ops xt_aead_ipsecmb = {.name = "ipsec-mb", .new = none_new};
