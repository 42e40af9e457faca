/* SPDX-License-Identifier: MIT */
/* Records of peers: text and merge. */
#include "host/peer_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"

static const char head[] = "xtunnel-peers 1\n";

static int key_compare(const struct xt_peer_memory *a, const struct xt_peer_memory *b)
{
	return memcmp(a->key.b, b->key.b, sizeof(a->key.b));
}

/* By key, and of one peer the newest last. */
static int record_compare(const void *left, const void *right)
{
	const struct xt_peer_memory *a = left, *b = right;
	int order = key_compare(a, b);

	if (order == 0 && a->heard_wall_ns != b->heard_wall_ns)
		order = a->heard_wall_ns < b->heard_wall_ns ? -1 : 1;
	return order ? order : memcmp(a->timestamp, b->timestamp, sizeof(a->timestamp));
}

static bool timestamp_parse(uint8_t out[12], const char *text)
{
	if (strlen(text) != 24 || text[strspn(text, "0123456789abcdef")])
		return false;
	for (size_t i = 0; i < 12; i++) {
		char two[3] = {text[2 * i], text[2 * i + 1]};

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return true;
}

/* line is written to. */
static bool record_parse(struct xt_peer_memory *out, char *line)
{
	char *rest = line, *key = strsep(&rest, " "), *timestamp = strsep(&rest, " ");
	char *heard = strsep(&rest, " ");

	memset(out, 0, sizeof(*out));
	if (!timestamp || !heard || !rest)
		return false;
	if (!xt_key_from_base64(out->key.b, key, strlen(key)) ||
	    !timestamp_parse(out->timestamp, timestamp) ||
	    !xt_number(&out->heard_wall_ns, heard, UINT64_MAX / 4, false))
		return false;
	return strcmp(rest, "-") == 0 || xt_endpoint_parse(&out->endpoint, rest) == 0;
}

/* The newer record of the same peer counts, but a timestamp never goes back, and an endpoint is
 * kept until the peer was heard again. */
static void record_replace(struct xt_peer_memory *into, const struct xt_peer_memory *from)
{
	struct xt_peer_memory old = *into;

	*into = *from;
	if (memcmp(old.timestamp, into->timestamp, sizeof(old.timestamp)) > 0)
		memcpy(into->timestamp, old.timestamp, sizeof(old.timestamp));
	if (!into->endpoint.ip.family && into->heard_wall_ns <= old.heard_wall_ns)
		into->endpoint = old.endpoint;
	into->heard_wall_ns = XT_MAX(into->heard_wall_ns, old.heard_wall_ns);
}

/* Sort; of equal keys keep one record. Returns how many are left. */
static size_t records_sort(struct xt_peer_memory *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), record_compare);
	for (size_t i = 0; i < n; i++) {
		if (kept && key_compare(&v[kept - 1], &v[i]) == 0)
			record_replace(&v[kept - 1], &v[i]);
		else
			v[kept++] = v[i];
	}
	return kept;
}

int xt_peer_records_parse(struct xt_peer_records *out, const char *text, size_t len)
{
	const size_t head_len = sizeof(head) - 1;
	size_t lines = 0;
	char *copy, *rest, *line;

	*out = (struct xt_peer_records){0};
	if (len < head_len || memcmp(text, head, head_len) != 0)
		return XT_E_INVALID;
	for (size_t i = head_len; i < len; i++)
		lines += text[i] == '\n';
	out->v = calloc(lines + 1, sizeof(*out->v));
	copy = rest = strndup(text + head_len, len - head_len);
	if (!out->v || !copy) {
		free(copy);
		xt_peer_records_clear(out);
		return XT_E_NOMEM;
	}
	while ((line = strsep(&rest, "\n")) && rest)
		if (out->n < lines && record_parse(&out->v[out->n], line))
			out->n++;
	free(copy);
	out->n = records_sort(out->v, out->n);
	return 0;
}

void xt_peer_records_print(struct xt_secbuf *out, const struct xt_peer_records *records)
{
	char key[XT_KEY_BASE64], endpoint[XT_ENDPOINT_TEXT], timestamp[25];

	xt_secbuf_puts(out, head);
	for (size_t i = 0; i < records->n; i++) {
		const struct xt_peer_memory *record = &records->v[i];

		xt_key_to_base64(key, record->key.b);
		for (size_t j = 0; j < sizeof(record->timestamp); j++)
			snprintf(timestamp + 2 * j, 3, "%02x", record->timestamp[j]);
		if (record->endpoint.ip.family)
			xt_endpoint_print(&record->endpoint, endpoint);
		else
			strcpy(endpoint, "-");
		xt_secbuf_printf(out, "%s %s %llu %s\n", key, timestamp,
				 (unsigned long long)record->heard_wall_ns, endpoint);
	}
}

static bool record_is_old(const struct xt_peer_memory *record, uint64_t wall)
{
	return record->heard_wall_ns && wall > record->heard_wall_ns &&
	       wall - record->heard_wall_ns > XT_PEER_RECORD_AGE_NS;
}

int xt_peer_records_merge(struct xt_peer_records *records, struct xt_peer_memory *changed, size_t n,
			  uint64_t wall)
{
	struct xt_peer_memory *v = calloc(records->n + n + 1, sizeof(*v));
	size_t i = 0, j = 0, out = 0;

	if (!v)
		return XT_E_NOMEM;
	n = records_sort(changed, n);
	while (i < records->n || j < n) {
		int order = i == records->n ? 1
			    : j == n	    ? -1
					    : key_compare(&records->v[i], &changed[j]);

		v[out] = order <= 0 ? records->v[i++] : changed[j++];
		if (order == 0)
			record_replace(&v[out], &changed[j++]);
		out += !record_is_old(&v[out], wall);
	}
	free(records->v);
	*records = (struct xt_peer_records){v, out};
	return 0;
}

void xt_peer_records_clear(struct xt_peer_records *records)
{
	free(records->v);
	*records = (struct xt_peer_records){0};
}
