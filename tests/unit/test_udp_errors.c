/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* What the host and the network say of datagrams: real ICMP errors and forged ones, in a network
 * namespace of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <xtunnel/facts.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "net_namespace.h"
#include "platform/udp.h"
#include "platform/wake.h"

#define SENDS 1000
#define FLOOD 10000

struct pair {
	struct xt_udp *a, *b;
	struct xt_batch *batch;
	struct xt_tx *tx;
	struct xt_wake *wake;
};

static int setup(void **state)
{
	static struct pair pair;

	*state = &pair;
	memset(&pair, 0, sizeof(pair));
	if (xt_udp_open(&pair.a, 0, 0) < 0 || xt_udp_open(&pair.b, 0, 0) < 0)
		return -1;
	if (xt_batch_new(&pair.batch, XT_UDP_BATCH, XT_UDP_SLAB) < 0 ||
	    xt_tx_new(&pair.tx, 512, 4 << 20) < 0 || xt_wake_new(&pair.wake) < 0)
		return -1;
	for (unsigned i = 0; i < 2; i++)
		if (pair.a->ops->watch(pair.a, i, pair.wake, XT_WAKE_READ, pair.a) < 0)
			return -1;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	xt_wake_free(pair->wake);
	pair->a->ops->close(pair->a);
	pair->b->ops->close(pair->b);
	xt_batch_free(pair->batch);
	xt_tx_free(pair->tx);
	return 0;
}

static struct xt_path path_to(const char *ip, uint16_t port)
{
	struct xt_path path = {0};

	assert_int_equal(xt_ip_parse(&path.remote.ip, ip), 0);
	path.remote.port = port;
	return path;
}

/* A port of this host that no socket is bound to. */
static uint16_t port_closed(void)
{
	struct xt_udp *udp = NULL;
	uint16_t port;

	assert_int_equal(xt_udp_open(&udp, 0, 0), 0);
	port = udp->port;
	udp->ops->close(udp);
	return port;
}

static void datagram_add(struct pair *pair, const struct xt_path *path, uint32_t number)
{
	assert_int_equal(xt_tx_copy(pair->tx, path, 0, &number, sizeof(number)), 0);
}

static void tx_send(struct pair *pair)
{
	uint32_t next = 0;

	assert_int_equal(pair->a->ops->send(pair->a, pair->tx, &next), 0);
	assert_int_equal(next, pair->tx->n_runs);
}

static void send_one(struct pair *pair, const struct xt_path *path)
{
	xt_tx_reset(pair->tx);
	datagram_add(pair, path, 0);
	tx_send(pair);
}

static void numbers_read(struct pair *pair, uint32_t *expected)
{
	xt_batch_reset(pair->batch);
	assert_true(pair->b->ops->recv(pair->b, pair->batch, SIZE_MAX) >= 0);
	for (uint32_t i = 0; i < pair->batch->n; i++) {
		uint32_t number;

		memcpy(&number, pair->batch->pkts[i].data, sizeof(number));
		assert_int_equal(number, *expected);
		++*expected;
	}
}

/* Read what b receives; the datagrams are numbered from *expected on, and come up to the number
 * end. A busy kernel delivers them a moment after they were sent, also over loopback. */
static void numbers_recv(struct pair *pair, uint32_t *expected, uint32_t end)
{
	struct pollfd fds[2] = {{.fd = pair->b->fd[0], .events = POLLIN},
				{.fd = pair->b->fd[1], .events = POLLIN}};

	do
		numbers_read(pair, expected);
	while (*expected < end && poll(fds, 2, 5000) > 0);
	assert_int_equal(*expected, end);
}

/* Within that many milliseconds. */
static bool error_reported(struct pair *pair, int wait)
{
	struct pollfd fd = {.fd = xt_wake_fd(pair->wake), .events = POLLIN};
	struct xt_wake_event events[2];
	unsigned n;

	if (poll(&fd, 1, wait) != 1)
		return false;
	n = xt_wake_poll(pair->wake, events, 2);
	return n > 0 && (events[0].events & XT_WAKE_ERROR);
}

static void is_quiet(struct pair *pair)
{
	struct xt_wake_event event;

	assert_int_equal(xt_wake_poll(pair->wake, &event, 1), 0);
}

static const struct xt_udp_note *note_only(struct pair *pair)
{
	assert_int_equal(pair->a->n_notes, 1);
	pair->a->n_notes = 0;
	return &pair->a->notes[0];
}

static void icmp_noted(struct pair *pair, const struct xt_endpoint *remote,
		       enum xt_unreachable kind, const char *from)
{
	const struct xt_udp_note *note = note_only(pair);
	struct xt_ip ip;

	assert_int_equal(xt_ip_parse(&ip, from), 0);
	assert_int_equal(note->error, 0);
	assert_int_equal(note->icmp_kind, kind);
	assert_true(xt_endpoint_equal(&note->remote, remote));
	assert_true(xt_ip_equal(&note->icmp_from, &ip));
}

static void refusal_noted(struct pair *pair, const struct xt_endpoint *remote, int error)
{
	const struct xt_udp_note *note = note_only(pair);

	assert_int_equal(note->error, error);
	assert_true(xt_endpoint_equal(&note->remote, remote));
}

static void a_closed_port_is_noted_with_its_host(void **state)
{
	static const char *const ips[] = {"127.0.0.1", "::1"};
	struct pair *pair = *state;
	uint16_t closed = port_closed();

	for (unsigned i = 0; i < 2; i++) {
		struct xt_path path = path_to(ips[i], closed);

		send_one(pair, &path);
		assert_true(error_reported(pair, 5000));
		pair->a->ops->take_errors(pair->a, i);
		icmp_noted(pair, &path.remote, XT_UNREACHABLE_PORT, ips[i]);
		is_quiet(pair);
	}
	assert_int_equal(pair->a->refused, 0);
}

static void an_error_for_the_port_before_is_noted(void **state)
{
	struct pair *pair = *state;
	struct xt_path path = path_to("127.0.0.1", port_closed());
	struct xt_udp_sockets sockets;

	send_one(pair, &path);
	pair->a->ops->watch(pair->a, 0, pair->wake, 0, NULL);
	assert_int_equal(xt_udp_sockets_open(&sockets, 0, 0), 0);
	xt_udp_move(pair->a, &sockets);
	assert_int_equal(pair->a->ops->watch(pair->a, 0, pair->wake, XT_WAKE_READ, pair->a), 0);
	assert_true(error_reported(pair, 5000));
	pair->a->ops->take_errors(pair->a, 0);
	icmp_noted(pair, &path.remote, XT_UNREACHABLE_PORT, "127.0.0.1");
	is_quiet(pair);
	send_one(pair, &path); /* the new socket reports errors as well */
	assert_true(error_reported(pair, 5000));
	pair->a->ops->take_errors(pair->a, 0);
	icmp_noted(pair, &path.remote, XT_UNREACHABLE_PORT, "127.0.0.1");
	pair->a->ops->watch(pair->a, 0, pair->wake, 0, NULL);
}

/* The kernel returns an error for one remote from the next send, which may be for another: within
 * a call and between two. */
static void no_datagram_suffers_from_another_ones_error(void **state)
{
	static const char *const ips[] = {"127.0.0.1", "::1"};
	struct pair *pair = *state;
	uint16_t closed = port_closed();

	for (unsigned i = 0; i < 2; i++) {
		struct xt_path bad = path_to(ips[i], closed), good = path_to(ips[i], pair->b->port);
		uint32_t expected = 0;

		good.local = bad.local = good.remote.ip;
		for (uint32_t n = 0; n < SENDS; n += 5) {
			xt_tx_reset(pair->tx);
			for (uint32_t k = 0; k < 5; k++) {
				datagram_add(pair, &good, n + k);
				if (k != n % 3)
					datagram_add(pair, &bad, 0);
			}
			tx_send(pair);
			for (uint32_t r = 0; r < pair->tx->n_runs; r++)
				assert_false(pair->tx->runs[r].unstuck);
			numbers_recv(pair, &expected, n + 5);
			if (n % 10 == 0)
				continue; /* an error is pending when the next call begins */
			pair->a->ops->take_errors(pair->a, i);
			assert_true(pair->a->n_notes > 0);
			for (uint32_t k = 0; k < pair->a->n_notes; k++)
				assert_true(
				    xt_endpoint_equal(&pair->a->notes[k].remote, &bad.remote));
			pair->a->n_notes = 0;
		}
		assert_int_equal(expected, SENDS);
	}
	assert_int_equal(pair->a->refused, 0);
	assert_int_equal(pair->a->fallbacks, 0);
}

/* The kernel fills in that of ICMPv6. */
static void checksum_put(uint8_t *icmp, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += xt_be16_get(&icmp[i]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	xt_be16_put(&icmp[2], (uint16_t)~sum);
}

/* An ICMP error as if a router had sent it for a datagram of a to remote. */
static void icmp_forge(struct pair *pair, int raw, const struct xt_endpoint *remote, uint8_t type,
		       uint8_t code)
{
	uint8_t bytes[8 + 40 + 8 + 16] = {type, code}, *inner = &bytes[8], *udp;
	struct sockaddr_storage to = {0};
	size_t len;

	if (remote->ip.family == 4) {
		struct sockaddr_in *name = (struct sockaddr_in *)&to;
		struct iphdr ip = {.version = 4,
				   .ihl = 5,
				   .tot_len = htons(44),
				   .ttl = 64,
				   .protocol = IPPROTO_UDP,
				   .saddr = htonl(INADDR_LOOPBACK)};

		memcpy(&ip.daddr, remote->ip.b, 4);
		memcpy(inner, &ip, sizeof(ip));
		udp = inner + sizeof(ip);
		*name = (struct sockaddr_in){.sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	} else {
		struct sockaddr_in6 *name = (struct sockaddr_in6 *)&to;
		struct ip6_hdr {
			uint8_t head[4];
			uint16_t payload;
			uint8_t next, hops;
			struct in6_addr from, to;
		} ip = {.head = {0x60},
			.payload = htons(24),
			.next = IPPROTO_UDP,
			.hops = 64,
			.from = IN6ADDR_LOOPBACK_INIT};

		memcpy(&ip.to, remote->ip.b, 16);
		memcpy(inner, &ip, sizeof(ip));
		udp = inner + sizeof(ip);
		*name = (struct sockaddr_in6){.sin6_family = AF_INET6,
					      .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	}
	xt_be16_put(udp, pair->a->port);
	xt_be16_put(udp + 2, remote->port);
	xt_be16_put(udp + 4, 24);
	len = (size_t)(udp - bytes) + 8 + 16;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED && remote->ip.family == 4)
		xt_be16_put(&bytes[6], 1300);
	if (type == ICMP6_PACKET_TOO_BIG && remote->ip.family == 6)
		xt_be16_put(&bytes[6], 1300);
	if (remote->ip.family == 4)
		checksum_put(bytes, len);
	assert_int_equal(sendto(raw, bytes, len, 0, (struct sockaddr *)&to,
				remote->ip.family == 4 ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6)),
			 len);
}

static int raw_open(unsigned i)
{
	int fd = i == 0 ? socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)
			: socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	assert_true(fd >= 0);
	return fd;
}

static void every_kind_of_error_has_its_word(void **state)
{
	enum { NONE = XT_UNREACHABLES };
	static const struct {
		unsigned i;
		uint8_t type, code;
		int kind;
	} cases[] = {
	    {0, 3, 0, XT_UNREACHABLE_NETWORK},
	    {0, 3, 1, XT_UNREACHABLE_HOST},
	    {0, 3, 2, XT_UNREACHABLE_OTHER},
	    {0, 3, 3, XT_UNREACHABLE_PORT},
	    {0, 3, 4, NONE},
	    {0, 3, 5, XT_UNREACHABLE_OTHER},
	    {0, 3, 6, XT_UNREACHABLE_NETWORK},
	    {0, 3, 7, XT_UNREACHABLE_HOST},
	    {0, 3, 9, XT_UNREACHABLE_ADMIN},
	    {0, 3, 10, XT_UNREACHABLE_ADMIN},
	    {0, 3, 11, XT_UNREACHABLE_NETWORK},
	    {0, 3, 12, XT_UNREACHABLE_HOST},
	    {0, 3, 13, XT_UNREACHABLE_ADMIN},
	    {0, 11, 0, XT_UNREACHABLE_HOPS},
	    {0, 11, 1, NONE},
	    {0, 12, 0, XT_UNREACHABLE_OTHER},
	    {1, 1, 0, XT_UNREACHABLE_NETWORK},
	    {1, 1, 1, XT_UNREACHABLE_ADMIN},
	    {1, 1, 3, XT_UNREACHABLE_HOST},
	    {1, 1, 4, XT_UNREACHABLE_PORT},
	    {1, 1, 5, XT_UNREACHABLE_ADMIN},
	    {1, 1, 6, XT_UNREACHABLE_ADMIN},
	    {1, 2, 0, NONE},
	    {1, 3, 0, XT_UNREACHABLE_HOPS},
	    {1, 3, 1, XT_UNREACHABLE_OTHER},
	    {1, 4, 0, XT_UNREACHABLE_OTHER},
	};
	static const char *const ips[] = {"127.0.0.1", "::1"};
	struct pair *pair = *state;
	int raw[2] = {raw_open(0), raw_open(1)};
	bool gso = pair->a->gso;
	uint32_t expected = 0;

	for (uint32_t c = 0; c < XT_LEN(cases); c++) {
		unsigned i = cases[c].i;
		struct xt_path path = path_to(ips[i], pair->b->port);

		path.local = path.remote.ip;
		icmp_forge(pair, raw[i], &path.remote, cases[c].type, cases[c].code);
		if (c % 2) { /* a send takes it, or a wake-up */
			pair->a->ops->take_errors(pair->a, i);
			is_quiet(pair);
		}
		xt_tx_reset(pair->tx);
		for (uint32_t k = 0; k < 4; k++)
			datagram_add(pair, &path, expected + k);
		tx_send(pair);
		assert_false(pair->tx->runs[0].unstuck);
		numbers_recv(pair, &expected, 4 * (c + 1));
		if (cases[c].kind == NONE)
			assert_int_equal(pair->a->n_notes, 0);
		else
			icmp_noted(pair, &path.remote, (enum xt_unreachable)cases[c].kind, ips[i]);
	}
	assert_int_equal(pair->a->refused, 0);
	assert_int_equal(pair->a->fallbacks, 0);
	assert_int_equal(pair->a->n_too_big, 0);
	assert_int_equal(pair->a->gso, gso);
	close(raw[0]);
	close(raw[1]);
}

/* Each pass of the loop takes a part of them; then nothing is reported any longer. */
static void a_flood_of_errors_ends_and_stops_no_datagram(void **state)
{
	static const char *const ips[] = {"127.0.0.1", "::1"};
	struct pair *pair = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct xt_path path = path_to(ips[i], pair->b->port);
		uint32_t expected = 0, sent = 0, passes = 0;
		int raw = raw_open(i);

		path.local = path.remote.ip;
		for (uint32_t n = 0; n < FLOOD; n++) {
			icmp_forge(pair, raw, &path.remote, i == 0 ? 3 : 1, i == 0 ? 3 : 4);
			if (n % 100)
				continue;
			xt_tx_reset(pair->tx);
			datagram_add(pair, &path, sent++);
			tx_send(pair);
			assert_false(pair->tx->runs[0].unstuck);
			numbers_recv(pair, &expected, sent);
		}
		while (error_reported(pair, 0) && passes++ < FLOOD)
			pair->a->ops->take_errors(pair->a, i);
		assert_in_range(passes, 10, FLOOD / 16);
		is_quiet(pair);
		close(raw);
	}
	assert_int_equal(pair->a->refused, 0);
	assert_int_equal(pair->a->n_notes, XT_UDP_NOTES);
}

/* Between two takes: a remote's many errors do not hide that of another one. */
static void notes_of_one_remote_make_room_for_those_of_another(void **state)
{
	struct pair *pair = *state;
	struct xt_path many = path_to("127.0.0.1", port_closed()), one = many;
	bool found = false;

	one.remote.ip.b[3] = 7;
	for (unsigned n = 0; n < 3 * XT_UDP_NOTES; n++) {
		send_one(pair, n == 2 * XT_UDP_NOTES ? &one : &many);
		pair->a->ops->take_errors(pair->a, 0);
	}
	assert_int_equal(pair->a->n_notes, XT_UDP_NOTES);
	for (unsigned i = 0; i < XT_UDP_NOTES; i++)
		found |= xt_endpoint_equal(&pair->a->notes[i].remote, &one.remote);
	assert_true(found);
}

static void what_the_host_does_not_send_is_noted_with_its_errno(void **state)
{
	static const struct {
		const char *ip;
		int error;
	} cases[] = {{"198.18.1.1", ENETUNREACH}, {"198.18.2.1", EHOSTUNREACH},
		     {"198.18.3.1", EACCES},	  {"fd18:1::1", ENETUNREACH},
		     {"fd18:2::1", EHOSTUNREACH}, {"fd18:3::1", EACCES}};
	struct pair *pair = *state;
	char text[NET_TEXT];

	assert_int_equal(net_run(text, "ip route add unreachable 198.18.2.0/24 &&"
				       "ip route add prohibit 198.18.3.0/24 &&"
				       "ip route add unreachable fd18:2::/64 &&"
				       "ip route add prohibit fd18:3::/64"),
			 0);
	for (unsigned c = 0; c < XT_LEN(cases); c++) {
		struct xt_path path = path_to(cases[c].ip, 9);

		send_one(pair, &path);
		assert_int_equal(pair->a->refused, c + 1);
		refusal_noted(pair, &path.remote, cases[c].error);
		is_quiet(pair);
	}
}

/* Several datagrams, pinned to a source: the host's refusal after all that has been tried. */
static void a_refused_run_is_noted_once(void **state)
{
	struct pair *pair = *state;
	struct xt_path path = path_to("198.18.1.1", 9);

	assert_int_equal(xt_ip_parse(&path.local, "127.0.0.1"), 0);
	xt_tx_reset(pair->tx);
	for (uint32_t k = 0; k < 4; k++)
		datagram_add(pair, &path, k);
	tx_send(pair);
	assert_int_equal(pair->a->refused, 4);
	refusal_noted(pair, &path.remote, ENETUNREACH);
}

/* The error is the kernel's, as no neighbour answers; it is of the link that the remote is on. */
static void an_absent_neighbour_is_noted_with_its_scope(void **state)
{
	struct pair *pair = *state;
	struct xt_path path = path_to("fe80::9", 9);
	char text[NET_TEXT];

	assert_int_equal(
	    net_run(
		text,
		"ip link add near type veth peer name far && ip link set near addrgenmode none &&"
		"ip link set far addrgenmode none up && ip link set near up &&"
		"ip addr add fe80::8/64 dev near nodad &&"
		"echo 20 >/proc/sys/net/ipv6/neigh/near/retrans_time_ms"),
	    0);
	path.remote.scope = if_nametoindex("near");
	send_one(pair, &path);
	assert_true(error_reported(pair, 5000));
	pair->a->ops->take_errors(pair->a, 1);
	icmp_noted(pair, &path.remote, XT_UNREACHABLE_HOST, "fe80::8");
	is_quiet(pair);
}

/* Sockets that hear of errors also hear of this one. */
static void what_the_queue_of_a_link_drops_is_counted_and_refuses_nothing(void **state)
{
	struct pair *pair = *state;
	struct xt_path path = path_to("198.18.5.2", 9);
	static const uint8_t bytes[1000];
	char text[NET_TEXT];

	if (net_run(text, "ip link add slow type veth peer name other && ip link set other up &&"
			  "ip addr add 198.18.5.1/24 dev slow && ip link set slow up &&"
			  "ip neigh add 198.18.5.2 lladdr 02:00:00:00:00:02 dev slow &&"
			  "tc qdisc add dev slow root tbf rate 8kbit burst 2000 limit 3000") != 0) {
		print_message("skipped: no tc(8), or no such queue\n");
		skip();
	}
	xt_udp_offload(pair->a, false);
	xt_tx_reset(pair->tx);
	for (unsigned n = 0; n < 50; n++)
		assert_int_equal(xt_tx_copy(pair->tx, &path, 0, bytes, sizeof(bytes)), 0);
	tx_send(pair);
	assert_in_range(pair->a->ops->egress_drops(pair->a), 40, 49);
	assert_int_equal(pair->a->refused, pair->a->ops->egress_drops(pair->a));
	assert_int_equal(pair->a->n_notes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

NET_TEST_MAIN(TEST(a_closed_port_is_noted_with_its_host),
	      TEST(an_error_for_the_port_before_is_noted),
	      TEST(no_datagram_suffers_from_another_ones_error),
	      TEST(every_kind_of_error_has_its_word),
	      TEST(a_flood_of_errors_ends_and_stops_no_datagram),
	      TEST(notes_of_one_remote_make_room_for_those_of_another),
	      TEST(what_the_host_does_not_send_is_noted_with_its_errno),
	      TEST(a_refused_run_is_noted_once), TEST(an_absent_neighbour_is_noted_with_its_scope),
	      TEST(what_the_queue_of_a_link_drops_is_counted_and_refuses_nothing))
