/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Runs GRO and GSO of the kernel and compares the results with our merge and split, in a network
 * namespace of its own, on a TUN device with NAPI. Packets written to the device in a burst pass
 * GRO, and a packet socket receives them with their virtio-net headers before IP does. A
 * super-packet that the packet socket sends is split by GSO, because the device has no offload,
 * and is read from the device in segments.
 *
 *	e2e_gro_rig has                  exit code 77 and the reason when this kernel cannot
 *	e2e_gro_rig record-gro < A > B   the cases of A (tests/vectors/gro.txt) with the results of
 *	                                 this kernel
 *	e2e_gro_rig record-gso < A > B   the same for GSO (tests/vectors/gso.txt)
 *	e2e_gro_rig check-gro < A        our results are those of this kernel, except in cases that
 *	e2e_gro_rig check-gso < A        are marked to differ; the kernel splits our super-packets
 *	                                 into the original packets
 *	e2e_gro_rig check-random N       the same with N random bursts (XT_SEED) */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../gro_ours.h"
#include "../gso_case.h"
#include "../seed.h"

#define NAME	"gro0"
#define HOLD_NS 10000000 /* GRO flushes what it holds after this time without packets */
#define TRIES	200

static int tun, tap;
static struct gro_case one;
static struct gro_groups seen;
static struct gro_ours ours;
static struct gso_case cut;
static struct xt_batch *pieces; /* as the kernel split them */

__attribute__((noreturn)) static void skip(const char *why)
{
	printf("skip: %s\n", why);
	exit(77);
}

__attribute__((noreturn)) static void fail(const char *what)
{
	gro_die("%s: %s", what, strerror(errno));
}

static void set(const char *path, const char *value, const char *what)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		if (errno == EPERM || errno == EACCES)
			skip("the kernel lets only root hold back GRO");
		fail(what);
	}
	close(fd);
}

static void tun_open(void)
{
	struct ifreq ifr = {.ifr_name = NAME, .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_NAPI};
	unsigned features = 0;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun < 0)
		skip("no TUN device");
	if (ioctl(tun, TUNGETFEATURES, &features) < 0 || !(features & IFF_NAPI))
		skip("the kernel's TUN devices have no NAPI");
	if (ioctl(tun, TUNSETIFF, &ifr) < 0)
		fail("no TUN device with NAPI");
	set("/proc/sys/net/ipv6/conf/" NAME "/disable_ipv6", "1", "disable_ipv6");
	set("/sys/class/net/" NAME "/gro_flush_timeout", "10000000", "gro_flush_timeout");
	ifr.ifr_mtu = 65535;
	if (s < 0 || ioctl(s, SIOCSIFMTU, &ifr) < 0)
		fail("MTU of 65535");
	ifr.ifr_qlen = 2000;
	if (ioctl(s, SIOCSIFTXQLEN, &ifr) < 0)
		fail("length of the queue");
	ifr.ifr_flags = IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
		fail("up");
	close(s);
}

/* UDP is merged for a socket with UDP_GRO only. */
static void udp_open(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(5001)};
	int yes = 1, no = 0, s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0 || setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0 ||
	    setsockopt(s, IPPROTO_UDP, UDP_GRO, &yes, sizeof(yes)) < 0 ||
	    bind(s, (struct sockaddr *)&any, sizeof(any)) < 0)
		fail("UDP_GRO");
}

static void tap_open(void)
{
	struct sockaddr_ll name = {.sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = (int)if_nametoindex(NAME)};
	int yes = 1, room = 16 << 20;

	tap = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (tap < 0 || setsockopt(tap, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) < 0 ||
	    bind(tap, (struct sockaddr *)&name, sizeof(name)) < 0)
		fail("packet socket with virtio-net headers");
	if (setsockopt(tap, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(tap, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static void world_open(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		skip("no right to make a network namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
		skip("no /sys of the namespace");
	tun_open();
	udp_open();
	tap_open();
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* All packets in one tick of the kernel's clock: at each tick GRO flushes what is older. */
static bool burst(const struct gro_case *c)
{
	int64_t tick = now_ns(CLOCK_MONOTONIC_COARSE), begin;

	while (now_ns(CLOCK_MONOTONIC_COARSE) == tick)
		;
	tick = now_ns(CLOCK_MONOTONIC_COARSE);
	begin = now_ns(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < c->n; i++)
		if (write(tun, c->in[i].bytes, c->in[i].len) != (ssize_t)c->in[i].len)
			gro_die("%s: packet %u: %s", c->name, i, strerror(errno));
	return now_ns(CLOCK_MONOTONIC_COARSE) == tick &&
	       now_ns(CLOCK_MONOTONIC) - begin < HOLD_NS / 2;
}

/* The next packet from the device; false: none for some time. */
static ssize_t tap_read(uint8_t *to, size_t room)
{
	struct pollfd poll_tap = {.fd = tap, .events = POLLIN};
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);

	while (poll(&poll_tap, 1, 300) == 1) {
		ssize_t n = recvfrom(tap, to, room, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

		if (n > XT_VNET_LEN && from.sll_pkttype != PACKET_OUTGOING)
			return n;
	}
	return 0;
}

static void kernel_joins(const struct gro_case *c, struct gro_groups *groups)
{
	static uint8_t bytes[XT_VNET_LEN + 70000];
	bool taken[GRO_PACKETS], again = true;

	for (int k = 0; again; k++) {
		uint32_t left = c->n;

		if (k == TRIES)
			gro_die("%s: never within one tick", c->name);
		again = !burst(c);
		groups->n = 0;
		memset(taken, 0, sizeof(taken));
		while (left) {
			ssize_t n = tap_read(bytes, sizeof(bytes));

			if (n == 0)
				gro_die("%s: %u packets are lost", c->name, left);
			if (!gro_see(groups, c, taken, bytes, bytes + XT_VNET_LEN,
				     (uint32_t)n - XT_VNET_LEN))
				gro_die("%s: the kernel delivered an unknown packet", c->name);
			left -= groups->at[groups->n - 1].n;
		}
	}
}

/* Stores the segments of a super-packet, as the kernel splits it, in pieces. False: refused. */
static bool kernel_cuts(const uint8_t *p, uint32_t len, const struct xt_gso *gso)
{
	struct pollfd poll_tun = {.fd = tun, .events = POLLIN};
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(p[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6),
				 .sll_ifindex = (int)if_nametoindex(NAME)};
	uint8_t vnet[XT_VNET_LEN];
	struct iovec vecs[2] = {{vnet, sizeof(vnet)}, {(void *)(uintptr_t)p, len}};
	struct msghdr msg = {
	    .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = vecs, .msg_iovlen = 2};

	xt_vnet_encode(vnet, gso);
	xt_batch_reset(pieces);
	if (sendmsg(tap, &msg, 0) < 0)
		return false;
	/* Segments are queued at once; those that the device refuses never arrive. */
	while (poll(&poll_tun, 1, pieces->n ? 0 : 100) == 1) {
		struct xt_pkt *pkt = xt_batch_add(pieces, XT_PACKET_MAX);
		ssize_t n = pkt ? read(tun, pkt->data, XT_PACKET_MAX) : -1;

		if (n < 0)
			gro_die("segments: %s", pkt ? strerror(errno) : "too many");
		pkt->len = (uint32_t)n;
		xt_batch_trim(pieces);
	}
	return pieces->n != 0;
}

static void kernel_print(void)
{
	struct utsname u;

	uname(&u);
	printf("# kernel: %s %s %s\n", u.sysname, u.release, u.machine);
}

static void record_gro(void)
{
	kernel_print();
	while (gro_case_read(&one, stdin, stdout)) {
		kernel_joins(&one, &seen);
		gro_groups_print(stdout, "out ", &seen);
		printf("\n");
	}
}

static void record_gso(void)
{
	kernel_print();
	while (gso_case_read(&cut, stdin, stdout)) {
		const char *what;

		cut.refused = !kernel_cuts(cut.bytes, cut.len, &cut.gso);
		what = gso_see(&cut, pieces);
		if (what)
			gro_die("%s: the kernel gave %s", cut.name, what);
		gso_print(stdout, &cut);
		printf("\n");
	}
}

static int check_gso(void)
{
	static struct gso_case mine;
	int wrong = 0, n = 0;

	for (; gso_case_read(&cut, stdin, NULL); n++) {
		const char *what;

		cut.refused = !kernel_cuts(cut.bytes, cut.len, &cut.gso);
		what = gso_see(&cut, pieces);
		if (what)
			gro_die("%s: the kernel gave %s", cut.name, what);
		gso_ours(&cut, ours.in, ours.out);
		what = gso_compare(&cut, ours.out);
		if (!what)
			continue;
		wrong++;
		printf("%s: we differ from the kernel: %s\n", cut.name, what);
		gso_print(stdout, &cut);
		mine = cut;
		mine.refused = false;
		(void)gso_see(&mine, ours.out);
		gso_print(stdout, &mine);
	}
	printf("%d of %d packets are split as by the kernel\n", n - wrong, n);
	return wrong || !n;
}

/* 0, or 1 after printing both. */
static int differ(const struct gro_case *c, const char *what)
{
	printf("%s: we differ from the kernel: %s\n", c->name, what);
	gro_groups_print(stdout, "\tkernel ", &seen);
	gro_groups_print(stdout, "\tours   ", &ours.groups);
	return 1;
}

/* Does the kernel split our super-packets into the original packets? */
static const char *ours_cut(const struct gro_case *c)
{
	for (uint32_t i = 0; i < ours.groups.n; i++) {
		const struct gro_group *g = &ours.groups.at[i];
		const struct xt_pkt *pkt = &ours.out->pkts[i];

		if (!g->super)
			continue;
		if (!kernel_cuts(pkt->data, pkt->len, &pkt->gso) || pieces->n != g->n)
			return "the kernel splits ours into another number";
		for (uint32_t k = 0; k < g->n; k++)
			if (!gro_same(&c->in[g->of[k]], pieces->pkts[k].data, pieces->pkts[k].len))
				return "the kernel splits ours into other packets";
	}
	return NULL;
}

static int check_one(struct gro_case *c)
{
	const char *what = gro_ours_run(&ours, c);

	if (!what)
		what = gro_ours_back(&ours, c);
	if (!what)
		what = ours_cut(c);
	kernel_joins(c, &seen);
	if (!what)
		what = gro_judge(c, &ours.groups, &seen);
	return what ? differ(c, what) : 0;
}

static int check_gro(void)
{
	int wrong = 0, differs = 0, n = 0;

	for (; gro_case_read(&one, stdin, NULL); n++) {
		wrong += check_one(&one);
		differs += one.differs[0] != 0;
	}
	printf(
	    "%d of %d bursts are merged as by the kernel, %d of them except for listed differences\n",
	    n - wrong, n, differs);
	return wrong || !n;
}

/* One line of a random burst: fields that are not drawn stay as in the line before. Intended
 * differences (gro_reasons) are left out. */
static int random_line(char *text, size_t room, uint64_t *rng, bool extra)
{
	static const char kinds[4][5] = {"tcp4", "tcp6", "udp4", "udp6"};
	static const char *const both[] = {"tos=2",    "tos=3",	   "ttl=63", "id=900",
					   "idstep=0", "idstep=2", "df=0",   "last=1"};
	static const char *const tcp[] = {"flags=0x18", "flags=0x11", "flags=0x50", "flags=0x14",
					  "flags=0",	"ack=78",     "win=501",    "stamp=8",
					  "opt=0",	"opt=16",     "seq=1",	    "seq=-1",
					  "len=0",	"set=t12:1"};
	static const unsigned sizes[] = {100, 100, 100, 100, 100, 40, 101, 1300};
	uint64_t kind = xt_below(rng, 4);
	int at = snprintf(text, room, "%s/%u n=%u len=%u", kinds[kind], (unsigned)xt_below(rng, 2),
			  1 + (unsigned)xt_below(rng, 4), sizes[xt_below(rng, 8)]);

	if (extra && kind < 2 && xt_below(rng, 2))
		at += snprintf(text + at, room - (size_t)at, " %s",
			       tcp[xt_below(rng, sizeof(tcp) / sizeof(tcp[0]))]);
	else if (extra)
		at += snprintf(text + at, room - (size_t)at, " %s",
			       both[xt_below(rng, sizeof(both) / sizeof(both[0]))]);
	return at;
}

static int check_random(int bursts)
{
	static char text[GRO_TEXT], line[128];
	uint64_t rng = xt_seed();
	int wrong = 0;

	for (int n = 0; n < bursts; n++) {
		uint64_t lines = 2 + xt_below(&rng, 15), quiet = 1 + xt_below(&rng, 6);
		int at = 0;

		memset(&one, 0, offsetof(struct gro_case, memory));
		snprintf(one.name, sizeof(one.name), "random_%d", n);
		for (uint64_t i = 0; i < lines; i++) {
			random_line(line, sizeof(line), &rng, xt_below(&rng, quiet) == 0);
			at += snprintf(text + at, sizeof(text) - (size_t)at, "in %s\n", line);
			gro_in(&one, line);
		}
		if (check_one(&one)) {
			wrong++;
			fputs(text, stdout);
		}
	}
	printf("%d of %d random bursts are merged as by the kernel\n", bursts - wrong, bursts);
	return wrong || !bursts;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int rc = 0;

	world_open();
	gro_ours_init(&ours);
	if (xt_batch_new(&pieces, GSO_SEGMENTS, 16 * XT_SLOT_MAX))
		gro_die("no memory");
	if (strcmp(verb, "record-gro") == 0)
		record_gro();
	else if (strcmp(verb, "record-gso") == 0)
		record_gso();
	else if (strcmp(verb, "check-gro") == 0)
		rc = check_gro();
	else if (strcmp(verb, "check-gso") == 0)
		rc = check_gso();
	else if (strcmp(verb, "check-random") == 0 && argc == 3)
		rc = check_random(atoi(argv[2]));
	else if (strcmp(verb, "has") != 0)
		gro_die("no such verb: '%s'", verb);
	gro_ours_clear(&ours);
	xt_batch_free(pieces);
	return rc;
}
