/* SPDX-License-Identifier: MIT */
/* AEAD by the EVP_AEAD interface of BoringSSL and AWS-LC: cipher and authenticator in one pass. The
 * functions used are declared here, so that the build needs no header. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/pages.h"
#include "crypto/aead_ops.h"
#include "crypto/aead_symbols.h"
#include "crypto/nonce.h"

/* EVP_AEAD_CTX is the caller's memory: 580 to 600 bytes in known versions. Its size is only in the
 * header. */
#define CTX_ROOM 2048
/* Its vector code leaves the key and key stream on the stack, deeper than 4,096 bytes. */
#define STACK_USED 8192

struct evp_aead;
typedef int evp_crypt(const void *ctx, uint8_t *out, size_t *out_len, size_t out_max,
		      const uint8_t *nonce, size_t nonce_len, const uint8_t *in, size_t in_len,
		      const uint8_t *aad, size_t aad_len);

struct boringssl {
	_Alignas(64) uint8_t ctx[CTX_ROOM];
	const struct xt_aead_host *host;
	void *library;
	const struct evp_aead *aead;

	const struct evp_aead *(*chacha20_poly1305)(void);
	const char *(*version)(int what);
	void (*zero)(void *ctx);
	int (*init)(void *ctx, const struct evp_aead *aead, const uint8_t *key, size_t key_len,
		    size_t tag_len, void *engine);
	void (*cleanup)(void *ctx);
	evp_crypt *seal, *open;
};

/* OpenSSL has no EVP_AEAD. LibreSSL has it without _zero, and allocates for each key. */
static const struct xt_aead_symbol symbols[] = {
    {offsetof(struct boringssl, zero), "EVP_AEAD_CTX_zero"},
    {offsetof(struct boringssl, chacha20_poly1305), "EVP_aead_chacha20_poly1305"},
    {offsetof(struct boringssl, version), "OpenSSL_version"},
    {offsetof(struct boringssl, init), "EVP_AEAD_CTX_init"},
    {offsetof(struct boringssl, cleanup), "EVP_AEAD_CTX_cleanup"},
    {offsetof(struct boringssl, seal), "EVP_AEAD_CTX_seal"},
    {offsetof(struct boringssl, open), "EVP_AEAD_CTX_open"},
};

/* Debian's BoringSSL, in a directory set by the build; AWS-LC as packaged beside OpenSSL. */
static const char *const files[] = {XT_BORINGSSL_DIR "libcrypto.so.0", "libcrypto-awslc.so.1"};

/* A library that was used stays loaded: a forgery leaves an error record in thread-local storage,
 * and a destructor in the library frees it when the thread ends, perhaps much later. */
static void boringssl_free(void *self)
{
	sodium_memzero(self, sizeof(struct boringssl));
	xt_aligned_free(self);
}

static bool library_load(struct boringssl *ssl, char *detail)
{
	const struct xt_aead_host *host = ssl->host;

	snprintf(detail, XT_AEAD_DETAIL, "neither BoringSSL nor AWS-LC is installed");
	for (size_t i = 0; host->load != NULL && i < XT_LEN(files); i++) {
		ssl->library = host->load(host->ctx, files[i]);
		if (ssl->library == NULL)
			continue;
		if (xt_aead_symbols(host, ssl->library, files[i], ssl, symbols, XT_LEN(symbols),
				    detail))
			return true;
		host->unload(host->ctx, ssl->library);
	}
	return false;
}

/* Set the key of the jobs that follow, until context_wipe. */
static bool context_set_key(struct boringssl *ssl, const uint8_t key[32])
{
	return ssl->init(ssl->ctx, ssl->aead, key, 32, XT_TAG_LEN, NULL) == 1;
}

static void context_wipe(struct boringssl *ssl)
{
	ssl->cleanup(ssl->ctx);
	sodium_memzero(ssl->ctx, sizeof(ssl->ctx));
	ssl->zero(ssl->ctx);
	sodium_stackzero(STACK_USED);
}

static int boringssl_new(void **self, const struct xt_aead_host *host, char *detail)
{
	struct boringssl *ssl = xt_aligned_new(_Alignof(struct boringssl), sizeof(*ssl));

	if (ssl == NULL)
		return XT_E_NOMEM;
	ssl->host = host;
	if (!library_load(ssl, detail)) {
		boringssl_free(ssl);
		return XT_E_UNSUPPORTED;
	}
	ssl->aead = ssl->chacha20_poly1305();
	ssl->zero(ssl->ctx);
	snprintf(detail, XT_AEAD_DETAIL, "%.60s", ssl->version(0));
	*self = ssl;
	return 0;
}

/* Keys of a batch do not move while it is processed: equal addresses mean equal keys.
 * in_tag, out_tag  bytes of the tag behind src and behind dst */
static void jobs_crypt(struct boringssl *ssl, evp_crypt *crypt, struct xt_job *jobs, size_t n,
		       size_t in_tag, size_t out_tag)
{
	const uint8_t *key = NULL;
	uint8_t nonce[XT_NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];
		size_t in = job->len + in_tag, out = job->len + out_tag, done;

		xt_nonce_of(nonce, job->counter);
		job->ok = (job->key == key || context_set_key(ssl, job->key)) &&
			  crypt(ssl->ctx, job->dst, &done, out, nonce, sizeof(nonce), job->src, in,
				NULL, 0) == 1 &&
			  done == out;
		key = job->ok ? job->key : NULL;
		if (!job->ok && out > 0)
			sodium_memzero(job->dst, out);
	}
	if (n > 0)
		context_wipe(ssl);
}

static void boringssl_seal(void *self, struct xt_job *jobs, size_t n)
{
	struct boringssl *ssl = self;

	jobs_crypt(ssl, ssl->seal, jobs, n, 0, XT_TAG_LEN);
}

static void boringssl_open(void *self, struct xt_job *jobs, size_t n)
{
	struct boringssl *ssl = self;

	jobs_crypt(ssl, ssl->open, jobs, n, XT_TAG_LEN, 0);
}

const struct xt_aead_ops xt_aead_boringssl = {
    .name = "boringssl",
    .new = boringssl_new,
    .free = boringssl_free,
    .seal = boringssl_seal,
    .open = boringssl_open,
};
