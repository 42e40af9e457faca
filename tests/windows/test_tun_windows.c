/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The TUN devices of Windows: Wintun over its double, and a TAP adapter over a recorded table of
 * control calls and the registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net_fake.h"
#include "wintun_double.h"

#include "platform/link.h"
#include "platform/tun.h"
#include "platform/wake.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/tap_device_windows.h"
#include "platform/windows/tap_windows.h"
#include "platform/windows/tun_windows.h"
#include "test_main.h"

static struct xt_batch *batch;
static struct xt_tun *tun;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	tun = NULL;
	return xt_batch_new(&batch, XT_TUN_BATCH, XT_TUN_SLAB);
}

static int teardown(void **state)
{
	(void)state;
	if (tun)
		tun->ops->close(tun);
	xt_batch_free(batch);
	xt_net_replace(NULL);
	xt_tap_system_replace(NULL);
	return 0;
}

static int tun_open(const char *name)
{
	const struct xt_tun_options options = {
	    .name = name, .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX, .offload = true};

	return xt_tun_open(&tun, &options);
}

static struct xt_pkt *packet_add(size_t len, uint8_t fill)
{
	struct xt_pkt *pkt = xt_batch_add(batch, len);

	assert_non_null(pkt);
	memset(pkt->data, fill, len);
	pkt->len = (uint32_t)len;
	return pkt;
}

/* --- Wintun --- */

static void names_are_judged(void **state)
{
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  "a/b",
					  "a\\b",
					  "a b",
					  "a:b",
					  "a%s",
					  "%d",
					  "a%dx",
					  "sixteen-letters!",
					  "sixteenletters12"};

	(void)state;
	for (size_t i = 0; i < XT_LEN(bad); i++)
		assert_int_equal(tun_open(bad[i]), -EINVAL);
	assert_int_equal(xt_tun_remove("wt-absent"), -ENODEV);
	assert_int_equal(xt_tun_remove("a/b"), -EINVAL);
	assert_int_equal(tun_open("wt-name%d"), 0);
	assert_string_equal(tun->name, "wt-name0");
	assert_int_equal(xt_tun_fd(tun), -1);
	assert_false(xt_tun_has_offload(tun));
	assert_int_equal(tun->tx_offloads, 0);
}

static void packets_pass_both_ways(void **state)
{
	struct wintun_end host;
	uint8_t bytes[2000];
	unsigned ifindex;

	(void)state;
	assert_int_equal(tun_open("wt-pass"), 0);
	assert_true(wintun_end_open(&host, L"wt-pass", true));
	assert_int_equal(tun->mtu, XT_LINK_MTU_DEFAULT);
	assert_true(xt_names_find("wt-pass", &ifindex));
	assert_int_equal(ifindex, tun->ifindex);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 0);
	memset(bytes, 7, sizeof(bytes));
	for (uint32_t i = 1; i <= 40; i++)
		assert_true(wintun_host_put(&host, bytes, i * 40));
	/* the budget ends a call, not a packet */
	assert_int_equal(tun->ops->recv(tun, batch, 100), 2);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 38);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(batch->pkts[i].len, (i + 1) * 40);
	xt_batch_reset(batch);
	packet_add(100, 1);
	packet_add(100, 2)->verdict = XT_DROP_MALFORMED;
	packet_add(100, 3)->gso.kind = XT_GSO_TCP4;
	packet_add(1420, 4);
	assert_int_equal(tun->ops->send(tun, batch), 2);
	assert_int_equal(batch->pkts[2].verdict, XT_DROP_TUN);
	assert_int_equal(wintun_host_take(&host, bytes, sizeof(bytes)), 100);
	assert_int_equal(bytes[0], 1);
	assert_int_equal(wintun_host_take(&host, bytes, sizeof(bytes)), 1420);
	assert_int_equal(bytes[1419], 4);
	assert_int_equal(wintun_host_take(&host, bytes, sizeof(bytes)), 0);
	wintun_end_close(&host);
}

static void a_full_ring_drops_with_its_verdict(void **state)
{
	struct wintun_end host;
	static uint8_t bytes[65536];
	uint32_t written = 0, taken = 0;

	(void)state;
	assert_int_equal(tun_open("wt-full"), 0);
	assert_true(wintun_end_open(&host, L"wt-full", true));
	for (int i = 0; i < 100; i++) {
		uint32_t passed = 0;
		int n;

		xt_batch_reset(batch);
		packet_add(65535, (uint8_t)i);
		n = tun->ops->send(tun, batch);
		assert_true(n >= 0);
		passed = batch->pkts[0].verdict == XT_PASS;
		assert_int_equal(passed, n);
		if (!passed)
			assert_int_equal(batch->pkts[0].verdict, XT_DROP_TUN);
		written += passed;
	}
	assert_true(written > 50 && written < 70); /* of 4 MiB */
	while (wintun_host_take(&host, bytes, sizeof(bytes)) == 65535)
		assert_int_equal(bytes[9], taken++);
	assert_int_equal(taken, written);
	xt_batch_reset(batch);
	packet_add(10, 1);
	assert_int_equal(tun->ops->send(tun, batch), 1);
	wintun_end_close(&host);
}

static void an_adapter_that_ends_is_gone(void **state)
{
	struct wintun_end host;

	(void)state;
	assert_int_equal(tun_open("wt-gone"), 0);
	assert_true(wintun_end_open(&host, L"wt-gone", true));
	wintun_host_unplug(&host);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), -ENODEV);
	packet_add(10, 1);
	assert_int_equal(tun->ops->send(tun, batch), -ENODEV);
	wintun_end_close(&host);
}

/* --- a TAP adapter --- */

#define BUSY   "{00000000-0000-0000-0000-00000000b05e}"
#define FREE   "{11111111-2222-3333-4444-555555555555}"
#define OTHER  "{99999999-2222-3333-4444-555555555555}"
#define DEVICE ((HANDLE)(uintptr_t)0x1230)

/* What the adapter was asked, as lines; the read that it has; what it was given. */
static struct {
	char log[2048];
	uint32_t version;
	bool pending; /* control calls end later */
	OVERLAPPED *read;
	uint8_t *read_bytes;
	DWORD read_len; /* above 0: the read is over */
	DWORD error;	/* of reads */
	uint8_t written[4][2048];
	DWORD written_len[4];
	unsigned n_written;
	DWORD last;
} tap;

static void tap_note(const char *format, ...)
{
	size_t used = strlen(tap.log);
	va_list args;

	va_start(args, format);
	vsnprintf(tap.log + used, sizeof(tap.log) - used, format, args);
	va_end(args);
}

static HANDLE tap_open(const wchar_t *path)
{
	tap_note("open %ls\n", path);
	if (wcsstr(path, L"b05e")) {
		SetLastError(ERROR_GEN_FAILURE);
		return INVALID_HANDLE_VALUE;
	}
	return DEVICE;
}

static BOOL tap_control(HANDLE device, DWORD code, void *in, DWORD in_len, void *out, DWORD out_len,
			DWORD *len, OVERLAPPED *overlapped)
{
	const uint8_t *bytes = in;

	assert_ptr_equal(device, DEVICE);
	assert_non_null(overlapped->hEvent);
	tap_note("%06lx", code);
	for (DWORD i = 0; i < in_len && code != XT_TAP_GET_VERSION && code != XT_TAP_GET_MTU; i++)
		tap_note(" %02x", bytes[i]);
	tap_note("\n");
	if (code == XT_TAP_GET_VERSION)
		memcpy(out, (uint32_t[]){tap.version, 24, 7}, 12);
	if (code == XT_TAP_GET_MTU)
		memcpy(out, (uint32_t[]){1500}, 4);
	*len = tap.last = out_len;
	if (tap.pending) {
		*len = 0;
		SetLastError(ERROR_IO_PENDING);
	}
	return !tap.pending;
}

static BOOL tap_read(HANDLE device, void *bytes, DWORD len, OVERLAPPED *overlapped)
{
	(void)device;
	assert_null(tap.read);
	assert_true(len >= 1500);
	tap.read = overlapped;
	tap.read_bytes = bytes;
	SetLastError(ERROR_IO_PENDING);
	return FALSE;
}

static BOOL tap_write(HANDLE device, const void *bytes, DWORD len, OVERLAPPED *overlapped)
{
	(void)device;
	(void)overlapped;
	if (tap.n_written < 4) {
		memcpy(tap.written[tap.n_written], bytes, len);
		tap.written_len[tap.n_written] = len;
	}
	tap.n_written++;
	SetLastError(ERROR_IO_PENDING);
	return FALSE;
}

/* Control calls end when they are waited for; writes never do; reads as the test says. */
static BOOL tap_result(HANDLE device, OVERLAPPED *overlapped, DWORD *len, BOOL wait)
{
	(void)device;
	if (overlapped == tap.read && tap.read_len > 0) {
		*len = tap.read_len;
		tap.read_len = 0;
		tap.read = NULL;
		return TRUE;
	}
	if (overlapped == tap.read && tap.error) {
		tap.read = NULL;
		SetLastError(tap.error);
		return FALSE;
	}
	*len = tap.last;
	if (wait)
		return TRUE;
	SetLastError(ERROR_IO_INCOMPLETE);
	return FALSE;
}

static BOOL tap_cancel(HANDLE device, OVERLAPPED *overlapped)
{
	(void)device;
	if (overlapped == tap.read)
		tap_note("cancel\n");
	return TRUE;
}

static BOOL tap_close(HANDLE device)
{
	(void)device;
	tap_note("close\n");
	return TRUE;
}

static const struct xt_tap_system recorded = {tap_open,	  tap_control, tap_read, tap_write,
					      tap_result, tap_cancel,  tap_close};

static bool value_put(const char *path, const char *name, const char *value)
{
	char full[512];

	snprintf(full, sizeof(full), "%s", path);
	return RegSetKeyValueA(HKEY_LOCAL_MACHINE, full, name, REG_SZ, value,
			       (DWORD)strlen(value) + 1) == ERROR_SUCCESS;
}

/* Registers an adapter under a number that no other one has. */
static bool adapter_put(unsigned number, const char *component, const char *guid, const char *name)
{
	char path[512];
	bool ok;

	snprintf(path, sizeof(path), XT_TAP_ADAPTERS "\\%04u", number);
	ok = value_put(path, "ComponentId", component) && value_put(path, "NetCfgInstanceId", guid);
	snprintf(path, sizeof(path), XT_TAP_CONNECTIONS "\\%s\\Connection", guid);
	return ok && value_put(path, "Name", name);
}

static void adapters_remove(void)
{
	static const char *const guids[] = {BUSY, FREE, OTHER};
	char path[512];

	for (unsigned i = 7901; i <= 7906; i++) {
		snprintf(path, sizeof(path), XT_TAP_ADAPTERS "\\%04u", i);
		RegDeleteTreeA(HKEY_LOCAL_MACHINE, path);
	}
	for (size_t i = 0; i < XT_LEN(guids); i++) {
		snprintf(path, sizeof(path), XT_TAP_CONNECTIONS "\\%s", guids[i]);
		RegDeleteTreeA(HKEY_LOCAL_MACHINE, path);
	}
}

static int tap_setup(void **state)
{
	memset(&tap, 0, sizeof(tap));
	tap.version = 9;
	if (setup(state) != 0)
		return -1;
	fake_interface_put("Busy one", 31, 1500, 10);
	fake_interface_put("Ethernet 2", 32, 1500, 10);
	fake_interface_put("tap7", 33, 1500, 10);
	xt_tap_system_replace(&recorded);
	adapters_remove();
	return 0;
}

static int tap_teardown(void **state)
{
	teardown(state);
	adapters_remove();
	return 0;
}

static void adapters_put(void)
{
	if (!adapter_put(7901, "pci\\ven_8086", OTHER, "Ethernet"))
		skip(); /* the registry is an administrator's */
	assert_true(adapter_put(7902, "tap0801", "not a guid", "nothing"));
	assert_true(adapter_put(7903, "TAP0901", BUSY, "Busy one"));
	assert_true(adapter_put(7904, "root\\tap0901", FREE, "Ethernet 2"));
}

static void the_first_free_adapter_becomes_a_tun_device(void **state)
{
	(void)state;
	adapters_put();
	assert_int_equal(xt_tun_tap_open(&tun, "wg7"), 0);
	assert_string_equal(tap.log, "open \\\\.\\Global\\" BUSY ".tap\n"
				     "open \\\\.\\Global\\" FREE ".tap\n"
				     "220008\n"
				     "220028 00 00 00 00 00 00 00 00 00 00 00 00\n"
				     "22000c\n"
				     "220018 01 00 00 00\n");
	assert_string_equal(tun->name, "wg7");
	assert_int_equal(tun->ifindex, 32);
	assert_int_equal(tun->mtu, 1500);
	tap.log[0] = '\0';
	assert_int_equal(xt_tap_address_set(32, &(struct xt_ip){4, {10, 7, 0, 2}}), 0);
	assert_int_equal(xt_tap_address_set(31, &(struct xt_ip){4, {10, 7, 0, 3}}), 0);
	assert_string_equal(tap.log, "220028 0a 07 00 02 00 00 00 00 00 00 00 00\n");
	tap.log[0] = '\0';
	tun->ops->close(tun);
	tun = NULL;
	assert_string_equal(tap.log, "220018 00 00 00 00\nclose\n");
}

static void an_adapter_of_the_name_is_taken_first(void **state)
{
	(void)state;
	adapters_put();
	assert_true(adapter_put(7905, "tap0901", OTHER, "tap7"));
	tap.pending = true; /* and control calls that end later */
	assert_int_equal(xt_tun_tap_open(&tun, "tap7"), 0);
	assert_null(strstr(tap.log, FREE));
	assert_non_null(strstr(tap.log, OTHER));
	assert_int_equal(tun->ifindex, 33);
}

static void what_cannot_be_used_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(xt_tun_tap_open(&tun, "wg7"), -ENOENT);
	adapters_put();
	tap.version = 7;
	assert_int_equal(xt_tun_tap_open(&tun, "wg7"), -EOPNOTSUPP);
	assert_non_null(strstr(tap.log, "close\n"));
	assert_int_equal(xt_tun_tap_open(&tun, "Busy one"), -EBUSY);
	tun = NULL;
}

static void packets_are_read_and_written_without_a_wait(void **state)
{
	(void)state;
	adapters_put();
	assert_int_equal(xt_tun_tap_open(&tun, "wg7"), 0);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 0);
	assert_non_null(tap.read);
	memset(tap.read_bytes, 5, 60);
	tap.read_len = 60;
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 1);
	assert_int_equal(batch->pkts[0].len, 60);
	assert_int_equal(batch->pkts[0].data[59], 5);
	assert_non_null(tap.read); /* the next one is pending */
	xt_batch_reset(batch);
	packet_add(100, 8);
	packet_add(4000, 9); /* larger than any MTU of the driver */
	assert_int_equal(tun->ops->send(tun, batch), 1);
	assert_int_equal(batch->pkts[1].verdict, XT_DROP_TUN);
	assert_int_equal(tap.written_len[0], 100);
	assert_int_equal(tap.written[0][99], 8);
	/* none of the writes ends: what finds no slot is dropped */
	for (int i = 0; i < 100; i++) {
		xt_batch_reset(batch);
		packet_add(100, 1);
		assert_true(tun->ops->send(tun, batch) >= 0);
	}
	assert_int_equal(batch->pkts[0].verdict, XT_DROP_TUN);
	assert_int_equal(tap.n_written, 64);
	tap.error = ERROR_OPERATION_ABORTED;
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), -ENODEV);
}

#define TEST(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TAP_TEST(name) cmocka_unit_test_setup_teardown(name, tap_setup, tap_teardown)
TEST_MAIN(TEST(names_are_judged), TEST(packets_pass_both_ways),
	  TEST(a_full_ring_drops_with_its_verdict), TEST(an_adapter_that_ends_is_gone),
	  TAP_TEST(the_first_free_adapter_becomes_a_tun_device),
	  TAP_TEST(an_adapter_of_the_name_is_taken_first),
	  TAP_TEST(what_cannot_be_used_is_told_apart),
	  TAP_TEST(packets_are_read_and_written_without_a_wait))
