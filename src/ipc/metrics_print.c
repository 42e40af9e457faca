/* SPDX-License-Identifier: MIT */
/* Metrics as text, a few lines at a time: the text of many peers is never there as a whole. */
#include "ipc/metrics_impl.h"

#include <string.h>

#include "base/bytes.h"

enum type { GAUGE, COUNTER };
enum kind { BUILD, STATE, DEVICE, NUMBER, VERDICTS, PEER, FACT, PEER_DROPS };
enum labels { OURS, MINDFLAVOR, MDLAYHER, ALLOWED, WHY };

/* number  its place among those of the instance or of a peer
 * drops   of VERDICTS: which they are */
struct family {
	enum kind kind;
	const char *name;
	enum type type;
	enum labels labels;
	size_t number;
	uint64_t divisor;
	const char *label, *value;
	bool drops;
	const char *help;
};

/* The place of a row among the numbers of its kind: rows are counted in the order of the table. */
enum device_row {
#define BUILD(...)
#define STATE(...)
#define DEVICE(...)
#define NUMBER_ROW(line)  DEVICE_ROW_##line
#define NUMBER_AT(line)	  NUMBER_ROW(line)
#define NUMBER(name, ...) NUMBER_AT(__LINE__),
#define VERDICTS(...)
#define PEER(...)
#define FACT(...)
#define PEER_DROPS(...)
#include "ipc/metrics.def"
#undef NUMBER
#undef PEER
};
enum peer_row {
#define NUMBER(...)
#define PEER_ROW(line)	PEER_ROW_##line
#define PEER_AT(line)	PEER_ROW(line)
#define PEER(name, ...) PEER_AT(__LINE__),
#include "ipc/metrics.def"
#undef BUILD
#undef STATE
#undef DEVICE
#undef NUMBER
#undef VERDICTS
#undef PEER
#undef FACT
#undef PEER_DROPS
};

static const struct family families[] = {
#define FAMILY(k, n, ...) {.kind = k, .name = n, __VA_ARGS__},
#define BUILD(n, h)	  FAMILY(BUILD, n, .help = h)
#define STATE(n, h)	  FAMILY(STATE, n, .help = h)
#define DEVICE(n, l, h)	  FAMILY(DEVICE, n, .labels = l, .help = h)
#define NUMBER(n, t, o, k, d, l, v, h)                                                             \
	FAMILY(NUMBER, n, .type = t, .number = NUMBER_AT(__LINE__), .divisor = d, .label = l,      \
	       .value = v, .help = h)
#define VERDICTS(n, d, h) FAMILY(VERDICTS, n, .type = COUNTER, .drops = d, .help = h)
#define PEER(n, t, l, k, d, h)                                                                     \
	FAMILY(PEER, n, .type = t, .labels = l, .number = PEER_AT(__LINE__), .divisor = d,         \
	       .help = h)
#define FACT(n, l, h)	 FAMILY(FACT, n, .labels = l, .help = h)
#define PEER_DROPS(n, h) FAMILY(PEER_DROPS, n, .type = COUNTER, .help = h)
#include "ipc/metrics.def"
};

/* Texts are appended before this many bytes wait. */
#define PART 4096u

const char *xt_metrics_content_type(enum xt_metrics_format format)
{
	return format == XT_METRICS_OPENMETRICS
		   ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		   : "text/plain; version=0.0.4; charset=utf-8";
}

void xt_metrics_put_number(struct xt_secbuf *text, uint64_t n, uint64_t divisor)
{
	char digits[44], *p = digits + sizeof(digits);
	uint64_t whole = n / divisor, rest = n % divisor;
	bool zeros = true;

	for (uint64_t d = divisor; d > 1; d /= 10, rest /= 10) {
		zeros = zeros && rest % 10 == 0;
		if (!zeros)
			*--p = (char)('0' + rest % 10);
	}
	if (!zeros)
		*--p = '.';
	do
		*--p = (char)('0' + whole % 10);
	while (whole /= 10);
	xt_secbuf_append(text, p, (size_t)(digits + sizeof(digits) - p));
}

/* --- lines --- */

static void head_put(struct xt_metrics_reading *r, const struct family *f)
{
	size_t len = strlen(f->name);
	int n;

	if (r->headed)
		return;
	r->headed = true;
	if (f > families && strcmp(f[-1].name, f->name) == 0)
		return;
	/* In OpenMetrics the suffix of a counter belongs to its samples alone. */
	if (r->format == XT_METRICS_OPENMETRICS && f->type == COUNTER)
		len -= strlen("_total");
	n = (int)len;
	xt_secbuf_printf(&r->text, "# HELP %.*s %s\n# TYPE %.*s %s\n", n, f->name, f->help, n,
			 f->name, f->type == COUNTER ? "counter" : "gauge");
}

/* A line has some twenty pieces, and there are many lines: the usual case is inline. */
static inline void piece_put(struct xt_secbuf *text, const char *piece, size_t len)
{
	if (text->error || text->cap - text->len <= len) {
		xt_secbuf_append(text, piece, len);
		return;
	}
	memcpy(text->p + text->len, piece, len);
	xt_secbuf_added(text, len);
}

static inline void label_put(struct xt_secbuf *text, const char *name, const char *value)
{
	if (text->error)
		return;
	piece_put(text, ",", text->p[text->len - 1] != '{');
	piece_put(text, name, strlen(name));
	piece_put(text, "=\"", 2);
	piece_put(text, value, strlen(value));
	piece_put(text, "\"", 1);
}

static struct xt_secbuf *sample_begin(struct xt_metrics_reading *r, const struct family *f)
{
	head_put(r, f);
	piece_put(&r->text, f->name, strlen(f->name));
	piece_put(&r->text, "{", 1);
	return &r->text;
}

static void sample_end(struct xt_secbuf *text, uint64_t n, uint64_t divisor)
{
	piece_put(text, "} ", 2);
	xt_metrics_put_number(text, n, divisor);
	piece_put(text, "\n", 1);
}

/* --- an instance --- */

static void device_put(struct xt_metrics_reading *r, const struct family *f,
		       const struct xt_metrics_instance *i)
{
	struct xt_secbuf *text = sample_begin(r, f);

	if (f->labels == MDLAYHER) {
		label_put(text, "device", i->name);
		label_put(text, "public_key", i->key);
	} else {
		label_put(text, "interface", i->name);
		label_put(text, "version", i->version);
		label_put(text, "aead", i->aead);
		label_put(text, "offload", i->offload);
		label_put(text, "sandbox", i->sandbox);
		label_put(text, "echo", i->echo);
	}
	sample_end(text, 1, 1);
}

static void counts_put(struct xt_metrics_reading *r, const struct family *f,
		       const struct xt_metrics *m, const struct xt_metrics_instance *i)
{
	for (size_t n = 0; n < i->n_counts; n++) {
		const struct xt_metrics_count *count = &m->counts[i->first_count + n];
		struct xt_secbuf *text;

		if ((strncmp(count->verdict, "drop_", 5) == 0) != f->drops)
			continue;
		text = sample_begin(r, f);
		label_put(text, "interface", i->name);
		label_put(text, "verdict", count->verdict + (f->drops ? 5 : 0));
		sample_end(text, count->n, 1);
	}
}

static void instance_put(struct xt_metrics_reading *r, const struct family *f,
			 const struct xt_metrics *m, const struct xt_metrics_instance *i)
{
	struct xt_secbuf *text;

	if (f->kind == STATE) {
		text = sample_begin(r, f);
		label_put(text, "interface", i->name);
		sample_end(text, !i->reason, 1);
	} else if (i->reason) {
		return;
	} else if (f->kind == DEVICE) {
		device_put(r, f, i);
	} else if (f->kind == VERDICTS) {
		counts_put(r, f, m, i);
	} else if (i->numbers[f->number] != XT_METRICS_ABSENT) {
		text = sample_begin(r, f);
		label_put(text, "interface", i->name);
		if (f->label)
			label_put(text, f->label, f->value);
		sample_end(text, i->numbers[f->number], f->divisor);
	}
}

/* --- a peer --- */

static void peer_labels_put(struct xt_secbuf *text, enum labels labels,
			    const struct xt_metrics_instance *i, const struct xt_metrics_peer *p)
{
	bool device = labels == MDLAYHER || labels == ALLOWED;

	label_put(text, device ? "device" : "interface", i->name);
	label_put(text, "public_key", p->key);
	if (labels == MINDFLAVOR) {
		label_put(text, "allowed_ips", p->allowed);
		label_put(text, "friendly_name", p->name);
	} else if (!device) {
		label_put(text, "name", p->name);
	}
}

static void allowed_put(struct xt_metrics_reading *r, const struct family *f,
			const struct xt_metrics_instance *i, const struct xt_metrics_peer *p)
{
	const char *at = p->allowed;

	while (*at) {
		size_t len = strcspn(at, ",");
		struct xt_secbuf *text = sample_begin(r, f);

		peer_labels_put(text, f->labels, i, p);
		xt_secbuf_puts(text, ",allowed_ips=\"");
		xt_secbuf_append(text, at, len);
		xt_secbuf_append(text, "\"", 1);
		sample_end(text, 1, 1);
		at += len + (at[len] == ',');
	}
}

static void fact_put(struct xt_metrics_reading *r, const struct family *f,
		     const struct xt_metrics_instance *i, const struct xt_metrics_peer *p)
{
	struct xt_secbuf *text = sample_begin(r, f);

	peer_labels_put(text, f->labels, i, p);
	if (f->labels == WHY) {
		label_put(text, "code", p->code);
	} else {
		label_put(text, "endpoint", p->endpoint);
		label_put(text, "name", p->name);
		label_put(text, "allowed_ips", p->allowed);
	}
	sample_end(text, 1, 1);
}

static void drops_put(struct xt_metrics_reading *r, const struct family *f,
		      const struct xt_metrics *m, const struct xt_metrics_instance *i,
		      const struct xt_metrics_peer *p)
{
	for (size_t n = 0; n < p->n_drops; n++) {
		const struct xt_metrics_count *count = &m->counts[p->first_drop + n];
		struct xt_secbuf *text = sample_begin(r, f);

		peer_labels_put(text, OURS, i, p);
		label_put(text, "verdict", count->verdict + 5);
		sample_end(text, count->n, 1);
	}
}

static void peer_put(struct xt_metrics_reading *r, const struct family *f,
		     const struct xt_metrics *m, const struct xt_metrics_instance *i,
		     const struct xt_metrics_peer *p)
{
	struct xt_secbuf *text;

	if (f->kind == PEER_DROPS) {
		drops_put(r, f, m, i, p);
	} else if (f->kind == FACT && f->labels == ALLOWED) {
		allowed_put(r, f, i, p);
	} else if (f->kind == FACT) {
		if (f->labels != WHY || *p->code)
			fact_put(r, f, i, p);
	} else if (p->numbers[f->number] != XT_METRICS_ABSENT) {
		text = sample_begin(r, f);
		peer_labels_put(text, f->labels, i, p);
		sample_end(text, p->numbers[f->number], f->divisor);
	}
}

/* --- the reading --- */

static void build_put(struct xt_metrics_reading *r, const struct family *f,
		      const struct xt_metrics *m)
{
	struct xt_secbuf *text = sample_begin(r, f);

	label_put(text, "version", m->version);
	sample_end(text, 1, 1);
}

static void family_next(struct xt_metrics_reading *r)
{
	r->family++;
	r->instance = r->peer = 0;
	r->headed = false;
}

/* Append what one instance or peer has of the present family. */
static void reading_step(const struct xt_metrics *m, struct xt_metrics_reading *r)
{
	const struct family *f = &families[r->family];
	const struct xt_metrics_instance *i = &m->instances[r->instance];

	if (f->kind == BUILD) {
		build_put(r, f, m);
		family_next(r);
	} else if (r->instance == m->n_instances) {
		family_next(r);
	} else if (f->kind < PEER) {
		instance_put(r, f, m, i);
		r->instance++;
	} else if (r->peer == i->n_peers) {
		r->instance++;
		r->peer = 0;
	} else {
		peer_put(r, f, m, i, &m->peers[i->first_peer + r->peer]);
		r->peer++;
	}
}

static void reading_fill(const struct xt_metrics *m, struct xt_metrics_reading *r)
{
	while (r->text.len < PART && !r->text.error && r->family < XT_LEN(families))
		reading_step(m, r);
	if (r->family == XT_LEN(families) && !r->complete) {
		r->complete = true;
		if (r->format == XT_METRICS_OPENMETRICS)
			xt_secbuf_puts(&r->text, "# EOF\n");
	}
}

size_t xt_metrics_read(const struct xt_metrics *m, struct xt_metrics_reading *r, char *buf,
		       size_t len)
{
	size_t n;

	if (r->taken == r->text.len) {
		r->text.len = r->taken = 0;
		r->text.max = XT_SECBUF_MAX;
		reading_fill(m, r);
	}
	if (r->text.error)
		return 0;
	n = XT_MIN(len, r->text.len - r->taken);
	if (n)
		memcpy(buf, r->text.p + r->taken, n);
	r->taken += n;
	return n;
}

void xt_metrics_read_end(struct xt_metrics_reading *r)
{
	xt_secbuf_clear(&r->text);
}
