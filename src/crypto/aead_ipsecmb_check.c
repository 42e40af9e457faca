/* SPDX-License-Identifier: MIT */
/* Checks at compile time that ipsecmb.h agrees with the installed header of libIPSec_MB. Compiled
 * where that header exists; generates no code. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <intel-ipsec-mb.h>

#include "crypto/ipsecmb.h"

/* Later versions are refused at run time. */
#if IMB_VERSION_NUM < XT_IMB_END

#define JOB(ours, theirs)                                                                          \
	_Static_assert(offsetof(struct xt_imb_job, ours) == offsetof(IMB_JOB, theirs), #ours)
#define MANAGER(ours, theirs)                                                                      \
	_Static_assert(offsetof(struct xt_imb_manager, ours) == offsetof(IMB_MGR, theirs), #ours)
#define SAME(ours, theirs) _Static_assert((unsigned)(ours) == (unsigned)(theirs), #ours)

JOB(enc_keys, enc_keys);
JOB(dec_keys, dec_keys);
JOB(key_len, key_len_in_bytes);
JOB(src, src);
JOB(dst, dst);
JOB(cipher_at, cipher_start_src_offset_in_bytes);
JOB(cipher_len, msg_len_to_cipher_in_bytes);
JOB(hash_at, hash_start_src_offset_in_bytes);
JOB(hash_len, msg_len_to_hash_in_bytes);
JOB(iv, iv);
JOB(iv_len, iv_len_in_bytes);
JOB(tag, auth_tag_output);
JOB(tag_len, auth_tag_output_len_in_bytes);
JOB(aad, u.CHACHA20_POLY1305.aad);
JOB(aad_len, u.CHACHA20_POLY1305.aad_len_in_bytes);
JOB(sgl, u.CHACHA20_POLY1305.ctx);
JOB(status, status);
JOB(cipher, cipher_mode);
JOB(direction, cipher_direction);
JOB(hash, hash_alg);
JOB(order, chain_order);
_Static_assert(sizeof(struct xt_imb_job) <= sizeof(IMB_JOB), "job");

MANAGER(features, features);
MANAGER(error, imb_errno);
MANAGER(get_next_job, get_next_job);
MANAGER(submit_job_nocheck, submit_job_nocheck);
MANAGER(flush_job, flush_job);

SAME(sizeof(IMB_STATUS), sizeof(uint32_t));
SAME(sizeof(IMB_CIPHER_MODE), sizeof(uint32_t));
SAME(XT_IMB_CHACHA20_POLY1305_CIPHER, IMB_CIPHER_CHACHA20_POLY1305);
SAME(XT_IMB_CHACHA20_POLY1305_HASH, IMB_AUTH_CHACHA20_POLY1305);
SAME(XT_IMB_ENCRYPT, IMB_DIR_ENCRYPT);
SAME(XT_IMB_DECRYPT, IMB_DIR_DECRYPT);
SAME(XT_IMB_CIPHER_HASH, IMB_ORDER_CIPHER_HASH);
SAME(XT_IMB_HASH_CIPHER, IMB_ORDER_HASH_CIPHER);
SAME(XT_IMB_COMPLETED, IMB_STATUS_COMPLETED);
SAME(XT_IMB_SAFE_DATA, IMB_FEATURE_SAFE_DATA);

#endif
