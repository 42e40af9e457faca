/* SPDX-License-Identifier: MIT */
/* The TUN devices of macOS (utun), FreeBSD and OpenBSD (/dev/tunN), over a kernel of the tests.
 * Built once for each system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "bsd/plans.h"
#include "platform/bsd/abi.h"
#include "platform/wake.h"
#include "test_main.h"

#define DARWIN	(strcmp(XT_TESTS_SYSTEM, "darwin") == 0)
#define FREEBSD (strcmp(XT_TESTS_SYSTEM, "freebsd") == 0)
#define PREFIX	(DARWIN ? "utun" : "tun")

static int setup(void **state)
{
	(void)state;
	kernel_reset();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return (int)kernel_open_count();
}

static int tun_open(struct xt_tun **out, const char *name)
{
	const struct xt_tun_options options = {
	    .name = name, .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};

	return xt_tun_open(out, &options);
}

static void a_number_is_taken_or_chosen(void **state)
{
	struct xt_tun *given, *first, *second, *none = NULL;
	char name[20];

	(void)state;
	snprintf(name, sizeof(name), "%s0", PREFIX);
	assert_int_equal(tun_open(&given, name), 0);
	assert_string_equal(given->name, name);
	assert_int_equal(given->mtu, 1500);
	assert_true(given->ifindex > 0);
	assert_int_equal(tun_open(&none, name), -EBUSY);
	assert_int_equal(tun_open(&first, PREFIX), 0);
	assert_int_equal(tun_open(&second, PREFIX), 0);
	snprintf(name, sizeof(name), "%s1", PREFIX);
	assert_string_equal(first->name, name);
	snprintf(name, sizeof(name), "%s2", PREFIX);
	assert_string_equal(second->name, name);
	second->ops->close(second);
	first->ops->close(first);
	given->ops->close(given);
}

static void other_names_are_refused_where_links_keep_theirs(void **state)
{
	static const char *const bad[] = {"",	    "utun07",	       "tun07",
					  "utun-1", "utun99999999999", "tunx",
					  "utun1 ", "../tun1",	       "a-name-that-is-too-long"};
	struct xt_tun *tun = NULL;

	(void)state;
	for (size_t i = 0; i < XT_LEN(bad); i++) {
		int rc = tun_open(&tun, bad[i]);

		if (rc == 0) /* FreeBSD gives a link any name */
			tun->ops->close(tun);
		if (rc == 0 ? !FREEBSD : rc != -EINVAL)
			fail_msg("\"%s\": %d", bad[i], rc);
	}
	if (!FREEBSD) {
		assert_int_equal(tun_open(&tun, "wg0"), -EINVAL);
		return;
	}
	assert_int_equal(tun_open(&tun, "wg0"), 0);
	assert_string_equal(tun->name, "wg0");
	tun->ops->close(tun);
	assert_int_equal(tun_open(&tun, "en0"), -EBUSY);
}

static void an_owner_is_refused(void **state)
{
	struct xt_tun_options options = {
	    .name = TUN_NAME, .owner_uid = 1000, .owner_gid = UINT32_MAX};
	struct xt_tun *tun = NULL;

	(void)state;
	assert_int_equal(xt_tun_open(&tun, &options), -EOPNOTSUPP);
	options.owner_uid = UINT32_MAX;
	options.owner_gid = 1000;
	assert_int_equal(xt_tun_open(&tun, &options), -EOPNOTSUPP);
	assert_int_equal(kernel.requests, 0);
	assert_non_null(xt_tun_words.owner); /* the reason that a user reads */
	assert_non_null(xt_tun_words.names);
}

static void an_error_of_any_request_leaves_nothing_open(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 30; n++) {
		struct xt_tun *tun = NULL;
		int rc;

		kernel_reset();
		kernel.fail_at = n;
		kernel.fail_errno = EACCES;
		rc = tun_open(&tun, TUN_NAME);
		if (kernel.fail_at > 0) {
			assert_int_equal(rc, 0);
			tun->ops->close(tun);
			assert_true(n > 4);
			return;
		}
		assert_true(rc == -EPERM || rc == -EACCES);
		assert_int_equal(kernel_open_count(), 0);
	}
	fail();
}

/* --- packets --- */

static void family_put(uint8_t *packet, bool v6)
{
	xt_be32_put(packet, v6 ? xt_abi.af_inet6 : 2);
}

static void packets_follow_their_family(void **state)
{
	uint8_t v4[4 + 28] = {0}, v6[4 + 48] = {0}, bad[4 + 28] = {0}, got[100];
	struct xt_tun *tun = tun_make();
	struct xt_batch *batch;

	(void)state;
	family_put(v4, false);
	v4[4] = 0x45;
	family_put(v6, true);
	v6[4] = 0x60;
	family_put(bad, true);
	bad[4] = 0x45; /* says another family than its header */
	assert_int_equal(xt_batch_new(&batch, XT_TUN_BATCH, XT_TUN_SLAB), 0);
	assert_int_equal(tun->ops->recv(tun, batch, 1 << 20), 0);
	kernel_tun_send(tun->ifindex, v4, sizeof(v4));
	kernel_tun_send(tun->ifindex, v6, sizeof(v6));
	kernel_tun_send(tun->ifindex, bad, sizeof(bad));
	assert_int_equal(tun->ops->recv(tun, batch, 1 << 20), 3);
	assert_int_equal(batch->pkts[0].len, 28);
	assert_int_equal(batch->pkts[0].data[0], 0x45);
	assert_int_equal(batch->pkts[0].verdict, XT_PASS);
	assert_int_equal(batch->pkts[1].len, 48);
	assert_int_equal(batch->pkts[1].verdict, XT_PASS);
	assert_int_equal(batch->pkts[2].verdict, XT_DROP_MALFORMED);

	assert_int_equal(tun->ops->send(tun, batch), 2);
	assert_int_equal(kernel_tun_recv(tun->ifindex, got, sizeof(got)), sizeof(v4));
	assert_memory_equal(got, v4, sizeof(v4));
	assert_int_equal(kernel_tun_recv(tun->ifindex, got, sizeof(got)), sizeof(v6));
	assert_memory_equal(got, v6, sizeof(v6));
	assert_int_equal(kernel_tun_recv(tun->ifindex, got, sizeof(got)), 0);

	/* no offloads: a super-packet is not for this device */
	batch->pkts[0].gso.kind = XT_GSO_TCP4;
	assert_int_equal(tun->ops->send(tun, batch), 1);
	assert_int_equal(batch->pkts[0].verdict, XT_DROP_TUN);
	assert_false(xt_tun_has_offload(tun));
	assert_false(xt_tun_offload(tun, true));
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void a_budget_ends_a_read(void **state)
{
	struct xt_tun *tun = tun_make();
	uint8_t packet[4 + 1000] = {0};
	struct xt_batch *batch;

	(void)state;
	family_put(packet, false);
	packet[4] = 0x45;
	assert_int_equal(xt_batch_new(&batch, XT_TUN_BATCH, XT_TUN_SLAB), 0);
	for (unsigned i = 0; i < 4; i++)
		kernel_tun_send(tun->ifindex, packet, sizeof(packet));
	assert_int_equal(tun->ops->recv(tun, batch, 1500), 2);
	assert_int_equal(tun->ops->recv(tun, batch, 1 << 20), 2);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void a_device_that_is_gone_says_so(void **state)
{
	struct xt_tun *tun = tun_make();
	struct xt_batch *batch;
	uint8_t packet[4 + 28] = {0};

	(void)state;
	family_put(packet, false);
	packet[4] = 0x45;
	assert_int_equal(xt_batch_new(&batch, XT_TUN_BATCH, XT_TUN_SLAB), 0);
	kernel_tun_send(tun->ifindex, packet, sizeof(packet));
	assert_int_equal(tun->ops->recv(tun, batch, 1 << 20), 1);
	kernel_link_remove(tun->ifindex);
	assert_int_equal(tun->ops->send(tun, batch), -ENODEV);
	assert_int_equal(tun->ops->recv(tun, batch, 1 << 20), -ENODEV);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void a_descriptor_of_another_process_is_adopted(void **state)
{
	struct xt_tun_options options = {.owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};
	struct xt_tun *tun = tun_make(), *adopted = NULL;
	int ends[2];

	(void)state;
	options.fd = xt_tun_fd(tun);
	assert_int_equal(xt_tun_open(&adopted, &options), 0);
	assert_string_equal(adopted->name, tun->name);
	assert_int_equal(adopted->ifindex, tun->ifindex);
	assert_int_equal(xt_tun_fd(adopted), options.fd);
	adopted->ops->close(adopted);
	free(tun); /* its descriptor was the other's */

	assert_int_equal(pipe(ends), 0);
	options.fd = ends[0];
	assert_int_equal(xt_tun_open(&adopted, &options), -EINVAL);
	assert_int_equal(close(ends[0]), 0); /* still the caller's */
	close(ends[1]);
}

static void a_device_is_watched_by_its_descriptor(void **state)
{
	struct xt_tun *tun = tun_make();
	struct xt_wake_event event;
	struct xt_wake *wake;
	uint8_t packet[4 + 28] = {0};

	(void)state;
	assert_int_equal(xt_wake_new(&wake), 0);
	assert_int_equal(xt_wake_fd(wake), -1);
	assert_int_equal(tun->ops->watch(tun, wake, XT_WAKE_READ, &packet), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	kernel_tun_send(tun->ifindex, packet, sizeof(packet));
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_ptr_equal(event.ctx, &packet);
	assert_int_equal(event.events, XT_WAKE_READ);
	assert_int_equal(tun->ops->watch(tun, wake, 0, NULL), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	xt_wake_free(wake);
	tun->ops->close(tun);
}

static void a_device_without_a_program_is_removed(void **state)
{
	(void)state;
	assert_int_equal(xt_tun_remove("tun42"), -ENODEV);
	if (DARWIN)
		assert_int_equal(xt_tun_remove("en0"), -EBUSY); /* none outlives its program */
	else
		assert_int_equal(xt_tun_remove("en1"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(a_number_is_taken_or_chosen), CASE(other_names_are_refused_where_links_keep_theirs),
	  CASE(an_owner_is_refused), CASE(an_error_of_any_request_leaves_nothing_open),
	  CASE(packets_follow_their_family), CASE(a_budget_ends_a_read),
	  CASE(a_device_that_is_gone_says_so), CASE(a_descriptor_of_another_process_is_adopted),
	  CASE(a_device_is_watched_by_its_descriptor), CASE(a_device_without_a_program_is_removed))
