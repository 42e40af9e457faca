/* SPDX-License-Identifier: MIT */
/* What the status page and a check of health need of the state. */
#include <string.h>

#include "ipc/metrics_impl.h"

static const char *peer_word(const struct xt_metrics_peer *p)
{
	return *p->name ? p->name : p->key;
}

/* Texts were escaped for labels and JSON; a line of plain text has a space for a line end. */
static void plain_put(struct xt_secbuf *text, const char *escaped)
{
	for (; *escaped; escaped++) {
		bool escape = *escaped == '\\' && escaped[1];

		escaped += escape;
		xt_secbuf_append(text, escape && *escaped == 'n' ? " " : escaped, 1);
	}
}

static void reason_put(struct xt_secbuf *reasons, const struct xt_metrics_instance *i,
		       const struct xt_metrics_peer *p)
{
	plain_put(reasons, i->name);
	xt_secbuf_puts(reasons, ": ");
	if (!p) {
		plain_put(reasons, i->reason);
	} else {
		plain_put(reasons, peer_word(p));
		xt_secbuf_puts(reasons, ": ");
		plain_put(reasons, *p->code ? p->code : "not known");
		if (*p->sentence) {
			xt_secbuf_puts(reasons, ": ");
			plain_put(reasons, p->sentence);
		}
	}
	xt_secbuf_puts(reasons, "\n");
}

void xt_metrics_silent(const struct xt_metrics *m, struct xt_secbuf *reasons)
{
	for (size_t i = 0; i < m->n_instances; i++)
		if (m->instances[i].reason)
			reason_put(reasons, &m->instances[i], NULL);
}

bool xt_metrics_healthy(const struct xt_metrics *m, struct xt_secbuf *reasons)
{
	bool healthy = true;

	for (size_t i = 0; i < m->n_instances; i++) {
		const struct xt_metrics_instance *instance = &m->instances[i];

		if (instance->reason) {
			healthy = false;
			reason_put(reasons, instance, NULL);
		}
		for (size_t n = 0; n < instance->n_peers; n++) {
			const struct xt_metrics_peer *p = &m->peers[instance->first_peer + n];

			if (!p->critical || p->up)
				continue;
			healthy = false;
			reason_put(reasons, instance, p);
		}
	}
	return healthy;
}

static void member_put(struct xt_secbuf *json, const char *key, const char *escaped)
{
	xt_secbuf_puts(json, ",\"");
	xt_secbuf_puts(json, key);
	xt_secbuf_puts(json, "\":\"");
	xt_secbuf_puts(json, escaped);
	xt_secbuf_puts(json, "\"");
}

static void number_put(struct xt_secbuf *json, const char *key, uint64_t n)
{
	if (n != XT_METRICS_ABSENT)
		xt_secbuf_printf(json, ",\"%s\":%llu", key, (unsigned long long)n);
}

static void flag_put(struct xt_secbuf *json, const char *key, bool value)
{
	xt_secbuf_printf(json, ",\"%s\":%s", key, value ? "true" : "false");
}

/* Rows of one key have one value: the name of a number is that key. */
static void numbers_put(struct xt_secbuf *json, const uint64_t *numbers, bool of_peer)
{
	size_t i = 0;

#define BUILD(...)
#define STATE(...)
#define DEVICE(...)
#define VERDICTS(...)
#define FACT(...)
#define PEER_DROPS(...)
#define PEER(...)
#define NUMBER(name, type, object, key, ...)                                                       \
	if (!of_peer && strcmp(key, "peers") != 0)                                                 \
		number_put(json, key, numbers[i]);                                                 \
	i++;
#include "ipc/metrics.def"
#undef PEER
#undef NUMBER
	i = 0;
#define NUMBER(...)
#define PEER(name, type, label, key, ...)                                                          \
	if (of_peer && strncmp(name, "wireguard_peer_", 15) != 0 && strcmp(key, "up") != 0 &&      \
	    strcmp(key, "critical") != 0)                                                          \
		number_put(json, key, numbers[i]);                                                 \
	i++;
#include "ipc/metrics.def"
}

static void peer_put(struct xt_secbuf *json, const struct xt_metrics_peer *p, bool first)
{
	if (!first)
		xt_secbuf_puts(json, ",");
	xt_secbuf_printf(json, "{\"public_key\":\"%s\"", p->key);
	if (*p->name)
		member_put(json, "name", p->name);
	if (*p->endpoint)
		member_put(json, "endpoint", p->endpoint);
	member_put(json, "allowed_ips", p->allowed);
	member_put(json, "code", p->code);
	if (*p->sentence)
		member_put(json, "sentence", p->sentence);
	flag_put(json, "fine", p->fine);
	flag_put(json, "critical", p->critical);
	numbers_put(json, p->numbers, true);
	xt_secbuf_puts(json, "}");
}

/* Critical ones that are not up, others with a problem, the rest. */
static int peer_rank(const struct xt_metrics_peer *p)
{
	return p->critical && !p->up ? 0 : p->fine ? 2 : 1;
}

static void peers_put(struct xt_secbuf *json, const struct xt_metrics *m,
		      const struct xt_metrics_instance *instance)
{
	size_t put = 0;

	xt_secbuf_puts(json, ",\"peers\":[");
	for (int rank = 0; rank < 3; rank++)
		for (size_t n = 0; n < instance->n_peers && put < XT_METRICS_PAGE_PEERS; n++) {
			const struct xt_metrics_peer *p = &m->peers[instance->first_peer + n];

			if (peer_rank(p) != rank || json->error)
				continue;
			peer_put(json, p, put++ == 0);
		}
	xt_secbuf_printf(json, "],\"omitted\":%zu", instance->n_peers - put);
}

static void instance_put(struct xt_secbuf *json, const struct xt_metrics *m,
			 const struct xt_metrics_instance *instance)
{
	uint64_t drops = 0;

	xt_secbuf_printf(json, "{\"name\":\"%s\"", instance->name);
	flag_put(json, "up", !instance->reason);
	if (instance->reason) {
		member_put(json, "reason", instance->reason);
		xt_secbuf_puts(json, "}");
		return;
	}
	for (size_t n = 0; n < instance->n_counts; n++)
		if (strncmp(m->counts[instance->first_count + n].verdict, "drop_", 5) == 0)
			drops += m->counts[instance->first_count + n].n;
	member_put(json, "public_key", instance->key);
	member_put(json, "version", instance->version);
	member_put(json, "aead", instance->aead);
	member_put(json, "offload", instance->offload);
	member_put(json, "sandbox", instance->sandbox);
	number_put(json, "drops", drops);
	numbers_put(json, instance->numbers, false);
	peers_put(json, m, instance);
	xt_secbuf_puts(json, "}");
}

void xt_metrics_status(const struct xt_metrics *m, struct xt_secbuf *json)
{
	struct xt_secbuf reasons = XT_SECBUF_INIT(XT_SECBUF_MAX);

	xt_secbuf_printf(json, "{\"version\":\"%s\"", m->version);
	flag_put(json, "healthy", xt_metrics_healthy(m, &reasons));
	xt_secbuf_clear(&reasons);
	xt_secbuf_puts(json, ",\"instances\":[");
	for (size_t i = 0; i < m->n_instances && !json->error; i++) {
		if (i)
			xt_secbuf_puts(json, ",");
		instance_put(json, m, &m->instances[i]);
	}
	xt_secbuf_puts(json, "]}\n");
}
