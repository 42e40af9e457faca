/* SPDX-License-Identifier: MIT */
/* The interface of an AEAD backend. The contracts of include/xtunnel/aead.h hold for seal and open;
 * self belongs to one thread. A backend that cannot seal a job zeroes dst and sets ok to false; it
 * never leaves plaintext. */
#ifndef XT_CRYPTO_AEAD_OPS_H
#define XT_CRYPTO_AEAD_OPS_H

#include <xtunnel/aead.h>

#define XT_AEAD_DETAIL (sizeof(((struct xt_aead_candidate *)NULL)->detail))

struct xt_aead_ops {
	const char *name;
	/* XT_E_UNSUPPORTED (no such library, not for this processor), XT_E_NOMEM. *self may stay
	 * NULL.
	 * detail  XT_AEAD_DETAIL bytes: the library and version, or why there is none */
	int (*new)(void **self, const struct xt_aead_host *host, char *detail);
	void (*free)(void *self);
	void (*seal)(void *self, struct xt_job *jobs, size_t n);
	void (*open)(void *self, struct xt_job *jobs, size_t n);
};

extern const struct xt_aead_ops xt_aead_sodium, xt_aead_ipsecmb, xt_aead_boringssl, xt_aead_openssl;

struct xt_aead {
	const struct xt_aead_ops *ops;
	void *self;
	struct xt_aead_host host;
};

/* The self-test: known answers, agreement with libsodium at other lengths, and forgeries refused
 * without leaving plaintext. */
bool xt_aead_works(struct xt_aead *aead);

#endif
