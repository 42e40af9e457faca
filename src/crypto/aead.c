/* The AEAD backends by name, each tested with known answers before it is used. */
#include <stdlib.h>
#include <string.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "crypto/aead_ops.h"
#include "crypto/init.h"

struct xt_aead {
	const struct xt_aead_ops *ops;
	void *self;
};

/* The first is the default. */
static const struct xt_aead_ops *const backends[] = {&xt_aead_sodium};

/* The plaintext and key of RFC 8439 section 2.8.2 under the nonce 00000000 40..47 and without
 * additional data (tests/vectors/crypto.py). */
static const char plain[] = "Ladies and Gentlemen of the class of '99: If I could offer you only "
			    "one tip for the future, sunscreen would be it.";
#define PLAIN_LEN (sizeof(plain) - 1)
#define COUNTER	  0x4746454443424140u
static const uint8_t sealed[PLAIN_LEN + XT_TAG_LEN] = {
    0xa4, 0x79, 0xcb, 0x54, 0x62, 0x89, 0x46, 0xd6, 0xf4, 0x04, 0x2a, 0x8e, 0x38, 0x4e, 0xf4,
    0xbd, 0x2f, 0xbc, 0x73, 0x30, 0xb8, 0xbe, 0x55, 0xeb, 0x2d, 0x8d, 0xc1, 0x8a, 0xaa, 0x51,
    0xd6, 0x6a, 0x8e, 0xc1, 0xf8, 0xd3, 0x61, 0x9a, 0x25, 0x8d, 0xb0, 0xac, 0x56, 0x95, 0x60,
    0x15, 0xb7, 0xb4, 0x93, 0x7e, 0x9b, 0x8e, 0x6a, 0xa9, 0x57, 0xb3, 0xdc, 0x02, 0x14, 0xd8,
    0x03, 0xd7, 0x76, 0x60, 0xaa, 0xbc, 0x91, 0x30, 0x92, 0x97, 0x1d, 0xa8, 0xf2, 0x07, 0x17,
    0x1c, 0xe7, 0x84, 0x36, 0x08, 0x16, 0x2e, 0x2e, 0x75, 0x9d, 0x8e, 0xfc, 0x25, 0xd8, 0xd0,
    0x93, 0x69, 0x90, 0xaf, 0x63, 0xc8, 0x20, 0xba, 0x87, 0xe8, 0xa9, 0x55, 0xb5, 0xc8, 0x27,
    0x4e, 0xf7, 0xd1, 0x0f, 0x6f, 0xaf, 0xd0, 0x46, 0x47, 0xfa, 0x67, 0x75, 0x57, 0x7a, 0x1a,
    0x25, 0x0d, 0xcc, 0x2d, 0xf3, 0x7e, 0x95, 0xe4, 0x6c, 0x4a};
static const uint8_t sealed_nothing[XT_TAG_LEN] = {0x2c, 0x8b, 0xcc, 0x02, 0x34, 0x98, 0xfb, 0x47,
						   0x95, 0xf0, 0x09, 0xbc, 0x2b, 0x0b, 0xd4, 0x9a};

/* Jobs of two lengths together: sealed in place, opened apart, and one bit wrong. */
static bool works(const struct xt_aead *aead)
{
	uint8_t key[32], buf[sizeof(sealed)], out[PLAIN_LEN], none[XT_TAG_LEN];
	struct xt_job jobs[2];
	bool good;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x80 + i);
	memcpy(buf, plain, PLAIN_LEN);
	jobs[0] = (struct xt_job){
	    .key = key, .src = buf, .dst = buf, .counter = COUNTER, .len = PLAIN_LEN};
	jobs[1] = (struct xt_job){.key = key, .src = none, .dst = none, .counter = 1};
	aead->ops->seal(aead->self, jobs, XT_LEN(jobs));
	good = jobs[0].ok && jobs[1].ok && memcmp(buf, sealed, sizeof(sealed)) == 0 &&
	       memcmp(none, sealed_nothing, sizeof(none)) == 0;

	jobs[0].dst = out;
	jobs[0].ok = jobs[1].ok = false;
	aead->ops->open(aead->self, jobs, XT_LEN(jobs));
	good = good && jobs[0].ok && jobs[1].ok && memcmp(out, plain, PLAIN_LEN) == 0;

	buf[PLAIN_LEN / 2] ^= 1;
	none[XT_TAG_LEN - 1] ^= 128;
	aead->ops->open(aead->self, jobs, XT_LEN(jobs));
	good = good && !jobs[0].ok && !jobs[1].ok;
	for (size_t i = 0; i < sizeof(out); i++)
		good = good && out[i] == 0;
	return good;
}

static const struct xt_aead_ops *find(const char *name)
{
	if (name == NULL)
		return backends[0];
	for (size_t i = 0; i < XT_LEN(backends); i++) {
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	}
	return NULL;
}

int xt_aead_new(struct xt_aead **out, const char *name)
{
	struct xt_aead *aead;
	int err = xt_crypto_init();

	if (err != 0)
		return err;
	aead = calloc(1, sizeof(*aead));
	if (aead == NULL)
		return XT_E_NOMEM;
	aead->ops = find(name);
	err = aead->ops != NULL ? aead->ops->new (&aead->self) : XT_E_UNSUPPORTED;
	if (err != 0) {
		free(aead);
		return err;
	}
	if (!works(aead)) {
		xt_aead_free(aead);
		return XT_E_CRYPTO;
	}
	*out = aead;
	return 0;
}

void xt_aead_free(struct xt_aead *aead)
{
	if (aead == NULL)
		return;
	aead->ops->free(aead->self);
	free(aead);
}

const char *xt_aead_name(const struct xt_aead *aead)
{
	return aead->ops->name;
}

void xt_aead_seal(struct xt_aead *aead, struct xt_job *jobs, size_t n)
{
	aead->ops->seal(aead->self, jobs, n);
}

void xt_aead_open(struct xt_aead *aead, struct xt_job *jobs, size_t n)
{
	aead->ops->open(aead->self, jobs, n);
}
