/* The default AEAD backend, and the one that others are measured and tested against: libsodium. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/aead_ops.h"
#include "crypto/nonce.h"

static int sodium_new(void **self, const struct xt_aead_host *host, char *detail)
{
	(void)host;
	snprintf(detail, XT_AEAD_DETAIL, "libsodium %s", sodium_version_string());
	*self = NULL;
	return 0;
}

static void sodium_none(void *self)
{
	(void)self;
}

static void sodium_seal(void *self, struct xt_job *jobs, size_t n)
{
	uint8_t nonce[XT_NONCE_LEN];

	(void)self;
	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		xt_nonce_of(nonce, job->counter);
		crypto_aead_chacha20poly1305_ietf_encrypt_detached(job->dst, job->dst + job->len,
								   NULL, job->src, job->len, NULL,
								   0, NULL, nonce, job->key);
		job->ok = true;
	}
}

static void sodium_open(void *self, struct xt_job *jobs, size_t n)
{
	uint8_t nonce[XT_NONCE_LEN];

	(void)self;
	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		xt_nonce_of(nonce, job->counter);
		job->ok = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
			      job->dst, NULL, job->src, job->len, job->src + job->len, NULL, 0,
			      nonce, job->key) == 0;
		if (!job->ok && job->len > 0)
			memset(job->dst, 0, job->len);
	}
}

const struct xt_aead_ops xt_aead_sodium = {
    .name = "sodium",
    .new = sodium_new,
    .free = sodium_none,
    .seal = sodium_seal,
    .open = sodium_open,
};
