/* SPDX-License-Identifier: MIT */
/* layers: daemon tunnel ipc core crypto packet base */
/* What of a tunnel's packets belongs to a capture, and what of it fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/message.h"
#include "daemon/capture_stream.h"
#include "ipc/pcapng.h"
#include "test_main.h"

/* What the reader has got, and how much it has not read. */
static uint8_t got[1u << 20];
static size_t got_len, unread;
static bool reads = true; /* false: what is written stays unread */

static void on_write(void *ctx, const void *bytes, size_t len)
{
	(void)ctx;
	assert_true(len <= sizeof(got) - got_len);
	memcpy(got + got_len, bytes, len);
	got_len += len;
	unread += reads ? 0 : len;
}

static size_t on_unread(void *ctx)
{
	(void)ctx;
	return unread;
}

static struct xt_capture_stream *make(struct xt_capture_options options)
{
	static const struct xt_private key = {{1}};
	struct xt_capture_stream *stream;

	options.name = "left";
	options.write = on_write;
	options.unread = on_unread;
	got_len = unread = 0;
	assert_int_equal(xt_capture_stream_new(&stream, &options), 0);
	xt_capture_stream_begin(stream, 1, &key);
	return stream;
}

/* The n-th packet; how many there are. */
static size_t packet_get(size_t n, struct xt_pcapng_packet *out)
{
	struct xt_pcapng_block block;
	size_t at = 0, seen = 0;

	while (at < got_len) {
		int len = xt_pcapng_block_get(&block, got + at, got_len - at);
		struct xt_pcapng_packet packet;

		assert_true(len > 0);
		if (block.type == XT_PCAPNG_PACKET) {
			assert_true(xt_pcapng_packet_get(&packet, &block));
			if (seen++ == n)
				*out = packet;
		}
		at += (size_t)len;
	}
	return seen;
}

static struct xt_pcapng_statistics statistics_get(uint32_t interface)
{
	struct xt_pcapng_statistics statistics = {.interface = UINT32_MAX};
	struct xt_pcapng_block block;

	for (size_t at = 0; at < got_len;) {
		int len = xt_pcapng_block_get(&block, got + at, got_len - at);

		assert_true(len > 0);
		if (xt_pcapng_statistics_get(&statistics, &block) &&
		    statistics.interface == interface)
			return statistics;
		at += (size_t)len;
	}
	fail_msg("no statistics of interface %u", interface);
	return statistics;
}

static const struct xt_public peer_a = {{1, 2, 3}}, peer_b = {{1, 2, 4}};

static struct xt_capture_record inner(const struct xt_public *peer, enum xt_verdict verdict)
{
	static const uint8_t packet[20] = {0x45};

	return (struct xt_capture_record){.forms = XT_CAPTURE_WHOLE,
					  .verdict = verdict,
					  .peer = peer,
					  .bytes = packet,
					  .len = sizeof(packet)};
}

static void dropped_packets_have_their_verdict(void **state)
{
	struct xt_capture_stream *stream = make((struct xt_capture_options){0});
	static const enum xt_verdict ordinary[] = {XT_PASS, XT_TAKEN_HANDSHAKE, XT_TAKEN_KEEPALIVE};
	struct xt_pcapng_packet packet;
	char wanted[200];

	(void)state;
	for (unsigned v = 0; v < XT_VERDICTS; v++) {
		struct xt_capture_record record = inner(NULL, (enum xt_verdict)v);

		xt_capture_stream_record(stream, v, &record);
	}
	xt_capture_stream_flush(stream);
	for (unsigned v = 0; v < XT_VERDICTS; v++) {
		bool plain = false;

		assert_int_equal(packet_get(v, &packet), XT_VERDICTS);
		assert_int_equal(packet.time_ns, v);
		for (size_t i = 0; i < sizeof(ordinary) / sizeof(*ordinary); i++)
			plain |= v == ordinary[i];
		snprintf(wanted, sizeof(wanted), "%s: %s", xt_verdict_label(v),
			 xt_verdict_sentence(v));
		assert_int_equal(packet.comment_len, plain ? 0 : strlen(wanted));
		if (!plain)
			assert_memory_equal(packet.comment, wanted, strlen(wanted));
	}
	xt_capture_stream_free(stream);
}

static void only_wanted_forms_and_peers_are_taken(void **state)
{
	struct xt_capture_stream *stream =
	    make((struct xt_capture_options){.segments = true, .peer = &peer_a});
	struct xt_capture_record record = inner(&peer_a, XT_PASS);
	struct xt_pcapng_packet packet;

	(void)state;
	assert_int_equal(xt_capture_stream_forms(stream), XT_CAPTURE_SEGMENT);
	xt_capture_stream_record(stream, 1, &record);
	record.forms = XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT;
	xt_capture_stream_record(stream, 2, &record);
	record.peer = &peer_b;
	xt_capture_stream_record(stream, 3, &record);
	record.peer = NULL;
	xt_capture_stream_record(stream, 4, &record);
	xt_capture_stream_flush(stream);
	assert_int_equal(packet_get(0, &packet), 1);
	assert_int_equal(packet.time_ns, 2);
	xt_capture_stream_free(stream);
}

static void a_slow_reader_loses_packets_that_are_counted(void **state)
{
	struct xt_capture_stream *stream = make((struct xt_capture_options){.outer = true});
	struct xt_capture_record record = inner(NULL, XT_PASS);
	struct xt_pcapng_packet packet;

	(void)state;
	xt_capture_stream_record(stream, 1, &record);
	xt_capture_stream_flush(stream);
	unread = XT_CAPTURE_UNREAD_MAX;
	for (int i = 0; i < 5; i++)
		xt_capture_stream_record(stream, 2, &record);
	assert_false(xt_capture_stream_pending(stream));
	xt_capture_stream_lost(stream, XT_CAPTURE_OUTER, 3);
	xt_capture_stream_lost(stream, XT_CAPTURE_SEGMENT, 9); /* of another capture */
	unread = 0;
	xt_capture_stream_record(stream, 3, &record);
	xt_capture_stream_end(stream, 9);
	assert_int_equal(packet_get(1, &packet), 2);
	assert_int_equal(packet.time_ns, 3);
	assert_int_equal(statistics_get(0).received, 7);
	assert_int_equal(statistics_get(0).dropped, 5);
	assert_int_equal(statistics_get(1).received, 3);
	assert_int_equal(statistics_get(1).dropped, 3);
	assert_int_equal(statistics_get(1).end_ns, 9);
	xt_capture_stream_free(stream);
}

static void what_is_kept_back_is_bounded(void **state)
{
	struct xt_capture_stream *stream = make((struct xt_capture_options){0});
	static uint8_t big[65535];
	struct xt_capture_record record = inner(NULL, XT_PASS);
	struct xt_pcapng_packet packet;

	(void)state;
	record.bytes = big;
	record.len = sizeof(big);
	for (int i = 0; i < 12; i++)
		xt_capture_stream_record(stream, 1, &record);
	assert_true(got_len > 8 * sizeof(big)); /* without a flush */
	xt_capture_stream_end(stream, 2);
	assert_int_equal(packet_get(0, &packet), 12);
	assert_int_equal(statistics_get(0).dropped, 0);
	xt_capture_stream_free(stream);
}

/* Messages of a handshake and data, by their indices. */
static uint8_t message[256];
static struct xt_capture_record outer(bool inbound, enum xt_msg_type type, uint32_t sender,
				      uint32_t receiver, const struct xt_public *peer)
{
	static const uint8_t head[28] = {0x45};
	static const uint32_t lens[] = {0, 148, 92, 64, 48};
	xt_le32 words[3] = {xt_le32_of(type), xt_le32_of(type == XT_MSG_DATA ? receiver : sender),
			    xt_le32_of(receiver)};

	memset(message, 0, sizeof(message));
	memcpy(message, words, type == XT_MSG_RESPONSE ? 12 : 8);
	return (struct xt_capture_record){
	    .forms = XT_CAPTURE_OUTER,
	    .inbound = inbound,
	    .verdict = inbound && type != XT_MSG_DATA ? XT_TAKEN_HANDSHAKE : XT_PASS,
	    .peer = peer,
	    .head = head,
	    .head_len = sizeof(head),
	    .bytes = message,
	    .len = lens[type],
	};
}

/* Is that message taken? */
static bool takes(struct xt_capture_stream *stream, struct xt_capture_record record)
{
	struct xt_pcapng_packet packet;
	size_t before = packet_get(0, &packet);

	xt_capture_stream_record(stream, 1, &record);
	xt_capture_stream_flush(stream);
	return packet_get(0, &packet) > before;
}

static void with_secrets_sessions_of_before_are_left_out(void **state)
{
	struct xt_capture_stream *stream =
	    make((struct xt_capture_options){.outer = true, .secrets = true});
	struct xt_capture_record record = inner(&peer_a, XT_PASS);

	(void)state;
	assert_false(takes(stream, outer(true, XT_MSG_DATA, 0, 10, NULL)));
	assert_false(takes(stream, outer(false, XT_MSG_DATA, 0, 20, NULL)));
	assert_false(takes(stream, outer(true, XT_MSG_RESPONSE, 20, 10, NULL)));
	/* this side begins: 10 is its index, 20 the peer's */
	assert_true(takes(stream, outer(false, XT_MSG_INITIATION, 10, 0, NULL)));
	assert_false(takes(stream, outer(true, XT_MSG_DATA, 0, 10, NULL)));
	assert_true(takes(stream, outer(true, XT_MSG_RESPONSE, 20, 10, NULL)));
	assert_true(takes(stream, outer(true, XT_MSG_DATA, 0, 10, NULL)));
	assert_true(takes(stream, outer(false, XT_MSG_DATA, 0, 20, NULL)));
	assert_false(takes(stream, outer(false, XT_MSG_DATA, 0, 10, NULL)));
	/* the peer begins, with 21 */
	assert_false(takes(stream, outer(false, XT_MSG_RESPONSE, 11, 21, NULL)));
	assert_true(takes(stream, outer(true, XT_MSG_INITIATION, 21, 0, NULL)));
	assert_true(takes(stream, outer(false, XT_MSG_RESPONSE, 11, 21, NULL)));
	assert_true(takes(stream, outer(true, XT_MSG_DATA, 0, 11, NULL)));
	assert_true(takes(stream, outer(true, XT_MSG_COOKIE, 99, 0, NULL)));
	/* inner packets likewise */
	record.has_session = true;
	record.session = 20;
	assert_true(takes(stream, record));
	record.session = 22;
	assert_false(takes(stream, record));
	record.inbound = true;
	record.session = 11;
	assert_true(takes(stream, record));
	record.has_session = false;
	assert_true(takes(stream, record));
	xt_capture_stream_free(stream);
}

static void an_initiation_from_anywhere_is_its_peers(void **state)
{
	struct xt_capture_stream *stream =
	    make((struct xt_capture_options){.outer = true, .secrets = true, .peer = &peer_a});
	struct xt_pcapng_packet packet;

	(void)state;
	assert_false(takes(stream, outer(true, XT_MSG_INITIATION, 21, 0, NULL)));
	assert_false(takes(stream, outer(true, XT_MSG_INITIATION, 31, 0, NULL)));
	assert_false(takes(stream, outer(false, XT_MSG_RESPONSE, 41, 31, &peer_b)));
	assert_true(takes(stream, outer(false, XT_MSG_RESPONSE, 11, 21, &peer_a)));
	assert_int_equal(packet_get(0, &packet), 2);
	assert_int_equal(packet.len, 28 + 148);
	assert_true(packet.inbound);
	assert_true(takes(stream, outer(true, XT_MSG_DATA, 0, 11, &peer_a)));
	assert_false(takes(stream, outer(true, XT_MSG_DATA, 0, 41, &peer_b)));
	xt_capture_stream_free(stream);
}

/* The text of the keys is in the stream with secrets alone, and for that peer alone. */
static void keys_are_there_when_asked_for(void **state)
{
	static const struct xt_private local = {{7}}, ephemeral = {{8}};
	static const struct xt_psk psk = {{9}};
	const struct xt_keylog keys = {&local, &ephemeral, &peer_a, &psk};
	const char word[] = "LOCAL_EPHEMERAL_PRIVATE_KEY";

	(void)state;
	for (int secrets = 0; secrets < 2; secrets++) {
		for (int other = 0; other < 2; other++) {
			struct xt_capture_stream *stream = make((struct xt_capture_options){
			    .outer = true, .secrets = secrets, .peer = other ? &peer_b : &peer_a});
			xt_capture_stream_keys(stream, &keys);
			xt_capture_stream_end(stream, 1);
			assert_int_equal(memmem(got, got_len, word, strlen(word)) != NULL,
					 secrets && !other);
			assert_int_equal(memmem(got, got_len, "PRIVATE", 7) != NULL, secrets);
			xt_capture_stream_free(stream);
		}
	}
}

/* Packets that come after them may be read again, and open by no other keys. */
static void a_slow_reader_loses_no_keys_for_a_while(void **state)
{
	static const struct xt_private local = {{7}}, ephemeral = {{8}};
	static const struct xt_psk psk = {{9}};
	const struct xt_keylog keys = {&local, &ephemeral, &peer_a, &psk};
	struct xt_capture_stream *stream =
	    make((struct xt_capture_options){.outer = true, .secrets = true});
	struct xt_capture_record record = inner(NULL, XT_PASS);
	struct xt_pcapng_block block;
	unsigned packets = 0, secrets = 0;

	(void)state;
	xt_capture_stream_flush(stream);
	got_len = 0;
	unread = XT_CAPTURE_UNREAD_MAX / 2;
	reads = false;
	while (packets < 100000 && takes(stream, record)) {
		packets++;
		got_len = 0;
	}
	assert_in_range(packets, 1000, 99999);
	for (unsigned i = 0; i < 2000; i++)
		xt_capture_stream_keys(stream, &keys);
	xt_capture_stream_flush(stream);
	reads = true;
	for (size_t at = 0; at < got_len;) {
		int len = xt_pcapng_block_get(&block, got + at, got_len - at);

		assert_true(len > 0);
		secrets += block.type == XT_PCAPNG_SECRETS;
		at += (size_t)len;
	}
	assert_int_equal(secrets, 2000);
	assert_true(unread <= XT_CAPTURE_UNREAD_MAX);
	xt_capture_stream_free(stream);
}

TEST_MAIN(cmocka_unit_test(dropped_packets_have_their_verdict),
	  cmocka_unit_test(only_wanted_forms_and_peers_are_taken),
	  cmocka_unit_test(a_slow_reader_loses_packets_that_are_counted),
	  cmocka_unit_test(what_is_kept_back_is_bounded),
	  cmocka_unit_test(with_secrets_sessions_of_before_are_left_out),
	  cmocka_unit_test(an_initiation_from_anywhere_is_its_peers),
	  cmocka_unit_test(keys_are_there_when_asked_for),
	  cmocka_unit_test(a_slow_reader_loses_no_keys_for_a_while))
