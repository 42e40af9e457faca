/* SPDX-License-Identifier: MIT */
/* One case of merging: packets that arrive together, the result of a kernel's GRO, and ours. Text
 * as in tests/vectors/gro.txt:
 *
 *	case NAME
 *	in LINE              packets by rule (gro_line.h)
 *	differs REASON       our result differs from the kernel's on purpose; it is:
 *	ours pass 0          packet 0 passes alone, unchanged
 *	ours super 1-3,5     these become one
 *	out pass 0           the kernel's result, in its order
 *	out super 1-3,5 type=1 flags=1 size=100 csum=20+16 head=45…   with the virtio-net header's
 *	                     words, and the packet's own headers in hex
 *
 * "ours" lines have no headers, at most a type: splitting must give back the packets. */
#ifndef XT_TESTS_GRO_CASE_H
#define XT_TESTS_GRO_CASE_H

#include <stddef.h>

#include "gro_line.h"
#include "packet/merge.h"
#include "packet/vnet.h"

#define GRO_PACKETS 320
#define GRO_HEAD    120
#define GRO_TEXT    4096

/* Intended differences: in the order of packets only, or in merging less or more. */
static const struct gro_reason {
	const char *name;
	enum { GRO_ORDER, GRO_LESS, GRO_MORE } how;
	const char *why;
} gro_reasons[] = {
    {"order", GRO_ORDER,
     "the kernel lets a packet that it cannot join overtake those it holds; we keep the order"},
    {"across", GRO_LESS,
     "the kernel joins packets over one between them that it cannot join; we keep the order"},
    {"count", GRO_LESS, "we join at most 64 segments, as the kernel does for UDP"},
    {"urgent", GRO_LESS,
     "the kernel forgets an urgent pointer that differs; cutting would not give it back"},
    {"number", GRO_LESS,
     "without DF, the identification has to count: cutting numbers the segments (the kernel "
     "keeps a mark that a virtio-net header has no word for)"},
    {"extension", GRO_LESS, "packets with IPv6 extension headers go alone"},
    {"cwr", GRO_MORE,
     "CWR on the first segment: what the kernel's own cutting makes of TSO_ECN is joined again, as "
     "the kernel did before it knew accurate ECN"},
    {"lanes", GRO_MORE, "we hold sixteen flows at once, the kernel eight of one hash"},
};

struct gro_packet {
	uint8_t *bytes;
	uint32_t len, headers, payload, flow;
};

struct gro_group {
	bool super, typed; /* typed: type is compared, though there is no head */
	uint32_t n, head_len;
	uint16_t of[GRO_PACKETS];
	uint8_t type, flags;
	uint16_t size, csum_start, csum_offset;
	uint8_t head[GRO_HEAD];
};

struct gro_groups {
	uint32_t n;
	struct gro_group at[GRO_PACKETS];
};

struct gro_case {
	char name[64], differs[64];
	struct gro_flows flows;
	uint32_t n, used;
	struct gro_packet in[GRO_PACKETS];
	struct gro_groups kernel, ours; /* ours: only where they differ */
	uint8_t memory[GRO_PACKETS * 2000];
};

static inline void gro_in(struct gro_case *c, char *text)
{
	struct gro_line line;

	gro_line_parse(&line, &c->flows, text);
	for (uint32_t k = 0; k < line.n; k++, c->n++) {
		uint32_t len = k + 1 == line.n && line.last != UINT32_MAX ? line.last : line.len;
		struct gro_packet *pkt = &c->in[c->n];

		if (c->n == GRO_PACKETS || c->used + len + 256 > sizeof(c->memory))
			gro_die("%s: too many packets", c->name);
		pkt->bytes = c->memory + c->used;
		pkt->len = (uint32_t)gro_packet(&line, &c->flows, pkt->bytes, c->n, len);
		pkt->payload = len;
		pkt->headers = pkt->len - len - line.pad;
		pkt->flow = line.flow;
		c->used += (pkt->len + 15) & ~15u;
	}
}

static inline void gro_list_parse(struct gro_group *g, const char *text)
{
	char *end = NULL;

	for (;; text = end + 1) {
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && g->n < GRO_PACKETS; first++)
			g->of[g->n++] = (uint16_t)first;
		if (*end != ',')
			return;
	}
}

static inline void gro_list_print(FILE *f, const struct gro_group *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t last = i;

		while (last + 1 < g->n && g->of[last + 1] == g->of[last] + 1)
			last++;
		fprintf(f, "%s%u", i ? "," : "", g->of[i]);
		if (last > i)
			fprintf(f, "-%u", g->of[last]);
		i = last;
	}
}

static inline uint32_t gro_hex(uint8_t *to, uint32_t room, const char *hex)
{
	uint32_t n = 0;
	unsigned byte;

	while (n < room && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		to[n++] = (uint8_t)byte;
	return n;
}

static inline void gro_group_parse(struct gro_groups *groups, const char *text)
{
	struct gro_group *g = &groups->at[groups->n++];
	char list[1024], hex[2 * GRO_HEAD + 1];
	int words;

	if (groups->n > GRO_PACKETS)
		gro_die("too many groups");
	*g = (struct gro_group){.super = strncmp(text, "super ", 6) == 0};
	words =
	    sscanf(text, "%*s %1023s type=%hhi flags=%hhi size=%hu csum=%hu+%hu head=%240[0-9a-f]",
		   list, &g->type, &g->flags, &g->size, &g->csum_start, &g->csum_offset, hex);
	if (words < 1)
		gro_die("no packets: %s", text);
	gro_list_parse(g, list);
	g->typed = words > 1;
	if (words == 7)
		g->head_len = gro_hex(g->head, sizeof(g->head), hex);
}

static inline void gro_group_print(FILE *f, const struct gro_group *g)
{
	fputs(g->super ? "super " : "pass ", f);
	gro_list_print(f, g);
	if (g->super) {
		fprintf(f, " type=%#x flags=%u size=%u csum=%u+%u head=", g->type, g->flags,
			g->size, g->csum_start, g->csum_offset);
		for (uint32_t i = 0; i < g->head_len; i++)
			fprintf(f, "%02x", g->head[i]);
	}
	fputc('\n', f);
}

static inline void gro_groups_print(FILE *f, const char *before, const struct gro_groups *groups)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		fputs(before, f);
		gro_group_print(f, &groups->at[i]);
	}
}

static inline bool gro_begins(char *line, const char *word, char **rest)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) != 0)
		return false;
	*rest = line + len;
	return true;
}

/* Read the next case of the file; false: there is none. Lines outside of cases, and all but "out"
 * lines, are written to copy, unless it is NULL. */
static inline bool gro_case_read(struct gro_case *c, FILE *file, FILE *copy)
{
	static char line[GRO_TEXT];
	char *rest;

	memset(c, 0, offsetof(struct gro_case, memory));
	while (fgets(line, sizeof(line), file)) {
		bool out = gro_begins(line, "out ", &rest);

		if (copy && !out && strncmp(line, "# kernel: ", 10) != 0 && line[0] != '\n')
			fputs(line, copy);
		if (out)
			gro_group_parse(&c->kernel, rest);
		else if (gro_begins(line, "case ", &rest))
			snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(rest, "\n"), rest);
		else if (gro_begins(line, "in ", &rest))
			gro_in(c, rest);
		else if (gro_begins(line, "differs ", &rest))
			snprintf(c->differs, sizeof(c->differs), "%.*s", (int)strcspn(rest, "\n"),
				 rest);
		else if (gro_begins(line, "ours ", &rest))
			gro_group_parse(&c->ours, rest);
		else if (line[0] == '\n' && c->n)
			return true; /* an empty line ends a case */
		else if (line[0] != '#' && line[0] != '\n')
			gro_die("not understood: %s", line);
	}
	return c->n != 0;
}

/* Where the payload of a whole TCP or UDP packet begins. */
static inline uint32_t gro_headers(const uint8_t *p)
{
	uint32_t upper = p[0] >> 4 == 4 ? (p[0] & 15u) * 4 : 40;
	uint8_t protocol = p[0] >> 4 == 4 ? p[9] : p[6];

	if (upper == 40 && protocol == 60) {
		protocol = p[40];
		upper += 8;
	}
	return upper + (protocol == 6 ? (p[upper + 12] >> 4) * 4u : 8);
}

/* Append one result: bytes behind the virtio-net header vnet. It must consist of packets of no
 * earlier result (taken). false: it does not. */
static inline bool gro_see(struct gro_groups *groups, const struct gro_case *c, bool *taken,
			   const uint8_t *vnet, const uint8_t *p, uint32_t len)
{
	struct gro_group *g = &groups->at[groups->n];
	uint32_t at;

	*g = (struct gro_group){.super = vnet[1] != 0};
	for (uint32_t i = 0; !g->super && i < c->n; i++) {
		if (taken[i] || c->in[i].len != len || memcmp(c->in[i].bytes, p, len) != 0)
			continue;
		taken[i] = true;
		g->of[g->n++] = (uint16_t)i;
		groups->n++;
		return true;
	}
	if (!g->super)
		return false;
	g->type = vnet[1];
	g->flags = vnet[0] & 1;
	g->size = (uint16_t)(vnet[4] | vnet[5] << 8);
	g->csum_start = (uint16_t)(vnet[6] | vnet[7] << 8);
	g->csum_offset = (uint16_t)(vnet[8] | vnet[9] << 8);
	g->head_len = at = gro_headers(p);
	memcpy(g->head, p, g->head_len);
	for (uint32_t i = 0; at < len && i < c->n; i++) {
		const struct gro_packet *in = &c->in[i];

		if (taken[i] || !in->payload || in->payload > len - at ||
		    memcmp(in->bytes + in->headers, p + at, in->payload) != 0)
			continue;
		taken[i] = true;
		g->of[g->n++] = (uint16_t)i;
		at += in->payload;
	}
	groups->n++;
	return at == len;
}

/* By flow, and within a flow in order of results or, with arrived, of arrival of first packets. */
static inline void gro_sort(struct gro_groups *groups, const struct gro_case *c, bool arrived)
{
	for (uint32_t i = 1; i < groups->n; i++)
		for (uint32_t k = i; k > 0; k--) {
			uint32_t x = groups->at[k - 1].of[0], y = groups->at[k].of[0];
			struct gro_group swap = groups->at[k];

			if (c->in[y].flow > c->in[x].flow ||
			    (c->in[y].flow == c->in[x].flow && (!arrived || y > x)))
				break;
			groups->at[k] = groups->at[k - 1];
			groups->at[k - 1] = swap;
		}
}

/* Both sorted. NULL, or the first difference; headers are compared only where b has them. */
static inline const char *gro_compare(const struct gro_groups *a, const struct gro_groups *b)
{
	if (a->n != b->n)
		return "number of packets";
	for (uint32_t i = 0; i < a->n; i++) {
		const struct gro_group *x = &a->at[i], *y = &b->at[i];

		if (x->super != y->super || x->n != y->n ||
		    memcmp(x->of, y->of, x->n * sizeof(x->of[0])) != 0)
			return "what is joined, or its order";
		if (y->super && (y->typed || y->head_len) && x->type != y->type)
			return "type";
		if (!y->super || y->head_len == 0)
			continue;
		if (x->size != y->size)
			return "size of segments";
		if (x->flags != y->flags || x->csum_start != y->csum_start ||
		    x->csum_offset != y->csum_offset)
			return "place of the checksum";
		if (x->head_len != y->head_len || memcmp(x->head, y->head, x->head_len) != 0)
			return "headers";
	}
	return NULL;
}

/* Is each super-packet of a inside one of b? */
static inline bool gro_within(const struct gro_groups *a, const struct gro_groups *b)
{
	uint32_t in[GRO_PACKETS] = {0};

	for (uint32_t i = 0; i < b->n; i++)
		for (uint32_t k = 0; k < b->at[i].n; k++)
			in[b->at[i].of[k]] = i;
	for (uint32_t i = 0; i < a->n; i++)
		for (uint32_t k = 1; k < a->at[i].n; k++)
			if (in[a->at[i].of[k]] != in[a->at[i].of[0]])
				return false;
	return true;
}

/* Is our result of the case the kernel's, except for the difference that the case names? All are
 * sorted on return. NULL, or the error. */
static inline const char *gro_judge(struct gro_case *c, struct gro_groups *ours,
				    struct gro_groups *kernel)
{
	const struct gro_reason *reason = NULL;

	for (size_t i = 0; i < sizeof(gro_reasons) / sizeof(gro_reasons[0]); i++)
		if (strcmp(c->differs, gro_reasons[i].name) == 0)
			reason = &gro_reasons[i];
	if (c->differs[0] && !reason)
		return "this reason to differ is not known";
	gro_sort(ours, c, false);
	gro_sort(&c->ours, c, false);
	gro_sort(kernel, c, reason && reason->how == GRO_ORDER);
	if (!reason || reason->how == GRO_ORDER)
		return gro_compare(ours, kernel);
	if (reason->how == GRO_LESS && !gro_within(ours, kernel))
		return "joined what the kernel keeps apart";
	if (reason->how == GRO_MORE && !gro_within(kernel, ours))
		return "kept apart what the kernel joins";
	return gro_compare(ours, &c->ours);
}

#endif
