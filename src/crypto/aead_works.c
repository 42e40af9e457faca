/* SPDX-License-Identifier: MIT */
/* The self-test of an AEAD backend: known answers, then libsodium's answers at lengths around the
 * block sizes of vector code. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/aead_once.h"
#include "crypto/aead_ops.h"

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

/* Two jobs of different lengths at once: sealed in place, opened to a separate buffer, then
 * forged. */
static bool vectors_pass(struct xt_aead *aead)
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

static const uint16_t lens[] = {1,   15,   16,	 17,   63,   64,   65,	 127,  128,  129,  191,
				192, 193,  255,	 256,  257,  319,  320,	 511,  512,  513,  960,
				961, 1023, 1024, 1025, 1087, 1088, 1420, 1436, 2047, 2049, 4096};
#define LEN_MAX 4096

struct buffers {
	uint8_t plain[LEN_MAX], want[LEN_MAX + XT_TAG_LEN], got[LEN_MAX + XT_TAG_LEN];
};

static bool length_passes(struct xt_aead *aead, struct buffers *b, uint32_t len)
{
	static const uint8_t zero[LEN_MAX];
	uint8_t key[32];
	struct xt_job job = {.key = key, .src = b->plain, .dst = b->got, .len = len};
	bool good;

	memset(key, (int)len, sizeof(key));
	job.counter = (uint64_t)len << 40 | len;
	xt_aead_once_seal(b->want, b->plain, len, NULL, 0, key, job.counter);
	aead->ops->seal(aead->self, &job, 1);
	good = job.ok && memcmp(b->got, b->want, len + XT_TAG_LEN) == 0;
	job.src = b->got;
	aead->ops->open(aead->self, &job, 1);
	good = good && job.ok && memcmp(b->got, b->plain, len) == 0;
	job.src = b->want;
	b->want[len + len % XT_TAG_LEN] ^= 1;
	aead->ops->open(aead->self, &job, 1);
	return good && !job.ok && memcmp(b->got, zero, len) == 0;
}

bool xt_aead_works(struct xt_aead *aead)
{
	struct buffers *b = malloc(sizeof(*b));
	bool good = b != NULL && vectors_pass(aead);

	if (b != NULL)
		for (size_t i = 0; i < sizeof(b->plain); i++)
			b->plain[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; good && i < XT_LEN(lens); i++)
		good = length_passes(aead, b, lens[i]);
	free(b);
	return good;
}
