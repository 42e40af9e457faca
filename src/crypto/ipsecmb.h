/* SPDX-License-Identifier: MIT */
/* The part of libIPSec_MB's binary interface that aead_ipsecmb.c uses. Versions 1.0 to 2.0 agree in
 * it and differ only in later members, so one build supports them all and needs no header of the
 * library. aead_ipsecmb_check.c compares this file with the header where it is installed. */
#ifndef XT_CRYPTO_IPSECMB_H
#define XT_CRYPTO_IPSECMB_H

#include <stddef.h>
#include <stdint.h>

#define XT_IMB_MIN 0x10000u /* 1.0.0 */
#define XT_IMB_END 0x30000u /* 3.0.0 numbers the ciphers differently */

enum {
	XT_IMB_CHACHA20_POLY1305_CIPHER = 19,
	XT_IMB_CHACHA20_POLY1305_HASH = 29,
	XT_IMB_ENCRYPT = 1,
	XT_IMB_DECRYPT = 2,
	XT_IMB_CIPHER_HASH = 1, /* orders */
	XT_IMB_HASH_CIPHER = 2,
	XT_IMB_COMPLETED = 3,
};
#define XT_IMB_SAFE_DATA (UINT64_C(1) << 14)

struct xt_imb_job {
	const void *enc_keys, *dec_keys;
	uint64_t key_len;
	const uint8_t *src;
	uint8_t *dst;
	uint64_t cipher_at, cipher_len;
	uint64_t hash_at, hash_len;
	const uint8_t *iv;
	uint64_t iv_len;
	uint8_t *tag;
	uint64_t tag_len;
	const void *aad;
	uint64_t aad_len;
	void *sgl;
	uint32_t status;
	uint32_t cipher, direction, hash, order;
	/* more members follow */
};

struct xt_imb_manager {
	uint64_t flags, features;
	uint64_t reserved[5];
	uint32_t arch;
	int32_t error;
	struct xt_imb_job *(*get_next_job)(struct xt_imb_manager *manager);
	struct xt_imb_job *(*submit_job)(struct xt_imb_manager *manager);
	struct xt_imb_job *(*submit_job_nocheck)(struct xt_imb_manager *manager);
	struct xt_imb_job *(*get_completed_job)(struct xt_imb_manager *manager);
	struct xt_imb_job *(*flush_job)(struct xt_imb_manager *manager);
	/* more members follow */
};

/* Types of exported functions. */
typedef unsigned xt_imb_get_version(void);
typedef size_t xt_imb_get_size(void);
typedef struct xt_imb_manager *xt_imb_set_pointers(void *memory, uint64_t flags, unsigned reset);
typedef void xt_imb_init_auto(struct xt_imb_manager *manager, int *arch);

#endif
