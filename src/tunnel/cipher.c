/* SPDX-License-Identifier: MIT */
/* The host that the choice of an AEAD backend runs on: the platform's clock and loader. */
#include "tunnel/cipher.h"

#include <stdlib.h>

#include "platform/clock.h"
#include "platform/library.h"

static uint64_t host_now(void *ctx)
{
	(void)ctx;
	return xt_clock_now().mono;
}

static void *host_load(void *ctx, const char *file)
{
	(void)ctx;
	return xt_library_load(file);
}

static void *host_symbol(void *ctx, void *library, const char *name)
{
	(void)ctx;
	return xt_library_symbol(library, name);
}

static bool kept; /* libraries stay loaded */

static void host_unload(void *ctx, void *library)
{
	(void)ctx;
	if (!kept)
		xt_library_unload(library);
}

const struct xt_aead_host xt_cipher_host = {
    .now = host_now, .load = host_load, .symbol = host_symbol, .unload = host_unload};

/* Their self-tests have touched far more code than will run. */
static void libraries_trim(void)
{
	xt_library_trim("libIPSec_MB.");
	xt_library_trim("libcrypto");
}

void xt_cipher_keep(void)
{
	struct xt_aead_report names, report;
	struct xt_aead *aead;

	kept = true;
	if (xt_aead_choose(&aead, "sodium", &xt_cipher_host, &names) < 0)
		return;
	xt_aead_free(aead);
	for (size_t i = 1; i < XT_AEAD_BACKENDS; i++)
		if (xt_aead_choose(&aead, names.candidates[i].name, &xt_cipher_host, &report) == 0)
			xt_aead_free(aead);
	libraries_trim();
}

int xt_cipher_open(struct xt_aead **out, const char *name, struct xt_aead_report *report)
{
	const char *forced = getenv("XT_AEAD");
	int rc = xt_aead_choose(out, forced && *forced ? forced : name, &xt_cipher_host, report);

	libraries_trim();
	return rc;
}
