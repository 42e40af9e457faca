/* SPDX-License-Identifier: MIT */
/* The default AEAD backend: libsodium, by its ChaCha20 and its Poly1305.
 *
 * libsodium's combined function computes the authenticator's key and the packet's key stream in two
 * calls. Its vector code works in strides of 512 and 256 bytes and does the rest in blocks of 64,
 * each at half the cost of a stride. Here one call does both, on a copy padded to whole strides,
 * and the parts are combined as in RFC 8439 section 2.8. The combined function is the reference
 * (aead_works.c, tests/oracle/oracle_aead.c). */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/pages.h"
#include "crypto/aead_ops.h"
#include "crypto/nonce.h"

#define BLOCK  64u
#define STRIDE 512u
/* Whole strides that hold the authenticator's block and a packet of the usual MTU. */
#define SCRATCH (3 * STRIDE)
#define HEAD	(SCRATCH - BLOCK)
/* libsodium leaves key stream on the stack. */
#define STACK_USED 4096

_Static_assert(HEAD % BLOCK == 0, "the payload behind the head begins with a block");

/* scratch  holds the head of a packet, and a remainder that does not fill a stride, while they are
 *          enciphered. Its first block is block 0 of the key stream: the authenticator's key
 * strides  the processor has vector code for which strides are cheaper */
struct sodium {
	_Alignas(64) uint8_t scratch[SCRATCH];
	bool strides;
};

static int backend_new(void **self, const struct xt_aead_host *host, char *detail)
{
	struct sodium *sodium = xt_aligned_new(_Alignof(struct sodium), sizeof(*sodium));

	(void)host;
	if (sodium == NULL)
		return XT_E_NOMEM;
	sodium->strides = sodium_runtime_has_ssse3() || sodium_runtime_has_avx2();
	snprintf(detail, XT_AEAD_DETAIL, "libsodium %s", sodium_version_string());
	*self = sodium;
	return 0;
}

static void backend_free(void *self)
{
	sodium_memzero(self, sizeof(struct sodium));
	xt_aligned_free(self);
}

/* The length to request for n bytes of key stream: the cheapest that is not shorter. */
static size_t stream_len(const struct sodium *sodium, size_t n)
{
	size_t over = n % STRIDE;

	if (!sodium->strides || over <= BLOCK)
		return XT_ALIGN_UP(n, (size_t)BLOCK);
	return XT_ALIGN_UP(n, over <= STRIDE / 2 ? (size_t)STRIDE / 2 : (size_t)STRIDE);
}

/* Encipher the first bytes of the packet into the scratch buffer, behind the authenticator's
 * key. */
static void head_encipher(struct sodium *sodium, const struct xt_job *job, const uint8_t *nonce)
{
	size_t n = XT_MIN(job->len, HEAD);

	memset(sodium->scratch, 0, BLOCK);
	memcpy(sodium->scratch + BLOCK, job->src, n);
	crypto_stream_chacha20_ietf_xor_ic(sodium->scratch, sodium->scratch,
					   stream_len(sodium, BLOCK + n), nonce, 0, job->key);
}

/* Copy the head from the scratch buffer to dst and encipher the rest of the payload: strides in
 * place, the remainder through the scratch buffer, whose first block stays. */
static void payload_encipher(struct sodium *sodium, const struct xt_job *job, const uint8_t *nonce)
{
	uint8_t *work = sodium->scratch + BLOCK;
	uint32_t n = XT_MIN(job->len, HEAD), at = n;
	uint32_t whole = (job->len - at) / STRIDE * STRIDE;

	if (n > 0)
		memcpy(job->dst, work, n);
	if (whole > 0)
		crypto_stream_chacha20_ietf_xor_ic(job->dst + at, job->src + at, whole, nonce,
						   1 + at / BLOCK, job->key);
	at += whole;
	n = job->len - at;
	if (n == 0)
		return;
	memcpy(work, job->src + at, n);
	crypto_stream_chacha20_ietf_xor_ic(work, work, stream_len(sodium, n), nonce, 1 + at / BLOCK,
					   job->key);
	memcpy(job->dst + at, work, n);
}

/* The tag of len bytes of ciphertext without additional data. */
static void tag_compute(const struct sodium *sodium, uint8_t tag[XT_TAG_LEN], const uint8_t *cipher,
			size_t len)
{
	static const uint8_t zero[16];
	crypto_onetimeauth_poly1305_state state;
	const struct {
		xt_le64 aad, cipher;
	} lens = {xt_le64_of(0), xt_le64_of(len)};

	crypto_onetimeauth_poly1305_init(&state, sodium->scratch);
	crypto_onetimeauth_poly1305_update(&state, cipher, len);
	crypto_onetimeauth_poly1305_update(&state, zero, -len % sizeof(zero));
	crypto_onetimeauth_poly1305_update(&state, (const void *)&lens, sizeof(lens));
	crypto_onetimeauth_poly1305_final(&state, tag);
}

/* Wipe key stream and authenticator keys after each batch. */
static void scratch_wipe(struct sodium *sodium)
{
	sodium_memzero(sodium->scratch, sizeof(sodium->scratch));
	sodium_stackzero(STACK_USED);
}

static void jobs_seal(void *self, struct xt_job *jobs, size_t n)
{
	struct sodium *sodium = self;
	uint8_t nonce[XT_NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		xt_nonce_of(nonce, job->counter);
		head_encipher(sodium, job, nonce);
		payload_encipher(sodium, job, nonce);
		tag_compute(sodium, job->dst + job->len, job->dst, job->len);
		job->ok = true;
	}
	scratch_wipe(sodium);
}

static void jobs_open(void *self, struct xt_job *jobs, size_t n)
{
	struct sodium *sodium = self;
	uint8_t nonce[XT_NONCE_LEN], tag[XT_TAG_LEN];

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		xt_nonce_of(nonce, job->counter);
		head_encipher(sodium, job, nonce);
		tag_compute(sodium, tag, job->src, job->len);
		job->ok = crypto_verify_16(tag, job->src + job->len) == 0;
		if (job->ok)
			payload_encipher(sodium, job, nonce);
		else if (job->len > 0)
			memset(job->dst, 0, job->len);
	}
	/* For a forged message this is the valid tag. */
	sodium_memzero(tag, sizeof(tag));
	scratch_wipe(sodium);
}

const struct xt_aead_ops xt_aead_sodium = {
    .name = "sodium",
    .new = backend_new,
    .free = backend_free,
    .seal = jobs_seal,
    .open = jobs_open,
};
