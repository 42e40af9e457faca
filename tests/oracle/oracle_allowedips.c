/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The trie against a list that is scanned linearly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/allowedips.h"
#include "seed.h"
#include "test_main.h"

#define PEERS 24
#define MOST  4000

/* The table uses only the list of a peer. */
struct xt_peer {
	struct xt_allowedips_list list;
};

static struct xt_peer peers[PEERS];

static struct xt_allowedips_list *list_of(struct xt_peer *peer)
{
	return &peer->list;
}

/* In order of arrival. */
static struct row {
	struct xt_cidr cidr;
	struct xt_peer *peer;
} rows[MOST];
static size_t n_rows;

static bool same(const struct xt_cidr *a, const struct xt_cidr *b)
{
	return a->bits == b->bits && xt_ip_equal(&a->ip, &b->ip);
}

static size_t row_of(const struct xt_cidr *cidr)
{
	size_t i = 0;

	while (i < n_rows && !same(&rows[i].cidr, cidr))
		i++;
	return i;
}

static void take_row(size_t i)
{
	memmove(&rows[i], &rows[i + 1], (--n_rows - i) * sizeof(rows[0]));
}

static void scan_insert(const struct xt_cidr *cidr, struct xt_peer *peer)
{
	size_t i = row_of(cidr);

	if (i < n_rows && rows[i].peer == peer)
		return;
	if (i < n_rows)
		take_row(i);
	rows[n_rows++] = (struct row){*cidr, peer};
}

static struct xt_peer *scan_find(const struct xt_ip *ip)
{
	struct xt_peer *best = NULL;
	int bits = -1;

	for (size_t i = 0; i < n_rows; i++)
		if (rows[i].cidr.bits > bits && xt_cidr_contains(&rows[i].cidr, ip)) {
			best = rows[i].peer;
			bits = rows[i].cidr.bits;
		}
	return best;
}

/* Close to each other, so that prefixes nest, also across the two halves of an IPv6 address. */
static struct xt_ip random_ip(uint64_t *r)
{
	struct xt_ip ip = {.family = xt_below(r, 2) ? 4 : 6};
	size_t len = ip.family == 4 ? 4 : 16, flips = xt_pick(r, 5);

	ip.b[0] = 0xfd;
	for (size_t i = 0; i < flips; i++)
		ip.b[xt_below(r, len)] ^= (uint8_t)(1u << xt_below(r, 8));
	if (!xt_below(r, 4))
		for (size_t i = 0; i < len; i++)
			ip.b[i] = (uint8_t)xt_next(r);
	return ip;
}

static struct xt_cidr random_cidr(uint64_t *r)
{
	struct xt_cidr cidr = {.ip = random_ip(r)};

	cidr.bits = (uint8_t)xt_below(r, xt_ip_bits(&cidr.ip) + 1);
	xt_cidr_mask(&cidr);
	return cidr;
}

static void check_lists(const struct xt_allowedips *table)
{
	for (struct xt_peer *peer = peers; peer < peers + PEERS; peer++) {
		struct xt_cidr cidr;
		uint32_t at = 0;
		size_t n = 0;

		for (size_t i = 0; i < n_rows; i++) {
			if (rows[i].peer != peer)
				continue;
			assert_true(xt_allowedips_next(table, &peer->list, &at, &cidr));
			assert_true(same(&cidr, &rows[i].cidr));
			n++;
		}
		assert_false(at && xt_allowedips_next(table, &peer->list, &at, &cidr));
		assert_int_equal(peer->list.n, n);
	}
}

static void check_finds(const struct xt_allowedips *table, uint64_t *r, int times)
{
	for (int i = 0; i < times; i++) {
		struct xt_ip ip = random_ip(r);
		struct xt_peer *want;

		if (n_rows && xt_below(r, 2)) { /* at an edge of an existing network */
			const struct xt_cidr *cidr = &rows[xt_below(r, n_rows)].cidr;
			unsigned bits = xt_ip_bits(&cidr->ip), at = (unsigned)xt_below(r, bits);

			ip = cidr->ip;
			ip.b[at / 8] ^= (uint8_t)(0x80u >> at % 8);
		}
		want = scan_find(&ip);
		assert_ptr_equal(xt_allowedips_find(table, &ip), want);
		assert_ptr_equal(ip.family == 4 ? xt_allowedips_find4(table, ip.b)
						: xt_allowedips_find6(table, ip.b),
				 want);
	}
}

static void one_edit(struct xt_allowedips *table, uint64_t *r)
{
	struct xt_peer *peer = &peers[xt_below(r, PEERS)];
	struct xt_cidr cidr = random_cidr(r), loose;
	uint64_t what = xt_below(r, 100);
	size_t i;

	if (n_rows && xt_below(r, 3) == 0)
		cidr = rows[xt_below(r, n_rows)].cidr;
	loose = cidr;
	if (cidr.bits < xt_ip_bits(&cidr.ip)) /* host bits do not matter */
		loose.ip.b[cidr.bits / 8] |= (uint8_t)(0xffu >> cidr.bits % 8 & xt_next(r));
	i = row_of(&cidr);
	if (what < 60 && n_rows < MOST) {
		assert_int_equal(xt_allowedips_insert(table, &loose, peer), 0);
		scan_insert(&cidr, peer);
	} else if (what < 98) {
		if (i < n_rows && xt_below(r, 4))
			peer = rows[i].peer;
		assert_int_equal(xt_allowedips_remove(table, &loose, peer),
				 i < n_rows && rows[i].peer == peer);
		if (i < n_rows && rows[i].peer == peer)
			take_row(i);
	} else {
		xt_allowedips_remove_peer(table, peer);
		for (size_t k = n_rows; k-- > 0;)
			if (rows[k].peer == peer)
				take_row(k);
	}
}

static void the_trie_agrees_with_a_scanned_list(void **state)
{
	uint64_t r = xt_seed();
	struct xt_allowedips table;

	(void)state;
	for (int round = 0; round < 20; round++) {
		memset(peers, 0, sizeof(peers));
		n_rows = 0;
		xt_allowedips_init(&table, list_of);
		check_finds(&table, &r, 4);
		for (int i = 0; i < 1500; i++) {
			one_edit(&table, &r);
			check_finds(&table, &r, 4);
			if (i % 100 == 0)
				check_lists(&table);
			/* Fewer than two nodes for each network, and none lost. */
			assert_true(table.n - table.n_free <= 2 * n_rows + 1);
		}
		check_lists(&table);
		for (struct xt_peer *peer = peers; peer < peers + PEERS; peer++)
			xt_allowedips_remove_peer(&table, peer);
		n_rows = 0;
		check_lists(&table);
		check_finds(&table, &r, 100);
		assert_int_equal(table.root4 | table.root6, 0);
		assert_int_equal(table.n, table.n_free + 1);
		xt_allowedips_clear(&table);
	}
}

TEST_MAIN(cmocka_unit_test(the_trie_agrees_with_a_scanned_list))
