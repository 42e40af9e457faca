/* SPDX-License-Identifier: MIT */
/* layers: host config platform core crypto packet base */
/* parses: src/host/peer_records.c src/host/bound_file.c src/host/state.c */
/* Any bytes as the state files: records of peers, the bound of timestamps, what an instance changed
 * in the host. What was read is written and read again as the same. The first byte chooses. */
#include "fuzz/folder.h"
#include "host/bound_file.h"
#include "host/peer_records.h"
#include "host/state.h"

#define BOUND "0123456789abcdef0123456789abcdef"

static const char *const files[] = {BOUND, "wg0.state"};

static void records_same(const struct xt_peer_records *a, const struct xt_peer_records *b)
{
	check(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		check(memcmp(a->v[i].key.b, b->v[i].key.b, 32) == 0);
		check(memcmp(a->v[i].timestamp, b->v[i].timestamp, sizeof(a->v[i].timestamp)) == 0);
		check(a->v[i].heard_wall_ns == b->v[i].heard_wall_ns);
		check(a->v[i].endpoint.port == b->v[i].endpoint.port);
	}
}

static void records_read(const uint8_t *data, size_t len)
{
	struct xt_peer_records records, again, other;
	struct xt_secbuf text = XT_SECBUF_INIT(XT_PEER_RECORDS_TEXT);

	if (xt_peer_records_parse(&records, (const char *)data, len) < 0)
		return;
	for (size_t i = 1; i < records.n; i++)
		check(memcmp(records.v[i - 1].key.b, records.v[i].key.b, 32) < 0);
	xt_peer_records_print(&text, &records);
	check(!text.error);
	check(xt_peer_records_parse(&again, text.p, text.len) == 0);
	records_same(&records, &again);
	/* Merged with themselves, they stay what they are, apart from old ones. */
	check(xt_peer_records_parse(&other, text.p, text.len) == 0);
	check(xt_peer_records_merge(&again, other.v, other.n, 0) == 0);
	records_same(&records, &again);
	check(xt_peer_records_merge(&again, other.v, other.n, 1800000000000000000u) == 0);
	check(again.n <= records.n);
	xt_secbuf_clear(&text);
	xt_peer_records_clear(&records);
	xt_peer_records_clear(&again);
	xt_peer_records_clear(&other);
}

static void bound_read(const uint8_t *data, size_t len)
{
	struct xt_bound_file *file;
	uint64_t bound;

	folder_write(BOUND, data, len);
	check(xt_bound_open(&file, folder_path, BOUND) == 0);
	bound = xt_bound_floor(file);
	check(bound <= UINT64_MAX / 4 && xt_bound_stored(file));
	if (!xt_bound_warning(file)) {
		char text[64];
		int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)bound);

		check(len > (size_t)n && memmem(data, len, text, (size_t)n) != NULL);
	}
	xt_bound_close(file);
}

static void state_same(const struct xt_host_state *a, const struct xt_host_state *b)
{
	check(a->policy.table == b->policy.table && a->firewall == b->firewall);
	check(memcmp(a->policy.priority, b->policy.priority, sizeof(a->policy.priority)) == 0);
	check(a->dns == b->dns && strcmp(a->resolv, b->resolv) == 0);
}

static void state_read(const uint8_t *data, size_t len)
{
	static struct xt_host_state state, again;
	struct xt_state_file *file;

	folder_write("wg0.state", data, len);
	check(xt_state_peek(folder_path, "wg0", &again));
	check(xt_state_open(&file, folder_path, "wg0", false, &state) == 0);
	state_same(&state, &again);
	check(!*state.resolv || *state.resolv == '/');
	if (xt_state_put(file, &state) == 0) {
		check(xt_state_peek(folder_path, "wg0", &again));
		state_same(&state, &again);
	}
	xt_state_close(file, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	uint8_t kind = input_byte(&in);

	(void)folder_open(files, XT_LEN(files));
	if (kind % 3 == 0)
		records_read(in.data, in.len);
	else if (kind % 3 == 1)
		bound_read(in.data, in.len);
	else
		state_read(in.data, in.len);
	return 0;
}
