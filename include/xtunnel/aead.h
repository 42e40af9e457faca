/* ChaCha20-Poly1305 over vectors of jobs (RFC 8439; nonce = 32 zero bits and the 64-bit little
 * endian counter, no additional data: WireGuard paper 5.4.6). */
#ifndef XTUNNEL_AEAD_H
#define XTUNNEL_AEAD_H

#include <xtunnel/types.h>

#define XT_TAG_LEN 16

/* One packet's worth of work; all that a crypto worker ever sees.
 * key      32 bytes, stays valid until the job was done (a pinned keypair)
 * src      seal: len bytes of plaintext; open: len bytes of ciphertext and the tag behind them
 * dst      seal: len + XT_TAG_LEN bytes; open: len bytes.  May equal src; other overlap only as
 *          far as jobs done strictly in order leave it harmless
 * ok       written by open (true: tag right) and by seal (true).  A false open leaves dst zeroed */
struct xt_job {
	const uint8_t *key;
	const uint8_t *src;
	uint8_t *dst;
	uint64_t counter;
	uint32_t len;
	bool ok;
};

struct xt_aead; /* one per thread */

/* Opens a backend ("sodium"; NULL: the default).  XT_E_UNSUPPORTED, XT_E_CRYPTO, XT_E_NOMEM. */
int xt_aead_new(struct xt_aead **out, const char *name);
void xt_aead_free(struct xt_aead *aead); /* NULL is fine */
const char *xt_aead_name(const struct xt_aead *aead);

/* Do jobs[0..n) in order. */
void xt_aead_seal(struct xt_aead *aead, struct xt_job *jobs, size_t n);
void xt_aead_open(struct xt_aead *aead, struct xt_job *jobs, size_t n);

#endif
