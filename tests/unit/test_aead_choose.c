/* SPDX-License-Identifier: MIT */
/* layers: crypto base */
/* The choice of an AEAD backend, with fake libraries and a fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sodium.h>

#include <xtunnel/aead.h>
#include <xtunnel/error.h>

#include "aead_fakes.h"
#include "base/bytes.h"
#include "crypto/aead_once.h"
#include "test_main.h"

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
	/* A BoringSSL that was used stays loaded. */
	assert_int_equal(world.loads, world.unloads + world.starts);
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

static void without_others_libsodium_is_chosen_and_the_reason_given(void **state)
{
	(void)state;
	expect_auto("sodium");
	assert_string_equal(report.candidates[0].name, "sodium");
	assert_true(report.candidates[0].fit);
	for (size_t i = 1; i < XT_AEAD_BACKENDS; i++)
		assert_false(report.candidates[i].fit);
	assert_null(xt_aead_backend(XT_AEAD_BACKENDS));
	assert_non_null(strstr(report.reason, "no boringssl: neither BoringSSL nor AWS-LC is"));
	assert_non_null(strstr(report.reason, "no openssl: libcrypto.so.3 is not installed"));
	assert_non_null(strstr(report.reason, "no ipsec-mb: "));
}

static void without_a_host_nothing_is_looked_for(void **state)
{
	(void)state;
	world.crypto = world.mb = world.boring = true;
	assert_int_equal(xt_aead_choose(&aead, "auto", NULL, &report), 0);
	assert_string_equal(report.name, "sodium");
	for (size_t i = 1; i < XT_AEAD_BACKENDS; i++)
		assert_string_equal(report.candidates[i].detail, "");
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
	assert_int_equal(report.candidates[3].bulk_ns, 950);
	assert_int_equal(report.candidates[3].small_ns, 950);
	assert_string_equal(report.candidates[3].detail, "FakeSSL 3");
}

static void less_than_a_twentieth_faster_does_not_win(void **state)
{
	(void)state;
	world.crypto = true;
	world.packet_ns = 951;
	expect_auto("sodium");
	assert_int_equal(report.candidates[3].bulk_ns, 951);
	assert_true(report.candidates[3].fit);
}

static void the_fastest_of_the_small_ones_wins_and_the_large_one_is_not_loaded(void **state)
{
	(void)state;
	world.crypto = world.boring = world.mb = true;
	world.packet_ns = 1;
	world.mb_ns = 900;
	world.boring_ns = 700;
	expect_auto("boringssl");
	assert_int_equal(report.candidates[2].bulk_ns, 700);
	assert_non_null(strstr(report.reason, "700 ns a packet, sodium 1000"));
	assert_string_equal(report.candidates[3].detail, "");
	assert_int_equal(world.loads, report.candidates[1].fit ? 2 : 1);
	/* The slower one is unloaded. */
	assert_int_equal(world.unloads, world.loads - 1);
}

static void the_later_one_must_beat_the_one_before_by_a_twentieth_too(void **state)
{
	(void)state;
	if (!has_ipsecmb())
		skip();
	xt_aead_free(aead);
	aead = NULL;
	world.boring = true;
	world.mb_ns = 800;
	world.boring_ns = 761;
	expect_auto("ipsec-mb");
	xt_aead_free(aead);
	aead = NULL;
	world.boring_ns = 760;
	expect_auto("boringssl");
}

static void the_large_one_runs_when_no_small_one_beat_libsodium(void **state)
{
	(void)state;
	world.crypto = world.boring = world.mb = true;
	world.packet_ns = 500;
	world.mb_ns = 1200;
	world.boring_ns = 990;
	expect_auto("openssl");
	assert_int_equal(report.candidates[0].bulk_ns, 1000);
	assert_int_equal(report.candidates[2].bulk_ns, 990);
}

static void the_benchmark_ends_in_time(void **state)
{
	(void)state;
	world.crypto = true;
	world.packet_ns = 5 * 1000 * 1000 / ROUND;
	expect_auto("sodium");
	assert_true(world.now < 10 * 1000 * 1000 + 4 * 5 * 1000 * 1000);
}

static void a_benchmark_of_all_takes_at_most_twenty_milliseconds(void **state)
{
	(void)state;
	world.crypto = world.boring = world.mb = true;
	world.packet_ns = world.boring_ns = world.mb_ns = 10 * 1000;
	expect_auto("sodium");
	assert_true(world.now > 10 * 1000 * 1000 && world.now < 20 * 1000 * 1000);
}

static void a_clock_that_stands_still_ends_the_benchmark(void **state)
{
	(void)state;
	world.crypto = true;
	world.still = true;
	expect_auto("sodium");
	assert_true(world.looks < 1000);
}

/* A defect of the fast backend, for which its self-test refuses it. */
static void self_test_finds(bool *defect)
{
	world.crypto = *defect = true;
	world.packet_ns = 1;
	expect_failure("openssl", XT_E_CRYPTO, "openssl: its self-test failed");
	expect_auto("sodium");
}

static void a_backend_that_accepts_forgeries_is_refused(void **state)
{
	(void)state;
	self_test_finds(&world.accepts_forgeries);
}

static void a_backend_wrong_in_large_packets_only_is_refused(void **state)
{
	(void)state;
	self_test_finds(&world.garbles);
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	expect_failure("openssl", XT_E_UNSUPPORTED, "libcrypto.so.3 is not installed");
	world.crypto = true;
	for (size_t i = 0; i < IMB_FAKES; i++) {
		world.without = fakes[i].name;
		expect_failure("openssl", XT_E_UNSUPPORTED, world.without);
	}
	expect_failure("rot13", XT_E_INVALID, "auto, sodium, ipsec-mb, boringssl, openssl");
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
	assert_string_equal(report.reason, "as requested, libIPSec_MB 2.0.2");
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
	for (size_t i = IMB_FAKES; i < BORING_FAKES; i++) {
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

/* LibreSSL lacks the first symbol; OpenSSL under BoringSSL's name lacks nearly all. */
static void a_libcrypto_of_another_implementation_is_unloaded(void **state)
{
	(void)state;
	expect_failure("boringssl", XT_E_UNSUPPORTED, "neither BoringSSL nor AWS-LC is installed");
	world.boring = true;
	for (size_t i = BORING_FAKES; i < XT_LEN(fakes); i++) {
		world.without = fakes[i].name;
		world.loads = world.unloads = 0;
		expect_failure("boringssl", XT_E_UNSUPPORTED, world.without);
		assert_int_equal(world.loads, 2); /* each file name was tried */
		assert_int_equal(world.unloads, 2);
	}
	assert_int_equal(world.starts, 0);
}

static bool forgotten(void)
{
	return sodium_is_zero(world.ctx, 2048);
}

static void a_key_is_set_when_it_changes_and_gone_after_the_batch(void **state)
{
	uint8_t keys[2][32] = {{1}, {2}}, buf[6][64 + XT_TAG_LEN] = {{0}}, want[64 + XT_TAG_LEN];
	static const uint8_t whose[6] = {0, 0, 1, 1, 1, 0}, plain[64];
	struct xt_job jobs[6];

	(void)state;
	world.boring = true;
	assert_int_equal(xt_aead_choose(&aead, "boringssl", &host, &report), 0);
	for (size_t i = 0; i < 6; i++)
		jobs[i] = (struct xt_job){
		    .key = keys[whose[i]], .src = buf[i], .dst = buf[i], .counter = i, .len = 64};
	world.keys = 0;
	xt_aead_seal(aead, jobs, 6);
	assert_int_equal(world.keys, 3);
	assert_true(forgotten());
	for (size_t i = 0; i < 6; i++) {
		xt_aead_once_seal(want, plain, 64, NULL, 0, keys[whose[i]], i);
		assert_memory_equal(buf[i], want, sizeof(want));
	}
	/* Another key at the address of the last batch's. */
	memset(keys, 7, sizeof(keys));
	xt_aead_open(aead, jobs + 5, 1);
	assert_false(jobs[5].ok);
	assert_true(forgotten());
}

static void what_boringssl_refuses_leaves_zeroes_and_not_plaintext(void **state)
{
	static const uint8_t zero[64 + XT_TAG_LEN];
	uint8_t buf[64 + XT_TAG_LEN], key[32] = {1};
	struct xt_job job = {.key = key, .src = buf, .dst = buf, .len = 64, .ok = true};

	(void)state;
	world.boring = true;
	assert_int_equal(xt_aead_choose(&aead, "boringssl", &host, &report), 0);
	world.refuses = true;
	memset(buf, 'x', sizeof(buf));
	xt_aead_seal(aead, &job, 1);
	assert_false(job.ok);
	assert_memory_equal(buf, zero, sizeof(buf));
	memset(buf, 0, sizeof(buf));
	xt_aead_once_seal(buf, "plain", 5, NULL, 0, key, 0);
	job.len = 5;
	job.ok = true;
	xt_aead_open(aead, &job, 1);
	assert_false(job.ok);
	assert_memory_equal(buf, zero, 5);
}

static void a_key_that_was_refused_is_set_again(void **state)
{
	uint8_t buf[2][64 + XT_TAG_LEN] = {{0}}, key[32] = {1}, want[64 + XT_TAG_LEN];
	static const uint8_t plain[64];
	struct xt_job jobs[2];

	(void)state;
	world.boring = true;
	assert_int_equal(xt_aead_choose(&aead, "boringssl", &host, &report), 0);
	for (size_t i = 0; i < 2; i++)
		jobs[i] = (struct xt_job){.key = key, .src = buf[i], .dst = buf[i], .len = 64};
	world.refuses_key = true;
	xt_aead_seal(aead, jobs, 2);
	assert_false(jobs[0].ok);
	assert_true(jobs[1].ok);
	xt_aead_once_seal(want, plain, 64, NULL, 0, key, 0);
	assert_memory_equal(buf[1], want, sizeof(want));
}

#define CHOICE(test) cmocka_unit_test_setup_teardown(test, reset, done)

TEST_MAIN(CHOICE(without_others_libsodium_is_chosen_and_the_reason_given),
	  CHOICE(without_a_host_nothing_is_looked_for), CHOICE(a_twentieth_faster_wins),
	  CHOICE(less_than_a_twentieth_faster_does_not_win),
	  CHOICE(the_fastest_of_the_small_ones_wins_and_the_large_one_is_not_loaded),
	  CHOICE(the_later_one_must_beat_the_one_before_by_a_twentieth_too),
	  CHOICE(the_large_one_runs_when_no_small_one_beat_libsodium),
	  CHOICE(the_benchmark_ends_in_time),
	  CHOICE(a_benchmark_of_all_takes_at_most_twenty_milliseconds),
	  CHOICE(a_clock_that_stands_still_ends_the_benchmark),
	  CHOICE(a_backend_that_accepts_forgeries_is_refused),
	  CHOICE(a_backend_wrong_in_large_packets_only_is_refused),
	  CHOICE(what_is_missing_is_named), CHOICE(ipsecmb_of_another_interface_is_not_touched),
	  CHOICE(ipsecmb_must_clear_its_registers_and_know_the_processor),
	  CHOICE(a_job_that_comes_late_is_waited_for),
	  CHOICE(a_job_that_is_lost_leaves_zeroes_and_not_plaintext),
	  CHOICE(a_libcrypto_of_another_implementation_is_unloaded),
	  CHOICE(a_key_is_set_when_it_changes_and_gone_after_the_batch),
	  CHOICE(a_key_that_was_refused_is_set_again),
	  CHOICE(what_boringssl_refuses_leaves_zeroes_and_not_plaintext))
