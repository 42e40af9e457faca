/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The text of the configuration protocol: replies byte by byte, and requests valid, invalid,
 * truncated and altered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "ipc/uapi.h"
#include "reports.h"
#include "test_main.h"

#define HEX_A "0101010101010101010101010101010101010101010101010101010101010101"
#define HEX_B "0202020202020202020202020202020202020202020202020202020202020202"
#define HEX_0 "0000000000000000000000000000000000000000000000000000000000000000"

static int parse(const char *text, size_t len, enum xt_uapi_op *op, struct xt_change *change)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	int err = xt_uapi_parse(copy, len, op, change);
	free(copy);
	return err;
}

static void get_is_answered_in_the_order_of_other_implementations(void **state)
{
	struct xt_peer_report peers[2] = {0};
	struct xt_cidr allowed[3];
	struct xt_report report = report_over(peers, 2, allowed, 3);
	struct xt_secbuf text;
	(void)state;

	memset(report.private_key.b, 1, 32);
	memset(peers[0].key.b, 2, 32);
	memset(peers[0].psk.b, 1, 32);
	xt_endpoint_parse(&peers[0].endpoint, "[2001:db8::1]:7");
	peers[0].last_handshake_wall_ns = 1700000000000000005ull;
	peers[0].tx_bytes = UINT64_MAX;
	peers[0].rx_bytes = 3;
	peers[0].keepalive_s = 25;
	peers[0].n_allowed = 2;
	peers[1].first_allowed = 2;
	peers[1].n_allowed = 1;
	xt_cidr_parse(&allowed[0], "10.0.0.0/8");
	xt_cidr_parse(&allowed[1], "fd07::/48");
	xt_cidr_parse(&allowed[2], "0.0.0.0/0");
	assert_int_equal(xt_uapi_get(&report, &text), 0);
	assert_string_equal(text.p, "private_key=" HEX_A "\nlisten_port=51820\nfwmark=51820\n"
				    "public_key=" HEX_B "\npreshared_key=" HEX_A
				    "\nprotocol_version=1\nendpoint=[2001:db8::1]:7\n"
				    "last_handshake_time_sec=1700000000\n"
				    "last_handshake_time_nsec=5\ntx_bytes=18446744073709551615\n"
				    "rx_bytes=3\npersistent_keepalive_interval=25\n"
				    "allowed_ip=10.0.0.0/8\nallowed_ip=fd07::/48\n"
				    "public_key=" HEX_0 "\npreshared_key=" HEX_0
				    "\nprotocol_version=1\nlast_handshake_time_sec=0\n"
				    "last_handshake_time_nsec=0\ntx_bytes=0\nrx_bytes=0\n"
				    "persistent_keepalive_interval=0\nallowed_ip=0.0.0.0/0\n"
				    "errno=0\n\n");
	assert_int_equal(strlen(text.p), text.len);
	xt_secbuf_clear(&text);
}

static void an_empty_device_answers_with_errno_alone(void **state)
{
	struct xt_report report = {0};
	struct xt_secbuf text;
	(void)state;

	assert_int_equal(xt_uapi_get(&report, &text), 0);
	assert_string_equal(text.p, "errno=0\n\n");
	xt_secbuf_clear(&text);
}

static void a_reply_grows_without_limit(void **state)
{
	enum { N = 20000 };
	struct xt_report report = {.n_peers = N};
	struct xt_secbuf text;
	(void)state;

	report.peers = calloc(N, sizeof(*report.peers));
	assert_int_equal(xt_uapi_get(&report, &text), 0);
	assert_true(text.len > N * 200);
	assert_string_equal(text.p + text.len - 9, "errno=0\n\n");
	xt_secbuf_clear(&text);
	free(report.peers);
}

static void the_sign_of_errno_is_what_wg_understands(void **state)
{
	char buf[32];
	(void)state;

	xt_uapi_errno(XT_UAPI_GET, -EINVAL, buf);
	assert_string_equal(buf, "errno=22\n\n");
	assert_int_equal(xt_uapi_errno(XT_UAPI_SET, -EINVAL, buf), 11);
	assert_string_equal(buf, "errno=-22\n\n");
	xt_uapi_errno(XT_UAPI_SET, 0, buf);
	assert_string_equal(buf, "errno=0\n\n");
	xt_uapi_errno(XT_UAPI_SET, XT_E_NOMEM, buf);
	assert_string_equal(buf, "errno=-12\n\n");
	xt_uapi_errno(XT_UAPI_SET, XT_E_REPLAY, buf);
	assert_string_equal(buf, "errno=-5\n\n");
}

static void assert_parse(const char *text, enum xt_uapi_op op_wanted, int wanted)
{
	struct xt_change change;
	enum xt_uapi_op op;

	xt_change_init(&change);
	int err = parse(text, strlen(text), &op, &change);
	if (err != wanted || op != op_wanted)
		print_error("%s -> %d\n", text, err);
	assert_int_equal(err, wanted);
	assert_int_equal(op, op_wanted);
	if (err)
		assert_int_equal(change.n_peers, 0);
	xt_change_clear(&change);
}

#define SET "set=1\n"
#define P   "public_key=" HEX_A "\n"

static void requests_are_accepted_or_refused(void **state)
{
	(void)state;
	assert_parse("get=1\n\n", XT_UAPI_GET, 0);
	assert_parse("get=1\n", XT_UAPI_GET, 0);
	assert_parse("get=1\nx\n\n", XT_UAPI_GET, -EINVAL);
	assert_parse("get=2\n\n", XT_UAPI_NONE, 0);
	assert_parse("", XT_UAPI_NONE, 0);
	assert_parse("GET / HTTP/1.1\r\n\r\n", XT_UAPI_NONE, 0);
	assert_parse(SET "\n", XT_UAPI_SET, 0);
	assert_parse(SET "noequals\n\n", XT_UAPI_SET, -EPROTO);
	assert_parse(SET P "noequals\n\n", XT_UAPI_SET, -EPROTO);
	assert_parse(SET "unknown=1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "listen_port=1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET "listen_port=65536\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET "fwmark=\n\n", XT_UAPI_SET, 0);
	assert_parse(SET "fwmark=0x1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET "replace_peers=false\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "update_only=1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "remove=\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "replace_allowed_ips=yes\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "protocol_version=2\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "protocol_version=1\n\n", XT_UAPI_SET, 0);
	assert_parse(SET P "endpoint=host.example:1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "endpoint=2001:db8::1:1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "endpoint=[2001:db8::1]:1\n\n", XT_UAPI_SET, 0);
	assert_parse(SET P "endpoint=[fe80::1%lo]:1\n\n", XT_UAPI_SET, 0);
	assert_parse(SET P "endpoint=[fe80::1%1]:1\n\n", XT_UAPI_SET, 0);
	assert_parse(SET P "endpoint=[fe80::1%nosuchdevice]:1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "endpoint=[fe80::1%]:1\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "endpoint=[fe80::1%lo\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "endpoint=[fe80::1%lo]:999999999999999999\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "allowed_ip=10.0.0.0/33\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET P "allowed_ip=-10.0.0.0/8\n\n", XT_UAPI_SET, 0);
	assert_parse(SET P "preshared_key=" HEX_A "0\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET "private_key=abc\n\n", XT_UAPI_SET, -EINVAL);
	assert_parse(SET "public_key=" HEX_A "\n\nlisten_port=1\n\n", XT_UAPI_SET, -EINVAL);
}

static const char whole[] =
    SET "private_key=" HEX_B "\nlisten_port=7\nfwmark=9\nreplace_peers=true\n" P
	"update_only=true\npreshared_key=" HEX_B
	"\nendpoint=192.0.2.1:5\npersistent_keepalive_interval=25\n"
	"allowed_ip=10.1.0.0/16\nreplace_allowed_ips=true\nallowed_ip=10.2.3.4/16\n"
	"allowed_ip=-10.3.0.0/16\npublic_key=" HEX_B "\nremove=true\n\n";

static void set_becomes_one_change(void **state)
{
	struct xt_change c;
	enum xt_uapi_op op;
	(void)state;

	assert_int_equal(parse(whole, strlen(whole), &op, &c), 0);
	assert_int_equal(c.set, XT_SET_PRIVATE_KEY | XT_SET_LISTEN_PORT | XT_SET_FWMARK |
				    XT_SET_REPLACE_PEERS);
	assert_int_equal(c.private_key.b[31], 2);
	assert_int_equal(c.listen_port, 7);
	assert_int_equal(c.fwmark, 9);
	assert_int_equal(c.n_peers, 2);
	assert_int_equal(c.peers[0].set, XT_PEER_UPDATE_ONLY | XT_PEER_PSK | XT_PEER_ENDPOINT |
					     XT_PEER_KEEPALIVE | XT_PEER_REPLACE_ALLOWED);
	assert_int_equal(c.peers[0].endpoint.port, 5);
	assert_int_equal(c.peers[0].n_allowed, 2); /* the one before the replacement is gone */
	assert_int_equal(c.peers[0].allowed[0].cidr.ip.b[2], 0); /* host bits */
	assert_true(c.peers[0].allowed[1].remove);
	assert_int_equal(c.peers[1].set, XT_PEER_REMOVE);
	xt_change_clear(&c);
}

static void set_is_refused_without_a_change(void **state)
{
	enum xt_uapi_op op;
	(void)state;

	assert_int_equal(parse(whole, strlen(whole), &op, NULL), -EOPNOTSUPP);
	assert_int_equal(op, XT_UAPI_SET);
}

static void cut_and_altered_requests_do_no_harm(void **state)
{
	struct xt_change c;
	enum xt_uapi_op op;
	char copy[sizeof(whole)];
	(void)state;

	for (size_t i = 0; i < sizeof(whole); i++) {
		xt_change_init(&c);
		parse(whole, i, &op, &c);
		xt_change_clear(&c);
	}
	memcpy(copy, whole, sizeof(whole));
	for (size_t i = 0; i < (sizeof(whole) - 1) * 8; i++) {
		copy[i / 8] = (char)(whole[i / 8] ^ (1 << (i % 8)));
		xt_change_init(&c);
		parse(copy, sizeof(whole) - 1, &op, &c);
		xt_change_clear(&c);
		copy[i / 8] = whole[i / 8];
	}
}

TEST_MAIN(cmocka_unit_test(get_is_answered_in_the_order_of_other_implementations),
	  cmocka_unit_test(an_empty_device_answers_with_errno_alone),
	  cmocka_unit_test(a_reply_grows_without_limit),
	  cmocka_unit_test(the_sign_of_errno_is_what_wg_understands),
	  cmocka_unit_test(requests_are_accepted_or_refused),
	  cmocka_unit_test(set_becomes_one_change),
	  cmocka_unit_test(set_is_refused_without_a_change),
	  cmocka_unit_test(cut_and_altered_requests_do_no_harm))
