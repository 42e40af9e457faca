/* An AEAD backend: what aead.c asks of one. The contracts of include/xtunnel/aead.h hold for seal
 * and open; self belongs to one thread. */
#ifndef XT_CRYPTO_AEAD_OPS_H
#define XT_CRYPTO_AEAD_OPS_H

#include <xtunnel/aead.h>

enum {				/* xt_aead_ops.flags */
       XT_AEAD_SERIAL = 1 << 0, /* one job after the other; else several are in flight */
};

struct xt_aead_ops {
	const char *name;
	unsigned flags;
	/* XT_E_UNSUPPORTED (this processor), XT_E_NOMEM. *self may stay NULL. */
	int (*new)(void **self);
	void (*free)(void *self);
	void (*seal)(void *self, struct xt_job *jobs, size_t n);
	void (*open)(void *self, struct xt_job *jobs, size_t n);
};

extern const struct xt_aead_ops xt_aead_sodium;

#endif
