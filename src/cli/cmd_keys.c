/* SPDX-License-Identifier: MIT */
/* genkey, pubkey, genpsk: one base64 line each, as wg(8) prints them. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/term.h"
#include "crypto/dh.h"
#include "crypto/init.h"

static void stdout_warn_accessible(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO))
		fputs("Warning: writing to world accessible file.\n"
		      "Consider setting the umask to 077 and trying again.\n",
		      stderr);
}

static int key_print(const uint8_t key[32])
{
	char text[XT_KEY_BASE64];
	bool printed;

	xt_key_to_base64(text, key);
	puts(text);
	printed = xt_term_flush(); /* main says why not */
	xt_wipe(text, sizeof(text));
	return printed ? XT_EXIT_OK : XT_EXIT_FAILURE;
}

int xt_cmd_genkey(const struct xt_args *args)
{
	struct xt_private key;
	int status;

	(void)args;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", "the cryptographic library does not work");
	stdout_warn_accessible();
	randombytes_buf(key.b, sizeof(key.b));
	xt_dh_clamp(&key);
	status = key_print(key.b);
	xt_wipe(&key, sizeof(key));
	return status;
}

int xt_cmd_genpsk(const struct xt_args *args)
{
	struct xt_psk key;
	int status;

	(void)args;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", "the cryptographic library does not work");
	stdout_warn_accessible();
	randombytes_buf(key.b, sizeof(key.b));
	status = key_print(key.b);
	xt_wipe(&key, sizeof(key));
	return status;
}

/* A key, followed by white space at most. */
static bool key_read(struct xt_private *key, const char **why)
{
	char text[XT_KEY_BASE64 + 1];
	size_t n = fread(text, 1, XT_KEY_BASE64 - 1, stdin);
	bool ok = xt_key_from_base64(key->b, text, n);
	int c;

	*why = "Key is not the correct length or format";
	while (ok && (c = getchar()) != EOF) {
		if (c != '\n' && c != '\r' && c != ' ' && c != '\t' && c != '\v' && c != '\f') {
			*why = "Trailing characters found after key";
			ok = false;
		}
	}
	xt_wipe(text, sizeof(text));
	return ok;
}

int xt_cmd_pubkey(const struct xt_args *args)
{
	struct xt_private key;
	struct xt_public public;
	const char *why;
	int status = XT_EXIT_FAILURE;

	(void)args;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", "the cryptographic library does not work");
	setvbuf(stdin, NULL, _IONBF, 0); /* keep no copy of the key in a buffer */
	if (key_read(&key, &why)) {
		xt_dh_public(&public, &key);
		status = key_print(public.b);
	} else {
		xt_message("%s", why);
	}
	xt_wipe(&key, sizeof(key));
	return status;
}
