/* SPDX-License-Identifier: MIT */
/* ChaCha20-Poly1305 over vectors of jobs (RFC 8439; nonce = 32 zero bits and the 64-bit little
 * endian counter, no additional data: WireGuard paper 5.4.6). */
#ifndef XTUNNEL_AEAD_H
#define XTUNNEL_AEAD_H

#include <xtunnel/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XT_TAG_LEN 16

/* The work on one packet; all that a crypto worker ever sees.
 * key      32 bytes, valid until the job is done (of a pinned keypair)
 * src      seal: len bytes of plaintext; open: len bytes of ciphertext followed by the tag
 * dst      seal: len + XT_TAG_LEN bytes; open: len bytes.  Equal to src or apart from it.  It may
 *          overlap the buffers of other jobs where doing the jobs strictly in order allows it
 * ok       written by open (true: the tag is right) and by seal (true).  When it is false, open
 *          has zeroed dst
 * sums     the plaintext's own checksums are right.  Set by a worker that verified them after it
 *          opened the packet; false: wrong, or not verified.  Cleared when the job is filled */
struct xt_job {
	const uint8_t *key;
	const uint8_t *src;
	uint8_t *dst;
	uint64_t counter;
	uint32_t len;
	bool ok;
	bool sums;
};

/* An opened backend with its scratch memory.  Used by one thread at a time. */
struct xt_aead;

/* Open a backend that needs nothing of the host.
 * out      the caller's, released by xt_aead_free; unchanged on error
 * name     "sodium"; NULL: the default, the same
 * returns  0, XT_E_UNSUPPORTED (another name), XT_E_CRYPTO (the self-test failed), XT_E_NOMEM */
XT_API int xt_aead_new(struct xt_aead **out, const char *name);

/* Wipe and release a backend.  aead may be NULL. */
XT_API void xt_aead_free(struct xt_aead *aead);

/* The name of an opened backend, as in xt_aead_backend; static storage. */
XT_API const char *xt_aead_name(const struct xt_aead *aead);

/* Encrypt and authenticate jobs[0..n) in order.  Cannot fail; n may be 0. */
XT_API void xt_aead_seal(struct xt_aead *aead, struct xt_job *jobs, size_t n);

/* Verify and decrypt jobs[0..n) in order; each job's ok tells the result.  n may be 0. */
XT_API void xt_aead_open(struct xt_aead *aead, struct xt_job *jobs, size_t n);

/* What the host provides for a choice among backends: a clock for the benchmark and a loader of
 * shared libraries.  It must outlive every xt_aead that was chosen with it, and their clones.
 * now     monotonic nanoseconds; NULL: no benchmark
 * load    opens a library by its file name; NULL result: not there.  load NULL: only "sodium"
 * symbol  an address in that library; NULL: not there
 * unload  closes what load returned */
struct xt_aead_host {
	void *ctx;
	uint64_t (*now)(void *ctx);
	void *(*load)(void *ctx, const char *file);
	void *(*symbol)(void *ctx, void *library, const char *name);
	void (*unload)(void *ctx, void *library);
};

/* The result for each backend, to be shown.
 * fit       loaded, and right in its self-test
 * bulk_ns   time of a packet of 1,420 bytes, small_ns of one of 96: means of sealing and opening
 *           in the best round; 0: not measured
 * detail    fit: the library and its version; else the reason ("" when it was not tried) */
#define XT_AEAD_BACKENDS 4
struct xt_aead_candidate {
	const char *name;
	bool fit;
	uint32_t bulk_ns, small_ns;
	char detail[80];
};
struct xt_aead_report {
	const char *name; /* NULL: none was opened */
	char reason[256]; /* of the choice, or of the failure; a phrase */
	struct xt_aead_candidate candidates[XT_AEAD_BACKENDS];
};

/* Open the backend of a name, or the fastest.
 * Without a name each backend that loads is checked against known answers and against libsodium,
 * then measured (a few ms, at most 20 in all).  A backend must be faster by a twentieth than those
 * before it, over a mixture of large and small packets; OpenSSL's libcrypto is loaded only when no
 * other backend is faster than libsodium.
 * out      the caller's, released by xt_aead_free; unchanged on error
 * name     "sodium", "ipsec-mb", "boringssl", "openssl"; NULL or "auto": the fastest
 * host     see above; not copied
 * report   filled in any case, also on error; may be NULL
 * returns  0, XT_E_INVALID (no such name), XT_E_UNSUPPORTED (not available here: see report),
 *          XT_E_CRYPTO (its self-test failed), XT_E_NOMEM */
XT_API int xt_aead_choose(struct xt_aead **out, const char *name, const struct xt_aead_host *host,
			  struct xt_aead_report *report);

/* Open the backend of aead once more, for another thread; self-tested, not measured.
 * out      the caller's, released by xt_aead_free; unchanged on error
 * returns  0, XT_E_UNSUPPORTED, XT_E_CRYPTO, XT_E_NOMEM */
XT_API int xt_aead_clone(struct xt_aead **out, const struct xt_aead *aead);

/* The name of the n-th backend, in the order of xt_aead_report.candidates; NULL: no more. */
XT_API const char *xt_aead_backend(size_t n);

#ifdef __cplusplus
}
#endif

#endif
