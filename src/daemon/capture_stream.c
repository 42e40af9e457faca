/* SPDX-License-Identifier: MIT */
/* Records become blocks in one buffer, which goes out when it is full or flushed. A block that the
 * reader is too slow for is dropped, never waited for. */
#include "daemon/capture_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/message.h"
#include "daemon/capture_sessions.h"
#include "ipc/pcapng.h"
#include "packet/envelope.h"
#include "tunnel/keylog.h"

#define BUFFER ((size_t)256 << 10)
/* Of the unread bytes: for statistics; with secrets also for the keys of some thousand handshakes,
 * because no packet of their sessions opens without them. */
#define RESERVED      4096u
#define RESERVED_KEYS ((size_t)1 << 20)
#define SECRETS_MAX   1024u /* bytes of a block with the keys of one handshake */
#define HELD	      16u

enum { INNER, OUTER, INTERFACES };

/* An inbound initiation whose peer is not known yet. len 0: none. */
struct held {
	uint64_t wall_ns;
	uint32_t head_len, len;
	uint8_t head[XT_ENVELOPE_MAX], bytes[sizeof(struct xt_msg_initiation)];
};

/* peer      in key; its packets alone, if filtered
 * sessions  with secrets; NULL otherwise
 * held      with secrets and a peer */
struct xt_capture_stream {
	struct xt_capture_options options;
	struct xt_public key;
	bool filtered;
	char name[16];
	struct xt_capture_sessions *sessions;
	struct held held[HELD];
	uint32_t next_held;
	uint64_t start_ns;
	uint64_t received[INTERFACES], dropped[INTERFACES];
	size_t used;
	uint8_t buffer[BUFFER];
};

int xt_capture_stream_new(struct xt_capture_stream **out, const struct xt_capture_options *options)
{
	struct xt_capture_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return XT_E_NOMEM;
	stream->options = *options;
	snprintf(stream->name, sizeof(stream->name), "%s", options->name);
	stream->filtered = options->peer != NULL;
	if (options->peer)
		stream->key = *options->peer;
	if (options->secrets && !(stream->sessions = calloc(1, sizeof(*stream->sessions)))) {
		free(stream);
		return XT_E_NOMEM;
	}
	*out = stream;
	return 0;
}

void xt_capture_stream_free(struct xt_capture_stream *stream)
{
	if (!stream)
		return;
	free(stream->sessions);
	xt_wipe(stream->buffer, sizeof(stream->buffer));
	free(stream);
}

unsigned xt_capture_stream_forms(const struct xt_capture_stream *stream)
{
	return (stream->options.segments ? XT_CAPTURE_SEGMENT : XT_CAPTURE_WHOLE) |
	       (stream->options.outer ? XT_CAPTURE_OUTER : 0u);
}

bool xt_capture_stream_pending(const struct xt_capture_stream *stream)
{
	return stream->used > 0;
}

void xt_capture_stream_flush(struct xt_capture_stream *stream)
{
	if (stream->used)
		stream->options.write(stream->options.ctx, stream->buffer, stream->used);
	if (stream->options.secrets)
		xt_wipe(stream->buffer, stream->used);
	stream->used = 0;
}

/* Where len bytes may be written to; NULL: the reader has too much unread. */
static uint8_t *room_make(struct xt_capture_stream *stream, size_t len, size_t max_unread)
{
	if (len > BUFFER - stream->used)
		xt_capture_stream_flush(stream);
	if (stream->options.unread(stream->options.ctx) + stream->used + len > max_unread)
		return NULL;
	return stream->buffer + stream->used;
}

static void secrets_put(struct xt_capture_stream *stream, const char *text, size_t len)
{
	uint8_t *out = room_make(stream, SECRETS_MAX, XT_CAPTURE_UNREAD_MAX - RESERVED);

	if (out)
		stream->used += xt_pcapng_secrets_put(out, SECRETS_MAX, text, len);
}

void xt_capture_stream_begin(struct xt_capture_stream *stream, uint64_t wall_ns,
			     const struct xt_private *key)
{
	const char *inner = stream->options.segments
				? "packets inside the tunnel, as they are in datagrams"
				: "packets inside the tunnel, as the host sees them";
	char name[32], text[XT_KEYLOG_TEXT];
	uint8_t *out = stream->buffer;

	stream->start_ns = wall_ns;
	stream->used = xt_pcapng_section_put(out, BUFFER, "xtunnel capture");
	stream->used +=
	    xt_pcapng_interface_put(out + stream->used, BUFFER - stream->used, stream->name, inner);
	if (stream->options.outer) {
		snprintf(name, sizeof(name), "%s-outer", stream->name);
		stream->used +=
		    xt_pcapng_interface_put(out + stream->used, BUFFER - stream->used, name,
					    "datagrams of the tunnel; their headers are rebuilt");
	}
	if (stream->options.secrets && key) {
		secrets_put(stream, text, xt_keylog_print_static(text, key));
		xt_wipe(text, sizeof(text));
	}
}

static void packet_put(struct xt_capture_stream *stream, const struct xt_pcapng_packet *packet)
{
	size_t most = packet->head_len + packet->len + 2 * XT_PCAPNG_TEXT_MAX;
	size_t reserved = stream->options.secrets ? RESERVED_KEYS : RESERVED;
	uint8_t *out = room_make(stream, most, XT_CAPTURE_UNREAD_MAX - reserved);
	size_t len = out ? xt_pcapng_packet_put(out, BUFFER - stream->used, packet) : 0;

	stream->received[packet->interface]++;
	if (!len)
		stream->dropped[packet->interface]++;
	stream->used += len;
}

static void held_put(struct xt_capture_stream *stream, const struct held *held)
{
	const struct xt_pcapng_packet packet = {.interface = OUTER,
						.time_ns = held->wall_ns,
						.head = held->head,
						.head_len = held->head_len,
						.bytes = held->bytes,
						.len = held->len,
						.inbound = true};

	if (stream->sessions)
		(void)xt_capture_sessions_see(stream->sessions, held->bytes, held->len, true, true);
	packet_put(stream, &packet);
}

/* An initiation from a new endpoint names its peer only to the owner of the key: it is kept until a
 * response to it shows whose it was. */
static void initiation_hold(struct xt_capture_stream *stream, uint64_t wall_ns,
			    const struct xt_capture_record *record)
{
	struct held *held;

	if (!record->inbound || record->verdict != XT_TAKEN_HANDSHAKE || record->peer ||
	    xt_msg_type(record->bytes, record->len) != XT_MSG_INITIATION)
		return;
	held = &stream->held[stream->next_held++ % HELD];
	held->wall_ns = wall_ns;
	held->head_len = record->head_len;
	held->len = record->len;
	memcpy(held->head, record->head, record->head_len);
	memcpy(held->bytes, record->bytes, record->len);
}

static void initiation_release(struct xt_capture_stream *stream,
			       const struct xt_capture_record *record)
{
	const struct xt_msg_response *response = (const void *)record->bytes;

	if (record->inbound || xt_msg_type(record->bytes, record->len) != XT_MSG_RESPONSE)
		return;
	for (uint32_t i = 0; i < HELD; i++) {
		struct held *held = &stream->held[i];
		const struct xt_msg_initiation *initiation = (const void *)held->bytes;

		if (held->len && memcmp(&initiation->sender, &response->receiver,
					sizeof(initiation->sender)) == 0) {
			held_put(stream, held);
			held->len = 0;
		}
	}
}

static bool record_is_of_peer(const struct xt_capture_stream *stream,
			      const struct xt_capture_record *record)
{
	return record->peer && memcmp(record->peer->b, stream->key.b, sizeof(stream->key.b)) == 0;
}

/* With secrets: is it a packet of a session whose keys are in the stream, or of none? */
static bool record_opens(struct xt_capture_stream *stream, const struct xt_capture_record *record)
{
	if (!stream->sessions)
		return true;
	if (record->forms & XT_CAPTURE_OUTER)
		return xt_capture_sessions_see(stream->sessions, record->bytes, record->len,
					       record->inbound,
					       record->verdict == XT_TAKEN_HANDSHAKE);
	return !record->has_session ||
	       xt_capture_sessions_has(stream->sessions, record->session, record->inbound);
}

/* NULL: an ordinary packet or message of the protocol. */
static const char *verdict_text(enum xt_verdict verdict, char out[XT_PCAPNG_TEXT_MAX])
{
	if (verdict == XT_PASS || verdict == XT_TAKEN_HANDSHAKE || verdict == XT_TAKEN_KEEPALIVE)
		return NULL;
	snprintf(out, XT_PCAPNG_TEXT_MAX, "%s: %s", xt_verdict_label(verdict),
		 xt_verdict_sentence(verdict));
	return out;
}

void xt_capture_stream_record(struct xt_capture_stream *stream, uint64_t wall_ns,
			      const struct xt_capture_record *record)
{
	char comment[XT_PCAPNG_TEXT_MAX];
	struct xt_pcapng_packet packet = {
	    .interface = record->forms & XT_CAPTURE_OUTER ? OUTER : INNER,
	    .time_ns = wall_ns,
	    .head = record->head,
	    .head_len = record->head_len,
	    .bytes = record->bytes,
	    .len = record->len,
	    .inbound = record->inbound,
	};

	if (!(record->forms & xt_capture_stream_forms(stream)))
		return;
	if (stream->filtered && !record_is_of_peer(stream, record)) {
		if (packet.interface == OUTER)
			initiation_hold(stream, wall_ns, record);
		return;
	}
	if (stream->filtered && packet.interface == OUTER)
		initiation_release(stream, record);
	if (!record_opens(stream, record))
		return;
	packet.comment = verdict_text(record->verdict, comment);
	packet.comment_len = packet.comment ? strlen(packet.comment) : 0;
	packet_put(stream, &packet);
}

void xt_capture_stream_lost(struct xt_capture_stream *stream, unsigned forms, uint64_t n)
{
	unsigned interface = forms & XT_CAPTURE_OUTER ? OUTER : INNER;

	if (!(forms & xt_capture_stream_forms(stream)))
		return;
	stream->received[interface] += n;
	stream->dropped[interface] += n;
}

void xt_capture_stream_keys(struct xt_capture_stream *stream, const struct xt_keylog *keys)
{
	char text[XT_KEYLOG_TEXT];

	if (!stream->options.secrets ||
	    (stream->filtered &&
	     memcmp(keys->remote_static->b, stream->key.b, sizeof(stream->key.b)) != 0))
		return;
	secrets_put(stream, text, xt_keylog_print(text, keys));
	xt_wipe(text, sizeof(text));
}

void xt_capture_stream_end(struct xt_capture_stream *stream, uint64_t wall_ns)
{
	xt_capture_stream_flush(stream);
	for (uint32_t i = 0; i < (stream->options.outer ? INTERFACES : OUTER); i++) {
		const struct xt_pcapng_statistics statistics = {.interface = i,
								.start_ns = stream->start_ns,
								.end_ns = wall_ns,
								.received = stream->received[i],
								.dropped = stream->dropped[i]};

		stream->used += xt_pcapng_statistics_put(stream->buffer + stream->used,
							 BUFFER - stream->used, &statistics);
	}
	xt_capture_stream_flush(stream);
}
