/* SPDX-License-Identifier: MIT */
/* AEAD by intel-ipsec-mb's jobs, one at a time: no version has a multi-buffer ChaCha20-Poly1305,
 * and a submitted job returns completed. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/pages.h"
#include "crypto/aead_ops.h"
#include "crypto/aead_symbols.h"
#include "crypto/ipsecmb.h"
#include "crypto/nonce.h"

/* The library leaves 1,024 bytes of key stream on the stack, even with SAFE_DATA. */
#define STACK_USED 4096
#define NAME	   "libIPSec_MB" /* for messages */

struct ipsecmb {
	const struct xt_aead_host *host;
	void *library;
	struct xt_imb_manager *manager;
	void *memory;
	size_t size;
};

/* Newest first. */
static const char *const files[] = {"libIPSec_MB.so.2", "libIPSec_MB.so.1"};

static void ipsecmb_free(void *self)
{
	struct ipsecmb *mb = self;

	if (mb->memory != NULL) {
		sodium_memzero(mb->memory, mb->size);
		xt_aligned_free(mb->memory);
	}
	if (mb->library != NULL)
		mb->host->unload(mb->host->ctx, mb->library);
	free(mb);
}

static bool library_load(struct ipsecmb *mb, char *detail)
{
	const struct xt_aead_host *host = mb->host;

	for (size_t i = 0; host->load != NULL && i < XT_LEN(files) && mb->library == NULL; i++)
		mb->library = host->load(host->ctx, files[i]);
	if (mb->library == NULL)
		snprintf(detail, XT_AEAD_DETAIL, NAME " is not installed");
	return mb->library != NULL;
}

/* Functions called once, at start. */
struct exports {
	xt_imb_get_version *get_version;
	xt_imb_get_size *get_size;
	xt_imb_set_pointers *set_pointers;
	xt_imb_init_auto *init_auto;
};
/* The version first: the other symbols depend on it. */
static const struct xt_aead_symbol versions[] = {
    {offsetof(struct exports, get_version), "imb_get_version"},
};
static const struct xt_aead_symbol symbols[] = {
    {offsetof(struct exports, get_size), "imb_get_mb_mgr_size"},
    {offsetof(struct exports, set_pointers), "imb_set_pointers_mb_mgr"},
    {offsetof(struct exports, init_auto), "init_mb_mgr_auto"},
};

static int manager_start(struct ipsecmb *mb, char *detail)
{
	struct exports lib;
	unsigned version;
	int arch;

	if (!xt_aead_symbols(mb->host, mb->library, NAME, &lib, versions, XT_LEN(versions), detail))
		return XT_E_UNSUPPORTED;
	version = lib.get_version();
	if (version < XT_IMB_MIN || version >= XT_IMB_END) {
		snprintf(detail, XT_AEAD_DETAIL, NAME " %u.%u is none of 1.0 to 2.x", version >> 16,
			 version >> 8 & 0xff);
		return XT_E_UNSUPPORTED;
	}
	if (!xt_aead_symbols(mb->host, mb->library, NAME, &lib, symbols, XT_LEN(symbols), detail))
		return XT_E_UNSUPPORTED;
	mb->size = XT_ALIGN_UP(lib.get_size(), 64);
	mb->memory = xt_aligned_new(64, mb->size);
	if (mb->memory == NULL)
		return XT_E_NOMEM;
	mb->manager = lib.set_pointers(mb->memory, 0, 1);
	lib.init_auto(mb->manager, &arch);
	if (mb->manager->error != 0 || mb->manager->submit_job_nocheck == NULL) {
		snprintf(detail, XT_AEAD_DETAIL, NAME " cannot use this processor (%d)",
			 mb->manager->error);
		return XT_E_UNSUPPORTED;
	}
	if ((mb->manager->features & XT_IMB_SAFE_DATA) == 0) {
		snprintf(detail, XT_AEAD_DETAIL, NAME " was built without SAFE_DATA");
		return XT_E_UNSUPPORTED;
	}
	snprintf(detail, XT_AEAD_DETAIL, NAME " %u.%u.%u", version >> 16, version >> 8 & 0xff,
		 version & 0xff);
	return 0;
}

static int ipsecmb_new(void **self, const struct xt_aead_host *host, char *detail)
{
	struct ipsecmb *mb = calloc(1, sizeof(*mb));
	int err;

	if (mb == NULL)
		return XT_E_NOMEM;
	mb->host = host;
	err = library_load(mb, detail) ? manager_start(mb, detail) : XT_E_UNSUPPORTED;
	if (err != 0) {
		ipsecmb_free(mb);
		return err;
	}
	*self = mb;
	return 0;
}

/* false: the library failed, and dst is undefined. */
static bool job_submit(struct xt_imb_manager *manager, const struct xt_job *job, uint32_t direction,
		       uint8_t tag[XT_TAG_LEN])
{
	static const uint8_t no_aad[16]; /* the library requires an address even for 0 bytes */
	struct xt_imb_job *mb = manager->get_next_job(manager), *done;
	uint8_t nonce[XT_NONCE_LEN];

	xt_nonce_of(nonce, job->counter);
	mb->enc_keys = mb->dec_keys = job->key;
	mb->key_len = 32;
	mb->src = job->src;
	mb->dst = job->dst;
	mb->cipher_at = mb->hash_at = 0;
	mb->cipher_len = mb->hash_len = job->len;
	mb->iv = nonce;
	mb->iv_len = XT_NONCE_LEN;
	mb->tag = tag;
	mb->tag_len = XT_TAG_LEN;
	mb->aad = no_aad;
	mb->aad_len = 0;
	mb->sgl = NULL;
	mb->cipher = XT_IMB_CHACHA20_POLY1305_CIPHER;
	mb->hash = XT_IMB_CHACHA20_POLY1305_HASH;
	mb->direction = direction;
	mb->order = direction == XT_IMB_ENCRYPT ? XT_IMB_CIPHER_HASH : XT_IMB_HASH_CIPHER;
	done = manager->submit_job_nocheck(manager);
	/* Jobs may overlap their successors, so each completes before the next. */
	while (done == NULL && (done = manager->flush_job(manager)) == NULL)
		return false;
	return done == mb && done->status == XT_IMB_COMPLETED;
}

static void ipsecmb_seal(void *self, struct xt_job *jobs, size_t n)
{
	struct xt_imb_manager *manager = ((struct ipsecmb *)self)->manager;

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		job->ok = job_submit(manager, job, XT_IMB_ENCRYPT, job->dst + job->len);
		if (!job->ok)
			memset(job->dst, 0, job->len + XT_TAG_LEN);
	}
	sodium_stackzero(STACK_USED);
}

static void ipsecmb_open(void *self, struct xt_job *jobs, size_t n)
{
	struct xt_imb_manager *manager = ((struct ipsecmb *)self)->manager;
	uint8_t tag[XT_TAG_LEN];

	for (size_t i = 0; i < n; i++) {
		struct xt_job *job = &jobs[i];

		job->ok = job_submit(manager, job, XT_IMB_DECRYPT, tag) &&
			  crypto_verify_16(tag, job->src + job->len) == 0;
		if (!job->ok && job->len > 0)
			sodium_memzero(job->dst, job->len);
	}
	/* For a forged message this is the valid tag. */
	sodium_memzero(tag, sizeof(tag));
	sodium_stackzero(STACK_USED);
}

const struct xt_aead_ops xt_aead_ipsecmb = {
    .name = "ipsec-mb",
    .new = ipsecmb_new,
    .free = ipsecmb_free,
    .seal = ipsecmb_seal,
    .open = ipsecmb_open,
};
