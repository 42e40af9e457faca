/* ChaCha20-Poly1305 over vectors of jobs (RFC 8439; nonce = 32 zero bits and the 64-bit little
 * endian counter, no additional data: WireGuard paper 5.4.6). */
#ifndef XTUNNEL_AEAD_H
#define XTUNNEL_AEAD_H

#include <xtunnel/types.h>

#define XT_TAG_LEN 16

/* One packet's worth of work; all that a crypto worker ever sees.
 * key      32 bytes, stays valid until the job was done (a pinned keypair)
 * src      seal: len bytes of plaintext; open: len bytes of ciphertext and the tag behind them
 * dst      seal: len + XT_TAG_LEN bytes; open: len bytes.  Equals src or lies apart from it; may
 *          overlap other jobs' as far as jobs done strictly in order leave it harmless
 * ok       written by open (true: tag right) and by seal (true).  A false open leaves dst zeroed
 * sums     set by who opened it and looked further: the plaintext's own checksums are right
 *          (xt_merge_sums_right).  false: not right, or nobody looked; whoever fills a job says so
 */
struct xt_job {
	const uint8_t *key;
	const uint8_t *src;
	uint8_t *dst;
	uint64_t counter;
	uint32_t len;
	bool ok;
	bool sums;
};

struct xt_aead; /* one per thread */

/* Opens a backend that needs nothing of a host ("sodium"; NULL: the default, the same).
 * XT_E_UNSUPPORTED, XT_E_CRYPTO, XT_E_NOMEM. */
int xt_aead_new(struct xt_aead **out, const char *name);
void xt_aead_free(struct xt_aead *aead); /* NULL is fine */
const char *xt_aead_name(const struct xt_aead *aead);

/* Do jobs[0..n) in order. */
void xt_aead_seal(struct xt_aead *aead, struct xt_job *jobs, size_t n);
void xt_aead_open(struct xt_aead *aead, struct xt_job *jobs, size_t n);

/* What a host lends for a choice of more: a clock to measure by and a loader of shared libraries.
 * Stays as long as an xt_aead that was chosen with it.
 * now     nanoseconds that do not run backward; NULL: nothing is measured
 * load    a library by its file name, NULL: not there.  NULL: only "sodium" can be
 * symbol  an address in it, NULL: not there
 * unload  what load gave */
struct xt_aead_host {
	void *ctx;
	uint64_t (*now)(void *ctx);
	void *(*load)(void *ctx, const char *file);
	void *(*symbol)(void *ctx, void *library, const char *name);
	void (*unload)(void *ctx, void *library);
};

/* What came of each backend, in words for people.
 * fit       loaded, and right in its self-test
 * detail    fit: the library and its version; else why not ("" when it was not looked for)
 * bulk_ns   a packet of 1,420 bytes; small_ns: one of 96.  Means of sealing and opening in the best
 *           round; 0: not measured */
#define XT_AEAD_BACKENDS 4
struct xt_aead_candidate {
	const char *name;
	bool fit;
	uint32_t bulk_ns, small_ns;
	char detail[80];
};
struct xt_aead_report {
	const char *name; /* NULL: none was opened */
	char reason[256]; /* why this one, or why none; a phrase */
	struct xt_aead_candidate candidates[XT_AEAD_BACKENDS];
};

/* Open the backend of that name ("sodium", "ipsec-mb", "boringssl", "openssl"), or with NULL or
 * "auto" the fastest: each that can be had is held against known answers and against libsodium,
 * then races the others (a few ms, never more than 20 in all).  One must be faster by a twentieth
 * than those before it, over a mixture of large and small packets; OpenSSL's libcrypto is only
 * loaded when no other beat libsodium.
 * report   filled in any case, also when it fails; may be NULL
 * returns  XT_E_INVALID (no such name), XT_E_UNSUPPORTED (not to be had here: see report),
 *          XT_E_CRYPTO (its self-test failed), XT_E_NOMEM */
int xt_aead_choose(struct xt_aead **out, const char *name, const struct xt_aead_host *host,
		   struct xt_aead_report *report);
/* One more of the same backend, for another thread; tested, not raced. */
int xt_aead_clone(struct xt_aead **out, const struct xt_aead *aead);
/* The n-th backend, in the order of xt_aead_report.candidates; NULL: no more. */
const char *xt_aead_backend(size_t n);

#endif
