/* SPDX-License-Identifier: MIT */
/* Rows of a difference, and entries of its change. */
#include "config/conf_differ.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

#define VALUE_MAX 400 /* of a row; a peer may have a hundred thousand networks */

/* Up to VALUE_MAX bytes, cut between two characters. */
static char *value_copy(struct xt_differ *d, const char *text)
{
	size_t len = strlen(text), n = len;
	char *copy;

	if (len > VALUE_MAX)
		for (n = VALUE_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	if (asprintf(&copy, "%.*s%s", (int)n, text, n < len ? "..." : "") < 0) {
		d->failed = XT_E_NOMEM;
		return NULL;
	}
	return copy;
}

void xt_differ_row(struct xt_differ *d, enum xt_difference_kind kind, const char *old,
		   const char *now, bool overrides)
{
	struct xt_conf_diff *out = d->out;
	struct xt_difference *row;

	if (out->n == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 16;
		struct xt_difference *v = xt_items_resize(out->v, cap, sizeof(*v));

		if (!v) {
			d->failed = XT_E_NOMEM;
			return;
		}
		out->v = v;
		out->cap = cap;
	}
	row = &out->v[out->n++];
	*row = (struct xt_difference){.kind = kind, .key = d->key, .overrides = overrides};
	if (d->now || d->peer) {
		const char *name = d->peer ? d->peer->name : d->now->name;

		row->has_peer = true;
		row->peer = d->peer ? d->peer->key : d->now->key;
		snprintf(row->name, sizeof(row->name), "%s", name);
	}
	if (d->key < XT_KEYS)
		out->keys[d->key] = true;
	if (old)
		row->old = value_copy(d, old);
	if (now)
		row->now = value_copy(d, now);
}

bool xt_differ_texts(struct xt_differ *d, struct xt_secbuf *old, struct xt_secbuf *now,
		     bool overrides)
{
	bool had = old->len > 0, has = now->len > 0;
	bool differ = old->len != now->len || (had && memcmp(old->p, now->p, old->len) != 0);

	if (old->error || now->error)
		d->failed = XT_E_NOMEM;
	else if (differ)
		xt_differ_row(d,
			      had && has ? XT_DIFFERENCE_CHANGED
			      : has	 ? XT_DIFFERENCE_ADDED
					 : XT_DIFFERENCE_REMOVED,
			      had ? old->p : NULL, has ? now->p : NULL, overrides);
	xt_secbuf_clear(old);
	xt_secbuf_clear(now);
	return differ;
}

void xt_differ_secret(struct xt_differ *d, bool had, bool has, bool overrides)
{
	xt_differ_row(d,
		      had && has ? XT_DIFFERENCE_CHANGED
		      : has	 ? XT_DIFFERENCE_ADDED
				 : XT_DIFFERENCE_REMOVED,
		      NULL, NULL, overrides);
}

struct xt_peer_change *xt_differ_entry(struct xt_differ *d, uint32_t flags)
{
	if (!d->entry) {
		d->entry = xt_change_peer(&d->out->change, d->peer ? &d->peer->key : &d->now->key);
		if (!d->entry)
			d->failed = XT_E_NOMEM;
		else if (d->now && d->peer) /* it may have been removed since the report */
			d->entry->set = XT_PEER_UPDATE_ONLY;
	}
	if (d->entry)
		d->entry->set |= flags;
	return d->entry;
}

void xt_differ_entry_allowed(struct xt_differ *d)
{
	struct xt_peer_change *entry = xt_differ_entry(d, XT_PEER_REPLACE_ALLOWED);

	for (size_t i = 0; entry && i < d->n_allowed; i++)
		if (xt_change_allowed(entry, &d->allowed[i], false) < 0)
			d->failed = XT_E_NOMEM;
}

int xt_cidr_order(const void *a, const void *b)
{
	const struct xt_cidr *x = a, *y = b;

	if (x->ip.family != y->ip.family)
		return x->ip.family < y->ip.family ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return memcmp(x->ip.b, y->ip.b, sizeof(x->ip.b));
}
