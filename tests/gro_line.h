/* SPDX-License-Identifier: MIT */
/* Packets by rule, for comparison with the kernel's own merging and segmentation. One line of text
 * describes some packets of one flow, and the flow continues from line to line:
 *
 *	tcp4/2 n=3 len=1000 flags=0x18 last=200
 *
 *	tcp4 tcp6 udp4 udp6      protocol; /2: of another flow (its source port)
 *	n len last               how many, with how much payload; that of the last, if it differs
 *	flags ack win stamp opt  TCP: flags, acknowledgement, window, first byte and length of
 *options
 *	seq                      TCP: offset from the position of the flow
 *	tos ttl label df         IP
 *	id idstep                IPv4: identification, and its increment (1)
 *	set=n6:0x80              byte 6 of the network header is XORed; t12: of the transport's. The
 *	                         checksums are computed afterwards. Up to four
 *	bad=t20:1                the same, and the checksums stay
 *	nosum ipopt ext pad      UDP without checksum; with IPv4 options; with an IPv6 extension
 *header;
 *	                         that many bytes behind the packet's end
 *	size ecn                 of a super-packet: its segments' payload, and whether CWR is
 *reported */
#ifndef XT_TESTS_GRO_LINE_H
#define XT_TESTS_GRO_LINE_H

#include <stdarg.h>
#include <stdio.h>

#include "base/printf.h"
#include "flows.h"

#define GRO_FLOWS   32
#define GRO_CHANGES 4

struct gro_change {
	bool network, before;
	uint32_t at;
	uint8_t bits;
};

struct gro_line {
	struct flow f;
	uint32_t flow, n, len, last, idstep, pad, size, ecn, ulen;
	bool nosum, ipopt, ext;
	struct gro_change changes[GRO_CHANGES];
	uint32_t n_changes;
};

/* The position of each flow of a case. */
struct gro_flows {
	struct {
		bool begun;
		uint16_t id;
		uint32_t seq;
	} at[4 * GRO_FLOWS];
};

XT_PRINTF(1, 2) __attribute__((noreturn)) static inline void gro_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("FAIL: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static inline void gro_kind(struct gro_line *line, const char *word)
{
	static const char kinds[4][5] = {"tcp4", "tcp6", "udp4", "udp6"};

	if (strlen(word) < 4)
		gro_die("no kind of packet: %s", word);
	for (uint32_t k = 0; k < 4; k++) {
		uint32_t other = word[4] == '/' ? (uint32_t)atoi(word + 5) : 0;

		if (strncmp(word, kinds[k], 4) != 0 || other >= GRO_FLOWS)
			continue;
		line->f = flow_of(k % 2 ? 6 : 4, k < 2 ? 6 : 17);
		line->f.sport = (uint16_t)(line->f.sport + other);
		line->flow = k * GRO_FLOWS + other;
		return;
	}
	gro_die("no kind of packet: %s", word);
}

static inline void gro_change(struct gro_line *line, const char *value, bool before)
{
	struct gro_change *c = &line->changes[line->n_changes++];
	const char *colon = strchr(value, ':');

	if (line->n_changes > GRO_CHANGES || !colon || (value[0] != 'n' && value[0] != 't'))
		gro_die("no change of a byte: %s", value);
	*c = (struct gro_change){.network = value[0] == 'n',
				 .before = before,
				 .at = (uint32_t)atoi(value + 1),
				 .bits = (uint8_t)strtoul(colon + 1, NULL, 0)};
}

/* One key with a number; false: no key has that name. */
static inline bool gro_number(struct gro_line *line, const char *key, uint32_t v)
{
	struct flow *f = &line->f;
	const struct {
		const char *key;
		void *field;
		uint8_t bytes;
	} fields[] = {
	    {"n", &line->n, 4},		 {"len", &line->len, 4},       {"last", &line->last, 4},
	    {"flags", &f->flags, 1},	 {"ack", &f->ack, 4},	       {"win", &f->window, 2},
	    {"stamp", &f->timestamp, 1}, {"opt", &f->options, 1},      {"tos", &f->tos, 1},
	    {"ttl", &f->ttl, 1},	 {"label", &f->label, 4},      {"df", &f->df, 1},
	    {"id", &f->id, 2},		 {"idstep", &line->idstep, 4}, {"pad", &line->pad, 4},
	    {"size", &line->size, 4},	 {"ecn", &line->ecn, 4},       {"ulen", &line->ulen, 4},
	    {"nosum", &line->nosum, 1},	 {"ipopt", &line->ipopt, 1},   {"ext", &line->ext, 1},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(key, fields[i].key) != 0)
			continue;
		if (fields[i].bytes == 1)
			*(uint8_t *)fields[i].field = (uint8_t)v;
		else if (fields[i].bytes == 2)
			*(uint16_t *)fields[i].field = (uint16_t)v;
		else
			*(uint32_t *)fields[i].field = v;
		return true;
	}
	return false;
}

static inline void gro_word(struct gro_line *line, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		gro_die("no value: %s", word);
	*value++ = '\0';
	if (strcmp(word, "seq") == 0)
		line->f.seq += (uint32_t)strtol(value, NULL, 0);
	else if (strcmp(word, "set") == 0 || strcmp(word, "bad") == 0)
		gro_change(line, value, word[0] == 's');
	else if (!gro_number(line, word, (uint32_t)strtoul(value, NULL, 0)))
		gro_die("no key: %s", word);
}

/* text is modified. The state of the flow is the default of absent keys. */
static inline void gro_line_parse(struct gro_line *line, struct gro_flows *flows, char *text)
{
	char *word = strtok(text, " \n");

	*line = (struct gro_line){.n = 1, .idstep = 1, .last = UINT32_MAX};
	gro_kind(line, word ? word : "");
	if (flows->at[line->flow].begun) {
		line->f.id = flows->at[line->flow].id;
		line->f.seq = flows->at[line->flow].seq;
	}
	while ((word = strtok(NULL, " \n")))
		gro_word(line, word);
}

static inline void gro_changes(const struct gro_line *line, uint8_t *p, bool before)
{
	size_t upper = flow_network(&line->f) + (before ? 0 : line->ipopt * 4u + line->ext * 8u);

	for (uint32_t i = 0; i < line->n_changes; i++)
		if (line->changes[i].before == before)
			p[(line->changes[i].network ? 0 : upper) + line->changes[i].at] ^=
			    line->changes[i].bits;
}

/* More headers behind the first: the transport's checksum does not cover them. */
static inline size_t gro_extend(const struct gro_line *line, uint8_t *p, size_t len)
{
	static const uint8_t none[4] = {1, 1, 1, 0};
	const uint8_t extra[8] = {p[6], 0, 1, 4};

	if (line->f.version == 4 && line->ipopt) {
		memmove(p + 24, p + 20, len - 20);
		memcpy(p + 20, none, 4);
		p[0] = 0x46;
		put16(p + 2, (uint32_t)(len += 4));
		slow_seal4(p);
	} else if (line->f.version == 6 && line->ext) {
		memmove(p + 48, p + 40, len - 40);
		memcpy(p + 40, extra, 8);
		p[6] = 60;
		put16(p + 4, (uint32_t)((len += 8) - 40));
	}
	return len;
}

/* Packet i of a case: the next one of the line, of len bytes of payload, at p (which has 64 bytes
 * more than it needs). No two packets' payloads are alike. */
static inline size_t gro_packet(struct gro_line *line, struct gro_flows *flows, uint8_t *p,
				uint32_t i, uint32_t len)
{
	static uint8_t payload[65536];
	struct flow *f = &line->f;
	size_t size;

	for (uint32_t k = 0; k < len; k++)
		payload[k] = (uint8_t)(((i * 65537u + k) * 2654435761u) >> 24);
	size = flow_packet(p, f, payload, len);
	gro_changes(line, p, true);
	flow_seal(p, size);
	if (line->ulen) {
		uint8_t *t = p + flow_network(f);

		put16(t + 4, (uint32_t)(size - flow_network(f)) + line->ulen);
		put16(t + 6, 0);
		slow_put(t + 6, slow_sum(slow_pseudo(p, size), t, size - flow_network(f)));
	}
	if (line->nosum)
		put16(p + slow_field(p), 0);
	size = gro_extend(line, p, size);
	gro_changes(line, p, false);
	memset(p + size, 0xee, line->pad);
	f->seq += len;
	f->id = (uint16_t)(f->id + line->idstep);
	flows->at[line->flow].begun = true;
	flows->at[line->flow].id = f->id;
	flows->at[line->flow].seq = f->seq;
	return size + line->pad;
}

#endif
