/* SPDX-License-Identifier: MIT */
/* Fake libraries, loader and clock for the choice of an AEAD backend. */
#ifndef XT_TESTS_AEAD_FAKES_H
#define XT_TESTS_AEAD_FAKES_H

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <xtunnel/aead.h>

#include "base/bytes.h"
#include "crypto/ipsecmb.h"

#define ROUND (2 * 16) /* packets between two readings of the clock */

/* Behaviour of the fake libraries, and what the test observed. */
static struct {
	const char *without;		 /* a symbol that is missing */
	bool crypto, mb, boring;	 /* libraries that are installed */
	bool accepts_forgeries, garbles; /* libcrypto */
	unsigned version;		 /* libIPSec_MB */
	uint64_t features;
	int error;
	bool late, lost;    /* jobs return by flush, or never */
	bool refuses;	    /* BoringSSL, all */
	bool refuses_key;   /* the next one, once */
	uint64_t packet_ns; /* libcrypto's; libsodium's and all others': 1,000 */
	uint64_t mb_ns, boring_ns;
	bool still;	    /* the clock stands still */
	uint64_t now, step; /* of the clock */
	unsigned loads, unloads, looks, symbols;
	unsigned starts, keys; /* of BoringSSL */
	const uint8_t *ctx;
} world;

static uint64_t fake_now(void *ctx)
{
	(void)ctx;
	world.looks++;
	if (!world.still)
		world.now += world.step;
	world.step = 1000 * ROUND;
	return world.now;
}

/* A libcrypto made of libsodium. */
struct ctx {
	uint8_t key[32], nonce[12], tag[16], plain[9000];
	int len, encrypt;
};

static int fake_init_crypto(uint64_t options, const void *settings)
{
	assert_true(options & 0x80); /* reads no configuration file */
	assert_null(settings);
	return 1;
}

static const char *fake_version(int what)
{
	(void)what;
	return "FakeSSL 3";
}

static void *fake_fetch(void *context, const char *name, const char *properties)
{
	static char cipher;

	(void)context;
	(void)properties;
	assert_string_equal(name, "ChaCha20-Poly1305");
	return &cipher;
}

static void fake_nothing(void *what)
{
	(void)what;
}

static void *fake_ctx_new(void)
{
	return calloc(1, sizeof(struct ctx));
}

static void fake_ctx_free(void *ctx)
{
	free(ctx);
}

static int fake_ctrl(struct ctx *ctx, int type, int number, void *bytes)
{
	assert_int_equal(number, 16);
	if (type == 0x10)
		memcpy(bytes, ctx->tag, 16);
	else
		memcpy(ctx->tag, bytes, 16);
	return 1;
}

static int fake_init(struct ctx *ctx, const void *cipher, void *engine, const uint8_t *key,
		     const uint8_t *iv, int encrypt)
{
	(void)cipher;
	(void)engine;
	memcpy(ctx->key, key, 32);
	memcpy(ctx->nonce, iv, 12);
	ctx->len = 0;
	ctx->encrypt = encrypt;
	return 1;
}

static int fake_update(struct ctx *ctx, uint8_t *out, int *out_len, const uint8_t *in, int len)
{
	*out_len = ctx->len = len;
	if (ctx->encrypt)
		memcpy(ctx->plain, in, (size_t)len);
	crypto_stream_chacha20_ietf_xor_ic(out, in, (unsigned)len, ctx->nonce, 1, ctx->key);
	if (!ctx->encrypt)
		memcpy(ctx->plain, out, (size_t)len);
	if (world.garbles && len > 1000)
		out[len - 1] ^= 1;
	world.step = world.packet_ns * ROUND;
	return 1;
}

static int fake_final(struct ctx *ctx, uint8_t *out, int *out_len)
{
	uint8_t sealed[sizeof(ctx->plain) + XT_TAG_LEN];

	(void)out;
	*out_len = 0;
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, ctx->plain, (unsigned)ctx->len,
						  NULL, 0, NULL, ctx->nonce, ctx->key);
	if (!ctx->encrypt)
		return world.accepts_forgeries || memcmp(sealed + ctx->len, ctx->tag, 16) == 0;
	memcpy(ctx->tag, sealed + ctx->len, 16);
	return 1;
}

/* An ipsec-mb made of libsodium. */
static struct xt_imb_job the_job;

static unsigned fake_imb_version(void)
{
	return world.version;
}

static size_t fake_imb_size(void)
{
	return sizeof(struct xt_imb_manager) + 5;
}

static struct xt_imb_manager *fake_imb_pointers(void *memory, uint64_t flags, unsigned reset)
{
	assert_int_equal((uintptr_t)memory % 64, 0);
	assert_int_equal(flags, 0);
	assert_int_equal(reset, 1);
	return memory;
}

static struct xt_imb_job *fake_get_next(struct xt_imb_manager *manager)
{
	(void)manager;
	return &the_job;
}

static struct xt_imb_job *fake_flush(struct xt_imb_manager *manager)
{
	(void)manager;
	return world.lost ? NULL : &the_job;
}

static struct xt_imb_job *fake_submit(struct xt_imb_manager *manager)
{
	uint8_t sealed[9000 + XT_TAG_LEN], *at = the_job.dst;
	const size_t len = (size_t)the_job.cipher_len;

	(void)manager;
	if (world.mb_ns != 0)
		world.step = world.mb_ns * ROUND;
	assert_non_null(the_job.aad);
	assert_int_equal(the_job.iv_len, 12);
	if (the_job.direction == XT_IMB_DECRYPT) {
		crypto_stream_chacha20_ietf_xor_ic(at, the_job.src, len, the_job.iv, 1,
						   the_job.dec_keys);
		crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, at, len, NULL, 0, NULL,
							  the_job.iv, the_job.dec_keys);
	} else {
		crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, the_job.src, len, NULL, 0,
							  NULL, the_job.iv, the_job.enc_keys);
		memcpy(at, sealed, len);
	}
	memcpy(the_job.tag, sealed + len, XT_TAG_LEN);
	the_job.status = XT_IMB_COMPLETED;
	return world.late || world.lost ? NULL : &the_job;
}

static void fake_imb_init(struct xt_imb_manager *manager, int *arch)
{
	*arch = 0;
	manager->features = world.features;
	manager->error = world.error;
	manager->get_next_job = fake_get_next;
	manager->submit_job_nocheck = fake_submit;
	manager->flush_job = fake_flush;
}

/* A BoringSSL made of libsodium; the first 32 bytes of a context are the key. */
static const void *fake_chacha20_poly1305(void)
{
	world.starts++;
	return &world;
}

static void fake_ctx_zero(uint8_t *ctx)
{
	assert_int_equal((uintptr_t)ctx % 64, 0);
	world.ctx = ctx;
}

static int fake_ctx_init(uint8_t *ctx, const void *made, const uint8_t *key, size_t key_len,
			 size_t tag_len, void *engine)
{
	assert_ptr_equal(made, &world);
	assert_int_equal(key_len, 32);
	assert_int_equal(tag_len, XT_TAG_LEN);
	assert_null(engine);
	world.keys++;
	if (world.refuses_key) {
		world.refuses_key = false;
		return 0;
	}
	memcpy(ctx, key, 32);
	return 1;
}

static int fake_ctx_seal(const uint8_t *ctx, uint8_t *out, size_t *out_len, size_t out_max,
			 const uint8_t *nonce, size_t nonce_len, const uint8_t *in, size_t len,
			 const uint8_t *aad, size_t aad_len)
{
	assert_true(out_max >= len + XT_TAG_LEN && nonce_len == 12);
	assert_true(aad == NULL && aad_len == 0);
	if (world.boring_ns != 0)
		world.step = world.boring_ns * ROUND;
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, NULL, 0, NULL, nonce, ctx);
	*out_len = len + XT_TAG_LEN;
	return !world.refuses;
}

static int fake_ctx_open(const uint8_t *ctx, uint8_t *out, size_t *out_len, size_t out_max,
			 const uint8_t *nonce, size_t nonce_len, const uint8_t *in, size_t len,
			 const uint8_t *aad, size_t aad_len)
{
	assert_true(out_max + XT_TAG_LEN >= len && nonce_len == 12);
	assert_true(aad == NULL && aad_len == 0);
	*out_len = len - XT_TAG_LEN;
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, NULL, 0, nonce,
							 ctx) == 0 &&
	       !world.refuses;
}

#define FAKE(name, function)                                                                       \
	{                                                                                          \
		name, (void (*)(void))(function)                                                   \
	}
static const struct {
	const char *name;
	void (*address)(void);
} fakes[] = {
    FAKE("OPENSSL_init_crypto", fake_init_crypto),
    FAKE("OpenSSL_version", fake_version),
    FAKE("EVP_CIPHER_fetch", fake_fetch),
    FAKE("EVP_CIPHER_free", fake_nothing),
    FAKE("EVP_CIPHER_CTX_new", fake_ctx_new),
    FAKE("EVP_CIPHER_CTX_free", fake_ctx_free),
    FAKE("EVP_CIPHER_CTX_ctrl", fake_ctrl),
    FAKE("EVP_CipherInit_ex", fake_init),
    FAKE("EVP_CipherUpdate", fake_update),
    FAKE("EVP_CipherFinal_ex", fake_final),
    FAKE("imb_get_version", fake_imb_version),
    FAKE("imb_get_mb_mgr_size", fake_imb_size),
    FAKE("imb_set_pointers_mb_mgr", fake_imb_pointers),
    FAKE("init_mb_mgr_auto", fake_imb_init),
    FAKE("EVP_AEAD_CTX_zero", fake_ctx_zero),
    FAKE("EVP_aead_chacha20_poly1305", fake_chacha20_poly1305),
    FAKE("EVP_AEAD_CTX_init", fake_ctx_init),
    FAKE("EVP_AEAD_CTX_cleanup", fake_nothing),
    FAKE("EVP_AEAD_CTX_seal", fake_ctx_seal),
    FAKE("EVP_AEAD_CTX_open", fake_ctx_open),
};
enum { IMB_FAKES = 10, BORING_FAKES = 14 };

static bool is_there(const char *file)
{
	if (strcmp(file, "libcrypto.so.3") == 0)
		return world.crypto;
	return strstr(file, "libcrypto") != NULL ? world.boring : world.mb;
}

static void *fake_load(void *ctx, const char *file)
{
	(void)ctx;
	if (!is_there(file))
		return NULL;
	world.loads++;
	return &world;
}

static void *fake_symbol(void *ctx, void *library, const char *name)
{
	void *address = NULL;

	(void)ctx;
	assert_ptr_equal(library, &world);
	world.symbols++;
	for (size_t i = 0; i < XT_LEN(fakes); i++) {
		if (strcmp(name, fakes[i].name) == 0)
			memcpy(&address, &fakes[i].address, sizeof(address));
	}
	assert_non_null(address);
	return world.without != NULL && strcmp(name, world.without) == 0 ? NULL : address;
}

static void fake_unload(void *ctx, void *library)
{
	(void)ctx;
	(void)library;
	world.unloads++;
}

static const struct xt_aead_host host = {
    .now = fake_now, .load = fake_load, .symbol = fake_symbol, .unload = fake_unload};

#endif
