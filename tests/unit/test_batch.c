/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Batches, their slab, and how datagrams become runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <xtunnel/batch.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/room.h"
#include "test_main.h"

static const struct xt_path path_a = {.remote = {.ip = {4, {198, 18, 0, 1}}, .port = 51820}};

static void every_verdict_has_a_label_and_a_sentence(void **state)
{
	(void)state;
	for (int v = 0; v < XT_VERDICTS; v++) {
		assert_non_null(xt_verdict_label((enum xt_verdict)v));
		assert_true(strlen(xt_verdict_sentence((enum xt_verdict)v)) > 5);
		for (int w = 0; w < v; w++)
			assert_string_not_equal(xt_verdict_label((enum xt_verdict)v),
						xt_verdict_label((enum xt_verdict)w));
	}
	assert_string_equal(xt_verdict_label(XT_DROP_REPLAY), "drop_replay");
	assert_string_equal(xt_verdict_label(XT_VERDICTS), "unknown");
}

static struct xt_batch *batch_of(uint32_t cap, size_t slab_len)
{
	struct xt_batch *batch;

	assert_int_equal(xt_batch_new(&batch, cap, slab_len), 0);
	return batch;
}

static void a_slot_is_aligned_and_has_its_rooms(void **state)
{
	struct xt_batch *batch = batch_of(64, 1 << 20);
	uint8_t *end = batch->slab;

	(void)state;
	for (uint32_t len = 0; len < 64; len++) {
		struct xt_pkt *pkt = xt_batch_add(batch, 1500);

		assert_non_null(pkt);
		assert_int_equal((uintptr_t)pkt->data % 16, 0);
		assert_true(pkt->data - XT_HEADROOM >= end);
		assert_int_equal(pkt->len, 0);
		assert_int_equal(pkt->job, XT_NO_JOB);
		assert_int_equal(pkt->verdict, XT_PASS);
		pkt->len = len;
		xt_batch_trim(batch);
		end = pkt->data + len + XT_TAILROOM;
		memset(pkt->data - XT_HEADROOM, 0xaa, XT_HEADROOM + len + XT_TAILROOM);
	}
	assert_null(xt_batch_add(batch, 0)); /* the batch is full, the slab is not */
	xt_batch_reset(batch);
	assert_int_equal(batch->n, 0);
	assert_ptr_equal(xt_batch_add(batch, 0)->data, batch->slab + XT_HEADROOM);
	xt_batch_free(batch);
}

static void a_full_slab_takes_no_more_and_is_left_as_it_was(void **state)
{
	struct xt_batch *batch = batch_of(300, 0);

	(void)state;
	assert_true(batch->slab_len >= XT_SLOT_MAX);
	for (size_t max = 900; max < 1100; max++) {
		size_t used;
		struct xt_pkt *pkt;

		xt_batch_reset(batch);
		while ((pkt = xt_batch_add(batch, max))) {
			uint8_t *start = pkt->data - XT_HEADROOM,
				*end = pkt->data + max + XT_TAILROOM;

			assert_true(end <= batch->slab + batch->slab_len);
			memset(start, 0xbb, (size_t)(end - start));
		}
		assert_int_equal(batch->n, batch->slab_len / XT_ALIGN_UP(max + 47, (size_t)16));
		used = batch->slab_used;
		assert_null(xt_batch_add(batch, max));
		assert_int_equal(batch->slab_used, used);
	}
	xt_batch_reset(batch);
	assert_non_null(xt_batch_add(batch, XT_PACKET_MAX));
	assert_null(xt_batch_add(batch, SIZE_MAX));
	xt_batch_free(batch);
}

static void a_dropped_slot_is_given_out_again(void **state)
{
	struct xt_batch *batch = batch_of(8, 1 << 18);
	struct xt_pkt *a = xt_batch_add(batch, 9000), *b;
	uint8_t *at;

	(void)state;
	a->len = 100;
	xt_batch_trim(batch);
	b = xt_batch_add(batch, 9000);
	at = b->data;
	xt_batch_drop_last(batch);
	assert_int_equal(batch->n, 1);
	assert_ptr_equal(xt_batch_add(batch, 9000)->data, at);
	xt_batch_drop_last(batch);
	xt_batch_drop_last(batch); /* a: its slot is no longer the newest */
	assert_int_equal(batch->n, 0);
	xt_batch_free(batch);
}

static void views_into_a_slot_leave_the_slot_alone(void **state)
{
	struct xt_batch *batch = batch_of(4, 1 << 18);
	struct xt_pkt *pkt = xt_batch_add(batch, XT_PACKET_MAX);
	size_t used;

	(void)state;
	pkt->len = 3000;
	xt_batch_trim(batch);
	used = batch->slab_used;
	pkt->len = 1000;
	assert_ptr_equal(xt_batch_view(batch, pkt->data + 1000, 1000)->data, pkt->data + 1000);
	assert_non_null(xt_batch_view(batch, pkt->data + 2000, 500));
	xt_batch_trim(batch);
	assert_int_equal(batch->slab_used, used);
	xt_batch_drop_last(batch);
	assert_int_equal(batch->slab_used, used);
	assert_int_equal(batch->n, 2);
	assert_non_null(xt_batch_view(batch, pkt->data, 1));
	assert_non_null(xt_batch_view(batch, pkt->data, 1));
	assert_null(xt_batch_view(batch, pkt->data, 1));
	xt_batch_free(batch);
}

/* Resident bytes of this process; below 0 where the system does not tell. */
static long resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	long kib, bytes = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld kB", &kib) == 1)
			bytes = kib * 1024;
	if (f)
		fclose(f);
	return bytes;
}

static void an_unused_slab_costs_nothing(void **state)
{
	long before = resident(), after;
	struct xt_batch *batch;

	(void)state;
	if (before < 0)
		skip();
	batch = batch_of(256, 64u << 20);
	xt_batch_add(batch, 1500)->data[0] = 1;
	after = resident();
	/* The sanitizer's shadow of the slab is an eighth of it, and poisoned. */
	if (!XT_ASAN)
		assert_true(after - before < 1 << 20);
	xt_batch_free(batch);
	xt_batch_free(NULL);
}

/* The flags that the kernel shows for the mapping at p: "dd" means excluded from dumps. */
static bool has_flag(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[400];
	bool here = false, found = false;

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		if (here && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, flag) != NULL;
	}
	if (f)
		fclose(f);
	return found;
}

static void a_slab_is_left_out_of_dumps(void **state)
{
	struct xt_batch *batch = batch_of(4, 1 << 20);

	(void)state;
	if (!has_flag(batch->slab, "rd "))
		print_message("the kernel does not show the flags of mappings\n");
	else
		assert_true(has_flag(batch->slab, "dd "));
	xt_batch_free(batch);
}

static struct xt_tx *tx_of(uint32_t cap, size_t arena)
{
	struct xt_tx *tx;

	assert_int_equal(xt_tx_new(&tx, cap, arena), 0);
	return tx;
}

static uint8_t bytes[XT_PACKET_MAX];

static void put(struct xt_tx *tx, const struct xt_path *path, uint8_t ecn, size_t len)
{
	assert_int_equal(xt_tx_view(tx, path, ecn, bytes, len), 0);
}

static void datagrams_of_one_size_join_and_a_shorter_one_ends_the_run(void **state)
{
	struct xt_tx *tx = tx_of(16, 0);

	(void)state;
	put(tx, &path_a, 0, 100);
	put(tx, &path_a, 0, 100);
	put(tx, &path_a, 0, 60);
	put(tx, &path_a, 0, 60); /* the run before is closed */
	put(tx, &path_a, 0, 61); /* longer: another */
	assert_int_equal(tx->n_runs, 3);
	assert_int_equal(tx->n_vecs, 5);
	assert_int_equal(tx->runs[0].n, 3);
	assert_int_equal(tx->runs[0].seg, 100);
	assert_int_equal(tx->runs[0].bytes, 260);
	assert_int_equal(tx->runs[1].first, 3);
	assert_int_equal(tx->runs[1].n, 1);
	assert_int_equal(tx->runs[2].seg, 61);
	xt_tx_reset(tx);
	assert_int_equal(tx->n_runs, 0);
	xt_tx_free(tx);
}

static void a_change_of_path_or_ecn_ends_the_run(void **state)
{
	struct xt_tx *tx = tx_of(16, 0);
	struct xt_path other[6];

	(void)state;
	for (size_t i = 0; i < XT_LEN(other); i++)
		other[i] = path_a;
	other[0].remote.port++;
	other[1].remote.ip.b[3]++;
	other[2].remote.scope++;
	other[3].local = (struct xt_ip){4, {10, 0, 0, 1}};
	other[4].ifindex++;
	other[5].remote.ip.family = 6;
	for (size_t i = 0; i < XT_LEN(other); i++) {
		xt_tx_reset(tx);
		put(tx, &path_a, 0, 100);
		put(tx, &other[i], 0, 100);
		assert_int_equal(tx->n_runs, 2);
	}
	xt_tx_reset(tx);
	put(tx, &path_a, 0, 100);
	put(tx, &path_a, 1, 100);
	put(tx, &path_a, 1, 100);
	assert_int_equal(tx->n_runs, 2);
	assert_int_equal(tx->runs[1].n, 2);
	assert_int_equal(tx->runs[1].tos, 1);
	xt_tx_free(tx);
}

static void padding_of_a_path_does_not_end_a_run(void **state)
{
	struct xt_tx *tx = tx_of(4, 0);
	struct xt_path a, b;

	(void)state;
	memset(&a, 0x11, sizeof(a));
	memset(&b, 0x22, sizeof(b));
	a.remote.ip = b.remote.ip = path_a.remote.ip;
	a.remote.port = b.remote.port = 9;
	a.remote.scope = b.remote.scope = 0;
	a.local = b.local = path_a.local;
	a.ifindex = b.ifindex = 0;
	put(tx, &a, 0, 100);
	put(tx, &b, 0, 100);
	assert_int_equal(tx->n_runs, 1);
	xt_tx_free(tx);
}

static void a_run_ends_at_its_limits(void **state)
{
	struct xt_tx *tx = tx_of(256, 0);

	(void)state;
	for (int i = 0; i < 130; i++)
		put(tx, &path_a, 0, 100);
	assert_int_equal(tx->n_runs, 3);
	assert_int_equal(tx->runs[0].n, XT_RUN_MAX);
	assert_int_equal(tx->runs[1].first, XT_RUN_MAX);
	assert_int_equal(tx->runs[2].n, 2);
	xt_tx_reset(tx);
	for (int i = 0; i < 60; i++)
		put(tx, &path_a, 0, 1452);
	assert_int_equal(tx->n_runs, 2);
	assert_int_equal(tx->runs[0].n, XT_RUN_BYTES / 1452);
	assert_true(tx->runs[0].bytes <= XT_RUN_BYTES);
	xt_tx_free(tx);
}

/* The socket left the source address of the run out: what is queued since may have another one. */
static void a_run_that_lost_its_source_takes_no_more(void **state)
{
	struct xt_tx *tx = tx_of(4, 250);

	(void)state;
	put(tx, &path_a, 0, 100);
	put(tx, &path_a, 0, 100);
	assert_int_equal(tx->n_runs, 1);
	tx->runs[0].unstuck = true;
	put(tx, &path_a, 0, 100);
	assert_int_equal(tx->n_runs, 2);
	assert_false(tx->runs[1].unstuck);
	put(tx, &path_a, 0x88, 100); /* the DS field tells runs apart as well */
	assert_int_equal(tx->n_runs, 3);
	xt_tx_free(tx);
}

static void a_copy_lies_in_the_arena_and_a_full_one_refuses(void **state)
{
	struct xt_tx *tx = tx_of(3, 250);
	uint8_t msg[100];

	(void)state;
	memset(msg, 7, sizeof(msg));
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, 100), 0);
	memset(msg, 8, sizeof(msg));
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, 100), 0);
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, 51), XT_E_FULL);
	assert_int_equal(tx->n_vecs, 2);
	assert_int_equal(tx->vecs[0].base[99], 7);
	assert_int_equal(tx->vecs[1].base[0], 8);
	assert_int_equal(tx->n_runs, 1);
	put(tx, &path_a, 0, 10);
	assert_int_equal(xt_tx_view(tx, &path_a, 0, bytes, 10), XT_E_FULL);
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, 10), XT_E_FULL);
	assert_int_equal(tx->arena_used, 200);
	xt_tx_reset(tx);
	assert_int_equal(xt_tx_view(tx, &path_a, 0, bytes, 0), XT_E_INVALID);
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, XT_PACKET_MAX + 1), XT_E_INVALID);
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, SIZE_MAX), XT_E_INVALID);
	assert_int_equal(tx->n_runs, 0);
	assert_int_equal(xt_tx_copy(tx, &path_a, 0, msg, 100), 0);
	xt_tx_free(tx);
	xt_tx_free(NULL);
}

TEST_MAIN(cmocka_unit_test(every_verdict_has_a_label_and_a_sentence),
	  cmocka_unit_test(a_slot_is_aligned_and_has_its_rooms),
	  cmocka_unit_test(a_full_slab_takes_no_more_and_is_left_as_it_was),
	  cmocka_unit_test(a_dropped_slot_is_given_out_again),
	  cmocka_unit_test(views_into_a_slot_leave_the_slot_alone),
	  cmocka_unit_test(an_unused_slab_costs_nothing),
	  cmocka_unit_test(a_slab_is_left_out_of_dumps),
	  cmocka_unit_test(datagrams_of_one_size_join_and_a_shorter_one_ends_the_run),
	  cmocka_unit_test(a_change_of_path_or_ecn_ends_the_run),
	  cmocka_unit_test(padding_of_a_path_does_not_end_a_run),
	  cmocka_unit_test(a_run_ends_at_its_limits),
	  cmocka_unit_test(a_run_that_lost_its_source_takes_no_more),
	  cmocka_unit_test(a_copy_lies_in_the_arena_and_a_full_one_refuses))
