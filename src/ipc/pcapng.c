/* SPDX-License-Identifier: MIT */
/* A block is its type, its length, a body and its length once more; options are pairs of a code and
 * a value, padded to 4 bytes. */
#include "ipc/pcapng.h"

#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"

#define FRAME	     12u /* type and both lengths */
#define LINKTYPE_RAW 101u
#define MAGIC	     0x1a2b3c4du
#define KEY_LOG	     0x57474b4cu /* secrets of WireGuard */
#define TSRESOL_NS   9u

enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};
enum { FLAGS_INBOUND = 1, FLAGS_OUTBOUND = 2, FLAGS_DIRECTION = 3 };

/* A block that is being written; the caller has made sure of the room. */
struct block {
	uint8_t *out;
	size_t at;
};

static void u16_put(struct block *block, uint32_t v)
{
	block->out[block->at++] = (uint8_t)v;
	block->out[block->at++] = (uint8_t)(v >> 8);
}

static void u32_put(struct block *block, uint32_t v)
{
	xt_le32 w = xt_le32_of(v);

	memcpy(block->out + block->at, &w, sizeof(w));
	block->at += sizeof(w);
}

static void u64_put(struct block *block, uint64_t v)
{
	u32_put(block, (uint32_t)v);
	u32_put(block, (uint32_t)(v >> 32));
}

/* Times are two halves, the upper one first, whatever the byte order. */
static void time_put(struct block *block, uint64_t ns)
{
	u32_put(block, (uint32_t)(ns >> 32));
	u32_put(block, (uint32_t)ns);
}

static void bytes_put(struct block *block, const void *bytes, size_t len)
{
	if (len)
		memcpy(block->out + block->at, bytes, len);
	block->at += len;
}

static void pad_put(struct block *block)
{
	while (block->at % 4)
		block->out[block->at++] = 0;
}

static struct block block_begin(uint8_t *out, enum xt_pcapng_type type)
{
	struct block block = {.out = out};

	u32_put(&block, type);
	u32_put(&block, 0);
	return block;
}

static size_t block_end(struct block *block)
{
	xt_le32 total = xt_le32_of((uint32_t)block->at + 4);

	memcpy(block->out + 4, &total, sizeof(total));
	u32_put(block, (uint32_t)block->at + 4);
	return block->at;
}

/* Bytes of a text that are written: no character is cut in two. */
static size_t text_len(const char *text, size_t len)
{
	if (len <= XT_PCAPNG_TEXT_MAX)
		return len;
	len = XT_PCAPNG_TEXT_MAX;
	while (len && ((uint8_t)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static size_t option_room(size_t len)
{
	return 4 + XT_ALIGN_UP(len, (size_t)4);
}

static void option_put(struct block *block, uint32_t code, const void *value, size_t len)
{
	u16_put(block, code);
	u16_put(block, (uint32_t)len);
	bytes_put(block, value, len);
	pad_put(block);
}

static void option_u64_put(struct block *block, uint32_t code, uint64_t v)
{
	u16_put(block, code);
	u16_put(block, 8);
	u64_put(block, v);
}

size_t xt_pcapng_section_put(uint8_t *out, size_t room, const char *program)
{
	size_t len = text_len(program, strlen(program));
	struct block block;

	if (room < FRAME + 16 + option_room(len) + 4)
		return 0;
	block = block_begin(out, XT_PCAPNG_SECTION);
	u32_put(&block, MAGIC);
	u16_put(&block, 1);
	u16_put(&block, 0);
	u64_put(&block, UINT64_MAX); /* a section of unknown length */
	option_put(&block, SHB_USERAPPL, program, len);
	u32_put(&block, OPT_END);
	return block_end(&block);
}

size_t xt_pcapng_interface_put(uint8_t *out, size_t room, const char *name, const char *description)
{
	size_t name_len = text_len(name, strlen(name));
	size_t len = text_len(description, strlen(description));
	uint8_t resolution = TSRESOL_NS;
	struct block block;

	if (room < FRAME + 8 + option_room(name_len) + option_room(len) + option_room(1) + 4)
		return 0;
	block = block_begin(out, XT_PCAPNG_INTERFACE);
	u16_put(&block, LINKTYPE_RAW);
	u16_put(&block, 0);
	u32_put(&block, 0); /* packets are whole */
	option_put(&block, IF_NAME, name, name_len);
	option_put(&block, IF_DESCRIPTION, description, len);
	option_put(&block, IF_TSRESOL, &resolution, sizeof(resolution));
	u32_put(&block, OPT_END);
	return block_end(&block);
}

size_t xt_pcapng_packet_put(uint8_t *out, size_t room, const struct xt_pcapng_packet *packet)
{
	size_t comment = packet->comment ? text_len(packet->comment, packet->comment_len) : 0;
	size_t len = (size_t)packet->head_len + packet->len;
	struct block block;

	if (len > XT_PCAPNG_BLOCK_MAX / 2 || room < FRAME + 20 + XT_ALIGN_UP(len, (size_t)4) +
							(comment ? option_room(comment) : 0) +
							option_room(4) + 4)
		return 0;
	block = block_begin(out, XT_PCAPNG_PACKET);
	u32_put(&block, packet->interface);
	time_put(&block, packet->time_ns);
	u32_put(&block, (uint32_t)len);
	u32_put(&block, (uint32_t)len);
	bytes_put(&block, packet->head, packet->head_len);
	bytes_put(&block, packet->bytes, packet->len);
	pad_put(&block);
	if (comment)
		option_put(&block, OPT_COMMENT, packet->comment, comment);
	u16_put(&block, EPB_FLAGS);
	u16_put(&block, 4);
	u32_put(&block, packet->inbound ? FLAGS_INBOUND : FLAGS_OUTBOUND);
	u32_put(&block, OPT_END);
	return block_end(&block);
}

size_t xt_pcapng_secrets_put(uint8_t *out, size_t room, const void *text, size_t len)
{
	struct block block;

	if (len > XT_PCAPNG_BLOCK_MAX / 2 || room < FRAME + 8 + XT_ALIGN_UP(len, (size_t)4))
		return 0;
	block = block_begin(out, XT_PCAPNG_SECRETS);
	u32_put(&block, KEY_LOG);
	u32_put(&block, (uint32_t)len);
	bytes_put(&block, text, len);
	pad_put(&block);
	return block_end(&block);
}

size_t xt_pcapng_statistics_put(uint8_t *out, size_t room,
				const struct xt_pcapng_statistics *statistics)
{
	struct block block;

	if (room < FRAME + 12 + 4 * option_room(8) + 4)
		return 0;
	block = block_begin(out, XT_PCAPNG_STATISTICS);
	u32_put(&block, statistics->interface);
	time_put(&block, statistics->end_ns);
	u16_put(&block, ISB_STARTTIME);
	u16_put(&block, 8);
	time_put(&block, statistics->start_ns);
	u16_put(&block, ISB_ENDTIME);
	u16_put(&block, 8);
	time_put(&block, statistics->end_ns);
	option_u64_put(&block, ISB_IFRECV, statistics->received);
	option_u64_put(&block, ISB_IFDROP, statistics->dropped);
	u32_put(&block, OPT_END);
	return block_end(&block);
}

static uint32_t u16_get(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t u32_get(const uint8_t *p)
{
	return u16_get(p + 2) << 16 | u16_get(p);
}

static uint64_t u64_get(const uint8_t *p)
{
	return (uint64_t)u32_get(p + 4) << 32 | u32_get(p);
}

static uint64_t time_get(const uint8_t *p)
{
	return (uint64_t)u32_get(p) << 32 | u32_get(p + 4);
}

int xt_pcapng_block_get(struct xt_pcapng_block *block, const uint8_t *bytes, size_t len)
{
	uint32_t total;

	if (len < FRAME)
		return 0;
	total = u32_get(bytes + 4);
	if (total < FRAME || total > XT_PCAPNG_BLOCK_MAX || total % 4)
		return XT_E_SYNTAX;
	if (len < total)
		return 0;
	if (u32_get(bytes + total - 4) != total)
		return XT_E_SYNTAX;
	*block = (struct xt_pcapng_block){u32_get(bytes), bytes + 8, total - FRAME};
	return (int)total;
}

/* The option at *at; moves *at behind it. false: there are no more, or it is malformed. */
static bool option_get(const struct xt_pcapng_block *block, size_t *at, uint32_t *code,
		       const uint8_t **value, size_t *len)
{
	if (block->len - *at < 4)
		return false;
	*code = u16_get(block->body + *at);
	*len = u16_get(block->body + *at + 2);
	*value = block->body + *at + 4;
	if (*code == OPT_END || option_room(*len) > block->len - *at)
		return false;
	*at += option_room(*len);
	return true;
}

bool xt_pcapng_packet_get(struct xt_pcapng_packet *packet, const struct xt_pcapng_block *block)
{
	const uint8_t *body = block->body, *value;
	uint32_t code;
	size_t at, len;

	if (block->type != XT_PCAPNG_PACKET || block->len < 20)
		return false;
	*packet = (struct xt_pcapng_packet){.interface = u32_get(body),
					    .time_ns = time_get(body + 4),
					    .bytes = body + 20,
					    .len = u32_get(body + 12)};
	if (packet->len > block->len - 20 ||
	    XT_ALIGN_UP((size_t)packet->len, (size_t)4) > block->len - 20)
		return false;
	at = 20 + XT_ALIGN_UP((size_t)packet->len, (size_t)4);
	while (option_get(block, &at, &code, &value, &len)) {
		if (code == OPT_COMMENT) {
			packet->comment = (const char *)value;
			packet->comment_len = len;
		} else if (code == EPB_FLAGS && len == 4) {
			packet->inbound = (u32_get(value) & FLAGS_DIRECTION) == FLAGS_INBOUND;
		}
	}
	return true;
}

bool xt_pcapng_statistics_get(struct xt_pcapng_statistics *statistics,
			      const struct xt_pcapng_block *block)
{
	const uint8_t *value;
	uint32_t code;
	size_t at = 12, len;

	if (block->type != XT_PCAPNG_STATISTICS || block->len < at)
		return false;
	*statistics = (struct xt_pcapng_statistics){.interface = u32_get(block->body),
						    .end_ns = time_get(block->body + 4)};
	while (option_get(block, &at, &code, &value, &len)) {
		if (len != 8)
			continue;
		if (code == ISB_STARTTIME)
			statistics->start_ns = time_get(value);
		else if (code == ISB_IFRECV)
			statistics->received = u64_get(value);
		else if (code == ISB_IFDROP)
			statistics->dropped = u64_get(value);
	}
	return true;
}
