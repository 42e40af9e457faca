/* The default AEAD backend: libsodium, by its ChaCha20 and its Poly1305.
 *
 * Its own combined function asks for the authenticator's key and for the packet's key stream apart,
 * and its vector code works in strides of 512 and 256 bytes: what is left over is done in blocks of
 * 64, each at half the price of a stride.  Here both come from one call, over a copy that is as
 * long as strides want, and the two are put together as RFC 8439 section 2.8 says.  The combined
 * function is what this is held against (aead_works.c, tests/oracle/oracle_aead.c). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "crypto/aead_ops.h"
#include "crypto/nonce.h"

#define BLOCK  64u
#define STRIDE 512u
/* The authenticator's block and a packet of the usual MTU: whole strides. */
#define DESK (3 * STRIDE)
#define HEAD (DESK - BLOCK)
/* libsodium's functions leave key stream there. */
#define STACK_USED 4096

_Static_assert(HEAD % BLOCK == 0, "what follows the head begins with a block");

/* desk     where bytes are enciphered that do not fill strides; block 0 of the key stream is its
 *          first, the authenticator's key
 * strides  this processor has vector code that pays */
struct sodium {
	_Alignas(64) uint8_t desk[DESK];
	bool strides;
};

static int desk_new(void **self, const struct xt_aead_host *host, char *detail)
{
	struct sodium *sodium = aligned_alloc(_Alignof(struct sodium), sizeof(*sodium));

	(void)host;
	if (sodium == NULL)
		return XT_E_NOMEM;
	memset(sodium, 0, sizeof(*sodium));
	sodium->strides = sodium_runtime_has_ssse3() || sodium_runtime_has_avx2();
	snprintf(detail, XT_AEAD_DETAIL, "libsodium %s", sodium_version_string());
	*self = sodium;
	return 0;
}

static void desk_free(void *self)
{
	sodium_memzero(self, sizeof(struct sodium));
	free(self);
}

/* How many bytes to ask for when n are wanted: the cheapest of those that are not fewer. */
static size_t asked(const struct sodium *sodium, size_t n)
{
	size_t over = n % STRIDE;

	if (!sodium->strides || over <= BLOCK)
		return XT_ALIGN_UP(n, (size_t)BLOCK);
	return XT_ALIGN_UP(n, over <= STRIDE / 2 ? (size_t)STRIDE / 2 : (size_t)STRIDE);
}

/* The first bytes of the packet, enciphered, behind the authenticator's key. */
static void desk_lay(struct sodium *sodium, const struct xt_job *job, const uint8_t *nonce)
{
	size_t n = XT_MIN(job->len, HEAD);

	memset(sodium->desk, 0, BLOCK);
	memcpy(sodium->desk + BLOCK, job->src, n);
	crypto_stream_chacha20_ietf_xor_ic(sodium->desk, sodium->desk, asked(sodium, BLOCK + n),
					   nonce, 0, job->key);
}

/* From the desk to dst, and what follows the head: strides where they lie, the rest over the desk,
 * whose first block stays. */
static void desk_clear(struct sodium *sodium, const struct xt_job *job, const uint8_t *nonce)
{
	uint8_t *work = sodium->desk + BLOCK;
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
	crypto_stream_chacha20_ietf_xor_ic(work, work, asked(sodium, n), nonce, 1 + at / BLOCK,
					   job->key);
	memcpy(job->dst + at, work, n);
}

/* The tag of len bytes of ciphertext without additional data. */
static void tag_of(const struct sodium *sodium, uint8_t tag[XT_TAG_LEN], const uint8_t *cipher,
		   size_t len)
{
	static const uint8_t zero[16];
	crypto_onetimeauth_poly1305_state state;
	const struct {
		xt_le64 aad, cipher;
	} lens = {xt_le64_of(0), xt_le64_of(len)};

	crypto_onetimeauth_poly1305_init(&state, sodium->desk);
	crypto_onetimeauth_poly1305_update(&state, cipher, len);
	crypto_onetimeauth_poly1305_update(&state, zero, -len % sizeof(zero));
	crypto_onetimeauth_poly1305_update(&state, (const void *)&lens, sizeof(lens));
	crypto_onetimeauth_poly1305_final(&state, tag);
}

/* Key stream and keys of the authenticator are nobody's business after the batch. */
static void forget(struct sodium *sodium)
{
	sodium_memzero(sodium->desk, sizeof(sodium->desk));
	sodium_stackzero(STACK_USED);
}

static void seal_all(void *self, struct xt_job *jobs, size_t n)
{
	struct sodium *sodium = self;
	uint8_t nonce[XT_NONCE_LEN];

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		xt_nonce_of(nonce, job->counter);
		desk_lay(sodium, job, nonce);
		desk_clear(sodium, job, nonce);
		tag_of(sodium, job->dst + job->len, job->dst, job->len);
		job->ok = true;
	}
	forget(sodium);
}

static void open_all(void *self, struct xt_job *jobs, size_t n)
{
	struct sodium *sodium = self;
	uint8_t nonce[XT_NONCE_LEN], tag[XT_TAG_LEN];

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		xt_nonce_of(nonce, job->counter);
		desk_lay(sodium, job, nonce);
		tag_of(sodium, tag, job->src, job->len);
		job->ok = crypto_verify_16(tag, job->src + job->len) == 0;
		if (job->ok)
			desk_clear(sodium, job, nonce);
		else if (job->len > 0)
			memset(job->dst, 0, job->len);
	}
	/* The tag that a forger would have needed. */
	sodium_memzero(tag, sizeof(tag));
	forget(sodium);
}

const struct xt_aead_ops xt_aead_sodium = {
    .name = "sodium",
    .new = desk_new,
    .free = desk_free,
    .seal = seal_all,
    .open = open_all,
};
