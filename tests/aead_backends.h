/* SPDX-License-Identifier: MIT */
/* All AEAD backends available on this machine; the others are printed with the reason. */
#ifndef XT_TESTS_AEAD_BACKENDS_H
#define XT_TESTS_AEAD_BACKENDS_H

#include <stdio.h>

#include <xtunnel/aead.h>
#include <xtunnel/error.h>

#include "tunnel/cipher.h"

static struct xt_aead *backends[XT_AEAD_BACKENDS];
static size_t n_backends; /* [0] is libsodium */

static inline int backends_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		struct xt_aead_report report;
		int rc = xt_aead_choose(&backends[n_backends], xt_aead_backend(i), &xt_cipher_host,
					&report);

		if (rc != 0 && rc != XT_E_UNSUPPORTED) {
			fprintf(stderr, "%s\n", report.reason);
			return -1;
		}
		fprintf(stderr, "%s%s: %s\n", rc == 0 ? "" : "SKIPPED ", xt_aead_backend(i),
			report.reason);
		n_backends += rc == 0;
	}
	return n_backends > 0 ? 0 : -1;
}

static inline int backends_close(void **state)
{
	(void)state;
	while (n_backends > 0)
		xt_aead_free(backends[--n_backends]);
	return 0;
}

#endif
