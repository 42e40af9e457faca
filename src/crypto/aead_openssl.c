/* SPDX-License-Identifier: MIT */
/* AEAD by libcrypto's EVP interface, faster than libsodium on ARM. The functions used are declared
 * here, so that the build needs no header. */
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "crypto/aead_ops.h"
#include "crypto/aead_symbols.h"
#include "crypto/nonce.h"

#define FILE_NAME "libcrypto.so.3"
/* OPENSSL_init_crypto: read no configuration file, not even one named by the environment, and
 * install no exit handler for state that is shared with the host program. */
#define INIT_NO_LOAD_CONFIG UINT64_C(0x80)
#define INIT_NO_ATEXIT	    UINT64_C(0x80000)
/* Its vector code leaves key stream on the stack. */
#define STACK_USED 8192
enum { CTRL_GET_TAG = 0x10, CTRL_SET_TAG = 0x11 };

struct evp_cipher;
struct evp_ctx;

struct openssl {
	const struct xt_aead_host *host;
	void *library;
	struct evp_cipher *cipher;
	struct evp_ctx *sealing, *opening;

	int (*init_crypto)(uint64_t options, const void *settings);
	const char *(*version)(int what);
	struct evp_cipher *(*fetch)(void *context, const char *name, const char *properties);
	void (*cipher_free)(struct evp_cipher *cipher);
	struct evp_ctx *(*ctx_new)(void);
	void (*ctx_free)(struct evp_ctx *ctx);
	int (*ctrl)(struct evp_ctx *ctx, int type, int number, void *bytes);
	int (*init)(struct evp_ctx *ctx, const struct evp_cipher *cipher, void *engine,
		    const uint8_t *key, const uint8_t *iv, int encrypt);
	int (*update)(struct evp_ctx *ctx, uint8_t *out, int *out_len, const uint8_t *in, int len);
	int (*final)(struct evp_ctx *ctx, uint8_t *out, int *out_len);
};

static const struct xt_aead_symbol symbols[] = {
    {offsetof(struct openssl, init_crypto), "OPENSSL_init_crypto"},
    {offsetof(struct openssl, version), "OpenSSL_version"},
    {offsetof(struct openssl, fetch), "EVP_CIPHER_fetch"},
    {offsetof(struct openssl, cipher_free), "EVP_CIPHER_free"},
    {offsetof(struct openssl, ctx_new), "EVP_CIPHER_CTX_new"},
    {offsetof(struct openssl, ctx_free), "EVP_CIPHER_CTX_free"},
    {offsetof(struct openssl, ctrl), "EVP_CIPHER_CTX_ctrl"},
    {offsetof(struct openssl, init), "EVP_CipherInit_ex"},
    {offsetof(struct openssl, update), "EVP_CipherUpdate"},
    {offsetof(struct openssl, final), "EVP_CipherFinal_ex"},
};

static const uint8_t zero[32];

static void openssl_free(void *self)
{
	struct openssl *ssl = self;

	if (ssl->sealing != NULL)
		ssl->ctx_free(ssl->sealing);
	if (ssl->opening != NULL)
		ssl->ctx_free(ssl->opening);
	if (ssl->cipher != NULL)
		ssl->cipher_free(ssl->cipher);
	if (ssl->library != NULL)
		ssl->host->unload(ssl->host->ctx, ssl->library);
	free(ssl);
}

static bool library_load(struct openssl *ssl, char *detail)
{
	const struct xt_aead_host *host = ssl->host;

	if (host->load != NULL)
		ssl->library = host->load(host->ctx, FILE_NAME);
	if (ssl->library == NULL) {
		snprintf(detail, XT_AEAD_DETAIL, "%s is not installed", FILE_NAME);
		return false;
	}
	return xt_aead_symbols(host, ssl->library, FILE_NAME, ssl, symbols, XT_LEN(symbols),
			       detail);
}

static int contexts_open(struct openssl *ssl, char *detail)
{
	if (ssl->init_crypto(INIT_NO_LOAD_CONFIG | INIT_NO_ATEXIT, NULL) == 1)
		ssl->cipher = ssl->fetch(NULL, "ChaCha20-Poly1305", NULL);
	if (ssl->cipher == NULL) {
		snprintf(detail, XT_AEAD_DETAIL, "%s has no ChaCha20-Poly1305", FILE_NAME);
		return XT_E_UNSUPPORTED;
	}
	ssl->sealing = ssl->ctx_new();
	ssl->opening = ssl->ctx_new();
	if (ssl->sealing == NULL || ssl->opening == NULL ||
	    ssl->init(ssl->sealing, ssl->cipher, NULL, zero, zero, 1) != 1 ||
	    ssl->init(ssl->opening, ssl->cipher, NULL, zero, zero, 0) != 1)
		return XT_E_NOMEM;
	snprintf(detail, XT_AEAD_DETAIL, "%.60s", ssl->version(0));
	return 0;
}

static int openssl_new(void **self, const struct xt_aead_host *host, char *detail)
{
	struct openssl *ssl = calloc(1, sizeof(*ssl));
	int err;

	if (ssl == NULL)
		return XT_E_NOMEM;
	ssl->host = host;
	err = library_load(ssl, detail) ? contexts_open(ssl, detail) : XT_E_UNSUPPORTED;
	if (err != 0) {
		openssl_free(ssl);
		return err;
	}
	*self = ssl;
	return 0;
}

static bool job_crypt(const struct openssl *ssl, struct evp_ctx *ctx, const struct xt_job *job,
		      int encrypt)
{
	uint8_t nonce[XT_NONCE_LEN], rest[16];
	int len = (int)job->len, done = 0, last = 0;

	if (job->len > INT_MAX)
		return false;
	xt_nonce_of(nonce, job->counter);
	return ssl->init(ctx, NULL, NULL, job->key, nonce, encrypt) == 1 &&
	       (len == 0 ||
		(ssl->update(ctx, job->dst, &done, job->src, len) == 1 && done == len)) &&
	       (encrypt || ssl->ctrl(ctx, CTRL_SET_TAG, XT_TAG_LEN,
				     (void *)(uintptr_t)(job->src + len)) == 1) &&
	       ssl->final(ctx, rest, &last) == 1 &&
	       (!encrypt || ssl->ctrl(ctx, CTRL_GET_TAG, XT_TAG_LEN, job->dst + len) == 1);
}

/* A context keeps its key and unused key stream: replace them with those of a zero key. */
static void context_wipe(const struct openssl *ssl, struct evp_ctx *ctx)
{
	uint8_t byte = 0, tag[XT_TAG_LEN];
	int len;

	(void)(ssl->init(ctx, NULL, NULL, zero, zero, 1) == 1 &&
	       ssl->update(ctx, &byte, &len, &byte, 1) == 1 && ssl->final(ctx, tag, &len) == 1);
}

static void openssl_seal(void *self, struct xt_job *jobs, size_t n)
{
	const struct openssl *ssl = self;

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		job->ok = job_crypt(ssl, ssl->sealing, job, 1);
		if (!job->ok)
			memset(job->dst, 0, job->len + XT_TAG_LEN);
	}
	if (n > 0)
		context_wipe(ssl, ssl->sealing);
	sodium_stackzero(STACK_USED);
}

static void openssl_open(void *self, struct xt_job *jobs, size_t n)
{
	const struct openssl *ssl = self;

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		job->ok = job_crypt(ssl, ssl->opening, job, 0);
		if (!job->ok && job->len > 0)
			sodium_memzero(job->dst, job->len);
	}
	if (n > 0)
		context_wipe(ssl, ssl->opening);
	sodium_stackzero(STACK_USED);
}

const struct xt_aead_ops xt_aead_openssl = {
    .name = "openssl",
    .new = openssl_new,
    .free = openssl_free,
    .seal = openssl_seal,
    .open = openssl_open,
};
