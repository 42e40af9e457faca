/* SPDX-License-Identifier: MIT */
/* One case of segmentation: a super-packet, or a packet with a partial checksum, and the result of
 * a kernel without offload. Text as in tests/vectors/gso.txt:
 *
 *	case NAME
 *	super LINE           by rule (gro_line.h): n=1, size of segments; 0: only a partial checksum
 *	zero AT              two bytes of payload are set so that the first segment's checksum is 0
 *	differs REASON       one intended difference: gso_reasons
 *	out AT LEN HEAD      a segment: the position of its payload in the super-packet's, and its
 *	                     headers
 *	out refused          the kernel refused it */
#ifndef XT_TESTS_GSO_CASE_H
#define XT_TESTS_GSO_CASE_H

#include "gro_case.h"
#include "packet/split.h"

#define GSO_SEGMENTS 1200

struct gso_case {
	char name[64], differs[64];
	bool given, refused, zero;
	struct gro_line line;
	struct xt_gso gso;
	uint32_t len, headers, n;
	struct {
		uint32_t at, len, head_len;
		uint8_t head[GRO_HEAD];
	} segments[GSO_SEGMENTS];
	uint8_t bytes[70000];
};

static const struct {
	const char *name, *why;
} gso_reasons[] = {
    {"one", "the kernel drops a TCP super-packet of one segment; we take it for what it is"},
    {"zero", "the kernel completes a TCP checksum of 0 as 0xffff, as UDP needs; we leave it 0"},
};

static inline uint16_t gso_pseudo(const struct gso_case *c, uint32_t upper_len)
{
	uint8_t protocol = c->line.f.protocol;
	uint8_t tail[4] = {0, protocol, (uint8_t)(upper_len >> 8), (uint8_t)upper_len};

	if (c->line.f.version == 6)
		return slow_pseudo6(c->bytes, upper_len, protocol);
	return slow_sum(slow_sum(0, c->bytes + 12, 8), tail, 4);
}

/* Change the payload so that the first segment's sum becomes 0xffff. */
static inline void gso_zero(struct gso_case *c)
{
	static uint8_t copy[70000];
	uint32_t upper = c->gso.csum_start, payload = c->len - c->headers;
	uint32_t n = c->line.size && c->line.size < payload ? c->line.size : payload, sum;
	uint8_t *p = copy + upper, *word = c->bytes + c->headers + ((c->headers - upper) & 1);
	bool tcp = c->line.f.protocol == 6;

	memcpy(copy, c->bytes, c->headers + n);
	put16(p + c->gso.csum_offset, 0);
	if (!tcp)
		put16(p + 4, c->headers - upper + n);
	else if (n < payload)
		p[13] &= (uint8_t)~9;
	sum = slow_sum(gso_pseudo(c, c->headers - upper + n), p, c->headers - upper + n);
	sum = (0xffffu - sum) + ((uint32_t)word[0] << 8 | word[1]);
	put16(word, (sum & 0xffff) + (sum >> 16));
}

static inline void gso_build(struct gso_case *c, char *text)
{
	struct gro_flows flows = {0};
	struct gro_line *line = &c->line;
	bool tcp, v4;

	gro_line_parse(line, &flows, text);
	tcp = line->f.protocol == 6;
	v4 = line->f.version == 4;
	c->len = (uint32_t)gro_packet(line, &flows, c->bytes, 0, line->len);
	c->headers = c->len - line->len - line->pad;
	c->gso =
	    (struct xt_gso){.flags = XT_GSO_NEEDS_CSUM,
			    .csum_start = (uint16_t)(c->headers - (tcp ? 20 + line->f.options : 8)),
			    .csum_offset = tcp ? 16 : 6,
			    .size = (uint16_t)line->size};
	if (line->size) {
		c->gso.kind = (uint8_t)(!tcp ? XT_GSO_UDP : v4 ? XT_GSO_TCP4 : XT_GSO_TCP6);
		c->gso.header_len = (uint16_t)c->headers;
		c->gso.flags |= line->ecn ? XT_GSO_ECN : 0;
	}
	put16(c->bytes + c->gso.csum_start + c->gso.csum_offset,
	      gso_pseudo(c, c->len - line->pad - c->gso.csum_start));
	c->given = true;
}

static inline void gso_out(struct gso_case *c, const char *text)
{
	char hex[2 * GRO_HEAD + 1];
	uint32_t i = c->n++;

	if (strncmp(text, "refused", 7) == 0) {
		c->refused = true;
		c->n = 0;
		return;
	}
	if (i == GSO_SEGMENTS ||
	    sscanf(text, "%u %u %240[0-9a-f]", &c->segments[i].at, &c->segments[i].len, hex) != 3)
		gro_die("%s: no segment: %s", c->name, text);
	c->segments[i].head_len = gro_hex(c->segments[i].head, GRO_HEAD, hex);
}

/* As gro_case_read. */
static inline bool gso_case_read(struct gso_case *c, FILE *file, FILE *copy)
{
	static char line[GRO_TEXT];
	char *rest;

	memset(c, 0, sizeof(*c));
	while (fgets(line, sizeof(line), file)) {
		bool out = gro_begins(line, "out ", &rest);

		if (copy && !out && strncmp(line, "# kernel: ", 10) != 0 && line[0] != '\n')
			fputs(line, copy);
		if (out)
			gso_out(c, rest);
		else if (gro_begins(line, "case ", &rest))
			snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(rest, "\n"), rest);
		else if (gro_begins(line, "super ", &rest))
			gso_build(c, rest);
		else if (gro_begins(line, "zero", &rest) && c->given)
			gso_zero(c);
		else if (gro_begins(line, "differs ", &rest))
			snprintf(c->differs, sizeof(c->differs), "%.*s", (int)strcspn(rest, "\n"),
				 rest);
		else if (line[0] == '\n' && c->given)
			return true;
		else if (line[0] != '#' && line[0] != '\n')
			gro_die("not understood: %s", line);
	}
	return c->given;
}

/* Record the segments of the batch as the result of the case. NULL, or the error. */
static inline const char *gso_see(struct gso_case *c, const struct xt_batch *batch)
{
	uint32_t at = 0;

	c->n = 0;
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		uint32_t n = pkt->len - c->headers;

		if (i == GSO_SEGMENTS || pkt->len < c->headers || at + n > c->len - c->headers)
			return "more than there was";
		if (memcmp(c->bytes + c->headers + at, pkt->data + c->headers, n) != 0)
			return "another payload";
		c->segments[i].at = at;
		c->segments[i].len = n;
		c->segments[i].head_len = c->headers;
		memcpy(c->segments[i].head, pkt->data, c->headers);
		c->n++;
		at += n;
	}
	return at == c->len - c->headers || batch->n == 0 ? NULL : "less than there was";
}

static inline void gso_print(FILE *f, const struct gso_case *c)
{
	if (c->refused)
		fputs("out refused\n", f);
	for (uint32_t i = 0; i < c->n; i++) {
		fprintf(f, "out %u %u ", c->segments[i].at, c->segments[i].len);
		for (uint32_t k = 0; k < c->segments[i].head_len; k++)
			fprintf(f, "%02x", c->segments[i].head[k]);
		fputc('\n', f);
	}
}

/* NULL, or the difference between our result and the kernel's. */
static inline const char *gso_compare(const struct gso_case *c, const struct xt_batch *ours)
{
	uint32_t field = c->gso.csum_start + c->gso.csum_offset;
	bool zero = strcmp(c->differs, "zero") == 0;

	if (c->refused && strcmp(c->differs, "one") == 0)
		return ours->n == 1 && ours->pkts[0].verdict == XT_PASS ? NULL : "not one segment";
	if (c->refused)
		return ours->n == 1 && ours->pkts[0].verdict == XT_DROP_MALFORMED ? NULL : "taken";
	if (ours->n != c->n)
		return "number of segments";
	for (uint32_t i = 0; i < c->n; i++) {
		const struct xt_pkt *pkt = &ours->pkts[i];
		uint8_t head[GRO_HEAD];

		memcpy(head, c->segments[i].head, c->headers);
		if (zero && head[field] == 0xff && head[field + 1] == 0xff)
			put16(head + field, 0);
		if (pkt->verdict != XT_PASS || pkt->len != c->headers + c->segments[i].len)
			return "size of a segment";
		if (memcmp(pkt->data, head, c->headers) != 0)
			return "headers";
		if (memcmp(pkt->data + c->headers, c->bytes + c->headers + c->segments[i].at,
			   c->segments[i].len) != 0)
			return "payload";
	}
	return NULL;
}

/* Split the case to out. */
static inline void gso_ours(struct gso_case *c, struct xt_batch *in, struct xt_batch *out)
{
	struct xt_split at = {0};
	struct xt_pkt *pkt;

	xt_batch_reset(in);
	xt_batch_reset(out);
	pkt = xt_batch_add(in, c->len);
	if (!pkt)
		gro_die("%s: no room", c->name);
	memcpy(pkt->data, c->bytes, c->len);
	pkt->len = c->len;
	pkt->gso = c->gso;
	if (!xt_split(&at, in, out))
		gro_die("%s: no room for its segments", c->name);
}

#endif
