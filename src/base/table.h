/* SPDX-License-Identifier: MIT */
/* Hash tables: uthash with a keyed hash, and without its exit when memory runs out. Include this
 * instead of <uthash.h>.
 *
 * After HASH_ADD… check xt_table_has(hh, item) before any other use of the item: without memory it
 * was not added. */
#ifndef XT_BASE_TABLE_H
#define XT_BASE_TABLE_H

#include <string.h>

#include "base/hash.h"

#ifdef UTHASH_H
#error "include base/table.h instead of uthash.h"
#endif
#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = (unsigned)xt_hash((keyptr), (keylen)))
#define HASH_KEYCMP(a, b, n)		     memcmp((a), (b), (n))
#define HASH_NONFATAL_OOM		     1
#include <uthash.h>

/* uthash leaves hh.tbl NULL in an item that it could not add. */
#define xt_table_has(hh, item) ((item)->hh.tbl != NULL)

/* Many more items are about to be added, n in all: a table that grows later moves all items in one
 * go, which takes milliseconds for 100,000. Nothing happens to one that has many already, or
 * without memory. head: not NULL. */
#define xt_table_reserve(hh, head, n)                                                              \
	do {                                                                                       \
		UT_hash_table *xt_tbl = (head)->hh.tbl;                                            \
		int xt_full = xt_tbl->num_items > (n) / 16;                                        \
		while (!xt_full && xt_tbl->num_buckets < (n))                                      \
			HASH_EXPAND_BUCKETS(hh, xt_tbl, xt_full);                                  \
	} while (0)

#endif
