/* layers: crypto base */
/* The choice of an AEAD backend, with libraries and a clock that the test makes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sodium.h>

#include <xtunnel/aead.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "crypto/aead_once.h"
#include "crypto/ipsecmb.h"
#include "crypto/nonce.h"

#define ROUND (2 * 16) /* packets between two looks at the clock */

/* What the made-up libraries do, and what was seen of them. */
static struct {
	const char *without;	       /* a symbol that is missing */
	bool crypto, mb;	       /* libraries that are there */
	bool takes_forgeries, garbles; /* libcrypto */
	unsigned version;	       /* libIPSec_MB */
	uint64_t features;
	int error;
	bool late, lost;    /* jobs come back by flush, or never */
	uint64_t packet_ns; /* libcrypto's; libsodium's are 1,000 */
	bool stands;	    /* the clock does */
	uint64_t now, step; /* of the clock */
	unsigned loads, unloads, looks, symbols;
} world;

static uint64_t fake_now(void *ctx)
{
	(void)ctx;
	world.looks++;
	if (!world.stands)
		world.now += world.step;
	world.step = 1000 * ROUND;
	return world.now;
}

/* A libcrypto of libsodium's parts. */
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
		return world.takes_forgeries || memcmp(sealed + ctx->len, ctx->tag, 16) == 0;
	memcpy(ctx->tag, sealed + ctx->len, 16);
	return 1;
}

/* An ipsec-mb of libsodium's parts. */
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
	const size_t len = the_job.cipher_len;

	(void)manager;
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
};

static void *fake_load(void *ctx, const char *file)
{
	(void)ctx;
	if (!(strstr(file, "libcrypto") ? world.crypto : world.mb))
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
static struct xt_aead *aead;
static struct xt_aead_report report;

static int reset(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.packet_ns = 1000;
	world.version = 0x10300;
	world.features = XT_IMB_SAFE_DATA;
	aead = NULL;
	return 0;
}

static int done(void **state)
{
	(void)state;
	xt_aead_free(aead);
	assert_int_equal(world.loads, world.unloads);
	return 0;
}

static void expect_auto(const char *name)
{
	assert_int_equal(xt_aead_choose(&aead, NULL, &host, &report), 0);
	assert_string_equal(xt_aead_name(aead), name);
	assert_string_equal(report.name, name);
}

static void expect_failure(const char *name, int error, const char *reason)
{
	assert_int_equal(xt_aead_choose(&aead, name, &host, &report), error);
	assert_null(aead);
	assert_null(report.name);
	if (strstr(report.reason, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", report.reason, reason);
}

static bool has_ipsecmb(void)
{
	world.mb = true;
	if (xt_aead_choose(&aead, "ipsec-mb", &host, &report) == 0)
		return true;
	assert_non_null(strstr(report.reason, "left out of this build"));
	return false;
}

static void alone_libsodium_serves_and_says_why(void **state)
{
	(void)state;
	expect_auto("sodium");
	assert_string_equal(report.candidates[0].name, "sodium");
	assert_true(report.candidates[0].fit);
	assert_false(report.candidates[1].fit || report.candidates[2].fit);
	assert_non_null(strstr(report.reason, "no openssl: libcrypto.so.3 is not installed"));
	assert_non_null(strstr(report.reason, "no ipsec-mb: "));
}

static void without_a_host_nothing_is_looked_for(void **state)
{
	(void)state;
	world.crypto = world.mb = true;
	assert_int_equal(xt_aead_choose(&aead, "auto", NULL, &report), 0);
	assert_string_equal(report.name, "sodium");
	assert_string_equal(report.candidates[2].detail, "");
	assert_int_equal(world.loads + world.symbols + world.looks, 0);
}

static void a_twentieth_faster_wins(void **state)
{
	(void)state;
	world.crypto = true;
	world.packet_ns = 950;
	expect_auto("openssl");
	assert_string_equal(report.reason + strcspn(report.reason, ","),
			    strstr(report.reason, ", sodium 1000"));
	assert_int_equal(report.candidates[2].bulk_ns, 950);
	assert_int_equal(report.candidates[2].small_ns, 950);
	assert_string_equal(report.candidates[2].detail, "FakeSSL 3");
}

static void less_than_a_twentieth_does_not(void **state)
{
	(void)state;
	world.crypto = true;
	world.packet_ns = 951;
	expect_auto("sodium");
	assert_int_equal(report.candidates[2].bulk_ns, 951);
	assert_true(report.candidates[2].fit);
}

static void the_race_is_over_in_time(void **state)
{
	(void)state;
	world.crypto = true;
	world.packet_ns = 5 * 1000 * 1000 / ROUND;
	expect_auto("sodium");
	assert_true(world.now < 10 * 1000 * 1000 + 4 * 5 * 1000 * 1000);
}

static void a_clock_that_stands_ends_the_race_too(void **state)
{
	(void)state;
	world.crypto = true;
	world.stands = true;
	expect_auto("sodium");
	assert_true(world.looks < 1000);
}

static void who_takes_forgeries_is_refused(void **state)
{
	(void)state;
	world.crypto = world.takes_forgeries = true;
	world.packet_ns = 1;
	expect_failure("openssl", XT_E_CRYPTO, "openssl: its self-test failed");
	expect_auto("sodium");
}

static void who_errs_in_large_packets_only_is_refused(void **state)
{
	(void)state;
	world.crypto = world.garbles = true;
	world.packet_ns = 1;
	expect_failure("openssl", XT_E_CRYPTO, "openssl: its self-test failed");
	expect_auto("sodium");
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	expect_failure("openssl", XT_E_UNSUPPORTED, "libcrypto.so.3 is not installed");
	world.crypto = true;
	for (size_t i = 0; i < 10; i++) {
		world.without = fakes[i].name;
		expect_failure("openssl", XT_E_UNSUPPORTED, world.without);
	}
	expect_failure("rot13", XT_E_INVALID, "auto, sodium, ipsec-mb, openssl");
	expect_failure("", XT_E_INVALID, "no such backend");
}

static void ipsecmb_of_another_interface_is_not_touched(void **state)
{
	static const unsigned versions[] = {0, 0x3700, 0xffff, 0x30000, 0x40102};

	(void)state;
	if (!has_ipsecmb())
		skip();
	xt_aead_free(aead);
	aead = NULL;
	for (size_t i = 0; i < XT_LEN(versions); i++) {
		world.symbols = 0;
		world.version = versions[i];
		expect_failure("ipsec-mb", XT_E_UNSUPPORTED, "is none of 1.0 to 2.x");
		assert_int_equal(world.symbols, 1);
	}
	world.version = 0x20002;
	assert_int_equal(xt_aead_choose(&aead, "ipsec-mb", &host, &report), 0);
	assert_string_equal(report.reason, "as asked for, libIPSec_MB 2.0.2");
}

static void ipsecmb_must_clear_its_registers_and_know_the_processor(void **state)
{
	(void)state;
	if (!has_ipsecmb())
		skip();
	xt_aead_free(aead);
	aead = NULL;
	world.features = ~XT_IMB_SAFE_DATA;
	expect_failure("ipsec-mb", XT_E_UNSUPPORTED, "without SAFE_DATA");
	world.features = XT_IMB_SAFE_DATA;
	world.error = 2045;
	expect_failure("ipsec-mb", XT_E_UNSUPPORTED, "cannot use this processor (2045)");
	world.error = 0;
	for (size_t i = 10; i < XT_LEN(fakes); i++) {
		world.without = fakes[i].name;
		expect_failure("ipsec-mb", XT_E_UNSUPPORTED, world.without);
	}
}

static void a_job_that_comes_late_is_waited_for(void **state)
{
	(void)state;
	world.late = true;
	if (!has_ipsecmb())
		skip();
	assert_string_equal(xt_aead_name(aead), "ipsec-mb");
}

static void a_job_that_is_lost_leaves_zeroes_and_not_plaintext(void **state)
{
	static const uint8_t zero[64 + XT_TAG_LEN];
	uint8_t buf[64 + XT_TAG_LEN], key[32] = {1};
	struct xt_job job = {.key = key, .src = buf, .dst = buf, .len = 64, .ok = true};

	(void)state;
	if (!has_ipsecmb())
		skip();
	world.lost = true;
	memset(buf, 'x', sizeof(buf));
	xt_aead_seal(aead, &job, 1);
	assert_false(job.ok);
	assert_memory_equal(buf, zero, sizeof(buf));
	memset(buf, 'x', sizeof(buf));
	job.ok = true;
	xt_aead_open(aead, &job, 1);
	assert_false(job.ok);
	assert_memory_equal(buf, zero, 64);
}

#define CHOICE(test) cmocka_unit_test_setup_teardown(test, reset, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CHOICE(alone_libsodium_serves_and_says_why),
	    CHOICE(without_a_host_nothing_is_looked_for),
	    CHOICE(a_twentieth_faster_wins),
	    CHOICE(less_than_a_twentieth_does_not),
	    CHOICE(the_race_is_over_in_time),
	    CHOICE(a_clock_that_stands_ends_the_race_too),
	    CHOICE(who_takes_forgeries_is_refused),
	    CHOICE(who_errs_in_large_packets_only_is_refused),
	    CHOICE(what_is_missing_is_named),
	    CHOICE(ipsecmb_of_another_interface_is_not_touched),
	    CHOICE(ipsecmb_must_clear_its_registers_and_know_the_processor),
	    CHOICE(a_job_that_comes_late_is_waited_for),
	    CHOICE(a_job_that_is_lost_leaves_zeroes_and_not_plaintext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
