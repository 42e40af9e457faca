/* SPDX-License-Identifier: MIT */
/* The state of instances, taken in part by part, so that the JSON of many peers is never there as a
 * whole. Of each peer some hundred bytes are kept. */
#include "ipc/metrics_impl.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/size.h"
#include "ipc/why.h"

#define BLOCK 65536u

/* The key of each number, in the order of metrics.def. */
struct number_key {
	const char *object, *key;
};
#define BUILD(...)
#define STATE(...)
#define DEVICE(...)
#define VERDICTS(...)
#define FACT(...)
#define PEER_DROPS(...)

static const struct number_key device_numbers[] = {
#define NUMBER(name, type, object, key, ...) {object, key},
#define PEER(...)
#include "ipc/metrics.def"
#undef NUMBER
#undef PEER
};
static const struct number_key peer_numbers[] = {
#define NUMBER(...)
#define PEER(name, type, labels, key, ...) {NULL, key},
#include "ipc/metrics.def"
#undef NUMBER
#undef PEER
};
_Static_assert(XT_LEN(device_numbers) <= XT_METRICS_NUMBERS, "numbers of an instance");
_Static_assert(XT_LEN(peer_numbers) <= XT_METRICS_NUMBERS, "numbers of a peer");

int xt_metrics_new(struct xt_metrics **out, const char *version)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return XT_E_NOMEM;
	(*out)->version = version;
	return 0;
}

void xt_metrics_free(struct xt_metrics *m)
{
	struct xt_metrics_block *next;

	if (!m)
		return;
	for (struct xt_metrics_block *block = m->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	free(m->instances);
	free(m->peers);
	free(m->counts);
	free(m);
}

static char *text_room(struct xt_metrics *m, size_t len)
{
	struct xt_metrics_block *block = m->blocks;
	size_t size = XT_MAX(len, BLOCK);
	char *room;

	if (!block || block->size - block->used < len) {
		block = malloc(sizeof(*block) + size);
		if (!block)
			return NULL;
		*block = (struct xt_metrics_block){.next = m->blocks, .size = size};
		m->blocks = block;
	}
	room = block->bytes + block->used;
	block->used += len;
	return room;
}

/* What both a label's value and a JSON string escape. Other control characters have no escape in a
 * label. NULL: no memory. */
static char *escape(char *to, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\\' || c == '"' || c == '\n')
			*to++ = '\\';
		*to++ = c == '\n' ? 'n' : c < ' ' || c == 0x7f ? '?' : (char)c;
	}
	*to = '\0';
	return to;
}

static const char *text_keep(struct xt_metrics *m, const char *text)
{
	char *copy = text ? text_room(m, 2 * strlen(text) + 1) : NULL;
	char *end = copy ? escape(copy, text) : NULL;

	if (!copy)
		return text ? NULL : "";
	m->blocks->used -= 2 * strlen(text) - (size_t)(end - copy);
	return copy;
}

static const char *member_keep(struct xt_metrics *m, const json_t *object, const char *key)
{
	return text_keep(m, json_string_value(json_object_get(object, key)));
}

/* The networks with a comma between. */
static const char *networks_keep(struct xt_metrics *m, const json_t *list)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	const char *kept = NULL;
	json_t *network;
	size_t i;

	json_array_foreach(list, i, network)
	{
		if (!json_is_string(network))
			continue;
		if (text.len)
			xt_secbuf_puts(&text, ",");
		xt_secbuf_puts(&text, json_string_value(network));
	}
	if (!text.error)
		kept = text_keep(m, text.len ? text.p : "");
	xt_secbuf_clear(&text);
	return kept;
}

/* Room for one more element of an array. false: no memory. */
static bool room_make(void **array, size_t n, size_t *cap, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 16;
	void *grown;

	if (n < *cap)
		return true;
	grown = xt_items_resize(*array, wanted, size);
	if (!grown)
		return false;
	*array = grown;
	*cap = wanted;
	return true;
}

static uint64_t number_of(const json_t *value)
{
	json_int_t n = json_integer_value(value);

	if (json_is_boolean(value))
		return json_is_true(value);
	return json_is_integer(value) && n >= 0 ? (uint64_t)n : XT_METRICS_ABSENT;
}

static void numbers_take(uint64_t *numbers, const struct number_key *keys, size_t n,
			 const json_t *object)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *in =
		    keys[i].object ? json_object_get(object, keys[i].object) : object;

		numbers[i] = number_of(json_object_get(in, keys[i].key));
	}
}

static void number_set(uint64_t *numbers, const struct number_key *keys, size_t n, const char *key,
		       uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].key, key) == 0)
			numbers[i] = value;
}

/* drops: those alone. Returns how many, or -1. */
static int counts_take(struct xt_metrics *m, const json_t *counters, bool drops)
{
	const char *verdict;
	json_t *value;
	int n = 0;

	json_object_foreach((json_t *)counters, verdict, value)
	{
		uint64_t count = number_of(value);
		const char *kept;

		if (count == XT_METRICS_ABSENT || (drops && strncmp(verdict, "drop_", 5) != 0))
			continue;
		kept = text_keep(m, verdict);
		if (!kept || !room_make((void **)&m->counts, m->n_counts, &m->cap_counts,
					sizeof(*m->counts)))
			return -1;
		m->counts[m->n_counts++] = (struct xt_metrics_count){kept, count};
		n++;
	}
	return n;
}

static const char *const unknown_when_0[] = {"path_mtu", "rtt_us"};

static inline __attribute__((always_inline)) bool key_is_0_when_absent(const char *key)
{
	return strcmp(key, "rx_bytes") == 0 || strcmp(key, "tx_bytes") == 0 ||
	       strcmp(key, "latest_handshake") == 0 || strcmp(key, "handshake_attempts") == 0 ||
	       strcmp(key, "staged") == 0;
}

/* A brief answer leaves out what is 0. */
static void zeros_set(uint64_t *numbers)
{
#define NUMBER(...)
#define PEER(name, type, labels, key, ...)                                                         \
	if (*numbers == XT_METRICS_ABSENT && key_is_0_when_absent(key))                            \
		*numbers = 0;                                                                      \
	numbers++;
#include "ipc/metrics.def"
#undef NUMBER
#undef PEER
}

static int peer_take(struct xt_metrics *m, const json_t *json)
{
	const json_t *counters = json_object_get(json, "counters");
	const char *code = json_string_value(json_object_get(json, "code"));
	uint64_t handshakes = number_of(json_object_get(counters, "taken_handshake"));
	struct xt_metrics_peer p = {.first_drop = m->n_counts};
	int drops = counts_take(m, counters, true);

	p.key = member_keep(m, json, "public_key");
	p.name = member_keep(m, json, "name");
	p.endpoint = member_keep(m, json, "endpoint");
	p.allowed = networks_keep(m, json_object_get(json, "allowed_ips"));
	p.code = text_keep(m, code);
	p.sentence = member_keep(m, json, "sentence");
	if (drops < 0 || !p.key || !p.name || !p.endpoint || !p.allowed || !p.code || !p.sentence ||
	    !room_make((void **)&m->peers, m->n_peers, &m->cap_peers, sizeof(*m->peers)))
		return XT_E_NOMEM;
	p.n_drops = (size_t)drops;
	p.up = code && strcmp(code, "up") == 0;
	p.fine = code && xt_why_word_is_fine(code);
	p.critical = json_is_true(json_object_get(json, "critical"));
	numbers_take(p.numbers, peer_numbers, XT_LEN(peer_numbers), json);
	if (m->instances[m->n_instances - 1].brief)
		zeros_set(p.numbers);
	number_set(p.numbers, peer_numbers, XT_LEN(peer_numbers), "handshakes",
		   handshakes == XT_METRICS_ABSENT ? 0 : handshakes);
	number_set(p.numbers, peer_numbers, XT_LEN(peer_numbers), "up",
		   code ? p.up : XT_METRICS_ABSENT);
	if (!p.critical)
		number_set(p.numbers, peer_numbers, XT_LEN(peer_numbers), "critical",
			   XT_METRICS_ABSENT);
	for (size_t i = 0; i < XT_LEN(unknown_when_0); i++)
		if (number_of(json_object_get(json, unknown_when_0[i])) == 0)
			number_set(p.numbers, peer_numbers, XT_LEN(peer_numbers), unknown_when_0[i],
				   XT_METRICS_ABSENT);
	m->peers[m->n_peers++] = p;
	return 0;
}

/* A peer that the part before has begun: a long list of its AllowedIPs was cut. */
static int peer_continue(struct xt_metrics *m, const json_t *json)
{
	struct xt_metrics_peer *p = &m->peers[m->n_peers - 1];
	const char *more = networks_keep(m, json_object_get(json, "allowed_ips"));
	size_t len = strlen(p->allowed);
	char *joined;

	if (!more)
		return XT_E_NOMEM;
	if (!*more)
		return 0;
	joined = text_room(m, len + 1 + strlen(more) + 1);
	if (!joined)
		return XT_E_NOMEM;
	memcpy(joined, p->allowed, len);
	if (len)
		joined[len++] = ',';
	strcpy(joined + len, more);
	p->allowed = joined;
	return 0;
}

int xt_metrics_add_peers(struct xt_metrics *m, const json_t *part)
{
	struct xt_metrics_instance *instance =
	    m->n_instances ? &m->instances[m->n_instances - 1] : NULL;
	json_t *peer;
	int rc = 0;
	size_t i;

	if (!instance || instance->reason)
		return XT_E_INVALID;
	json_array_foreach(json_object_get(part, "peers"), i, peer)
	{
		bool continues = i == 0 && m->n_peers > instance->first_peer &&
				 json_is_true(json_object_get(peer, "continues"));

		if (rc == 0 && json_is_object(peer))
			rc = continues ? peer_continue(m, peer) : peer_take(m, peer);
	}
	instance->n_peers = m->n_peers - instance->first_peer;
	number_set(instance->numbers, device_numbers, XT_LEN(device_numbers), "peers",
		   instance->n_peers);
	return rc;
}

static struct xt_metrics_instance *instance_add(struct xt_metrics *m, const char *name)
{
	const char *kept = text_keep(m, name);

	if (!kept || !room_make((void **)&m->instances, m->n_instances, &m->cap_instances,
				sizeof(*m->instances)))
		return NULL;
	m->instances[m->n_instances] = (struct xt_metrics_instance){
	    .name = kept, .first_count = m->n_counts, .first_peer = m->n_peers};
	return &m->instances[m->n_instances++];
}

int xt_metrics_add_silent(struct xt_metrics *m, const char *name, const char *reason)
{
	struct xt_metrics_instance *last =
	    m->n_instances ? &m->instances[m->n_instances - 1] : NULL;

	if (last && strcmp(last->name, name) == 0 && !last->reason) {
		m->n_peers = last->first_peer;
		m->n_counts = last->first_count;
		m->n_instances--;
	}
	last = instance_add(m, name);
	if (!last)
		return XT_E_NOMEM;
	last->reason = text_keep(m, reason);
	if (last->reason)
		return 0;
	last->reason = "";
	return XT_E_NOMEM;
}

int xt_metrics_add(struct xt_metrics *m, const json_t *status)
{
	const char *name = json_string_value(json_object_get(status, "name"));
	const json_t *running = json_object_get(status, "running");
	struct xt_metrics_instance *instance;
	int counts;

	if (!name)
		return XT_E_INVALID;
	if (json_is_false(running))
		return xt_metrics_add_silent(m, name, "is not running");
	instance = instance_add(m, name);
	if (!instance)
		return XT_E_NOMEM;
	instance->key = member_keep(m, status, "public_key");
	instance->version = member_keep(m, status, "version");
	instance->aead = member_keep(m, status, "aead");
	instance->offload = member_keep(m, status, "offload");
	instance->sandbox = member_keep(m, json_object_get(status, "sandbox"), "state");
	instance->echo = member_keep(m, json_object_get(status, "echo"), "mode");
	counts = counts_take(m, json_object_get(status, "counters"), false);
	instance->n_counts = counts < 0 ? 0 : (size_t)counts;
	instance->first_peer = m->n_peers;
	instance->brief = json_is_true(json_object_get(status, "brief"));
	numbers_take(instance->numbers, device_numbers, XT_LEN(device_numbers), status);
	if (counts < 0 || !instance->key || !instance->version || !instance->aead ||
	    !instance->offload || !instance->sandbox || !instance->echo)
		return XT_E_NOMEM;
	return xt_metrics_add_peers(m, status);
}
