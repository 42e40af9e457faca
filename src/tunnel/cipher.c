/* Lends the platform's clock and loader to the choice of an AEAD backend. */
#include "tunnel/cipher.h"

#include <stdlib.h>

#include "platform/clock.h"
#include "platform/library.h"

static uint64_t now(void *ctx)
{
	(void)ctx;
	return xt_clock_now().mono;
}

static void *load(void *ctx, const char *file)
{
	(void)ctx;
	return xt_library_load(file);
}

static void *symbol(void *ctx, void *library, const char *name)
{
	(void)ctx;
	return xt_library_symbol(library, name);
}

static void unload(void *ctx, void *library)
{
	(void)ctx;
	xt_library_unload(library);
}

const struct xt_aead_host xt_cipher_host = {
    .now = now, .load = load, .symbol = symbol, .unload = unload};

int xt_cipher_open(struct xt_aead **out, const char *name, struct xt_aead_report *report)
{
	const char *asked = getenv("XT_AEAD");

	int rc = xt_aead_choose(out, asked != NULL && *asked != '\0' ? asked : name,
				&xt_cipher_host, report);

	xt_library_trim("libIPSec_MB.");
	xt_library_trim("libcrypto");
	return rc;
}
