/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* The whole data path in memory, TUN to TUN, through two devices and the program's own scheduler:
 * nanoseconds a packet sent (split, plan, seal, finish) and received (plan, open, finish, merge),
 * by kind and size of packet, by backend, by threads.  JSON on standard output, no pass or fail.
 *   bench_path [-b BACKEND]… [-k KIND]… [-t THREADS]… [-r ROUNDS]
 *   bench_path -k KIND -n PACKETS [-b BACKEND]    that much work once, for a profiler
 * Backend `none` copies instead of encrypting: what all but the cipher costs. */
#include <getopt.h>
#include <unistd.h>

#include "loopback.h"
#include "crypto/aead_ops.h"
#include "platform/clock.h"
#include "tunnel/cipher.h"
#include "tunnel/worker_pool.h"

/* size  of the inner packet.  super: the host writes and reads super-packets of 64 KiB */
static const struct kind {
	const char *name;
	uint8_t version, protocol;
	uint16_t size;
	bool super;
} kinds[] = {
    {"tcp-1420", 4, 6, 1420, true},	     {"tcp6-1420", 6, 6, 1420, true},
    {"tcp-8920", 4, 6, 8920, true},	     {"tcp-1420-single", 4, 6, 1420, false},
    {"udp-1388-single", 4, 17, 1388, false}, {"udp-576-single", 4, 17, 576, false},
    {"udp-92-single", 4, 17, 92, false},
};
#define KINDS	    XT_LEN(kinds)
#define ROUNDS_MAX  101
#define SPAN_NS	    4000000u /* of one round */
#define OPTIONS_MAX 8
#define THREADS_MAX 8

struct options {
	const char *backends[OPTIONS_MAX], *kinds[OPTIONS_MAX];
	unsigned threads[OPTIONS_MAX];
	size_t n_backends, n_kinds, n_threads;
	unsigned rounds;
	uint64_t packets;
};

struct lane {
	const char *backend;
	const struct kind *kind;
	unsigned threads;
	struct xt_aead *aead;
	struct xt_worker_pool *workers;
	struct loopback loopback;
	double send[ROUNDS_MAX], recv[ROUNDS_MAX];
};

static void none_do(struct xt_job *jobs, size_t n, size_t tag)
{
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].src != jobs[i].dst)
			memmove(jobs[i].dst, jobs[i].src, jobs[i].len);
		memset(jobs[i].dst + jobs[i].len, 0, tag);
		jobs[i].ok = true;
	}
}

static void none_seal(void *self, struct xt_job *jobs, size_t n)
{
	(void)self;
	none_do(jobs, n, XT_TAG_LEN);
}

static void none_open(void *self, struct xt_job *jobs, size_t n)
{
	(void)self;
	none_do(jobs, n, 0);
}

static const struct xt_aead_ops none_ops = {.name = "none", .seal = none_seal, .open = none_open};
static struct xt_aead none = {.ops = &none_ops};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void fill(struct lane *lane)
{
	const struct kind *kind = lane->kind;
	struct flow f = flow_of(kind->version, kind->protocol);
	uint32_t payload = (uint32_t)(kind->size - flow_headers(&f));
	uint32_t room = (uint32_t)(XT_PACKET_MAX - flow_headers(&f));

	if (kind->super) {
		loopback_flow(&lane->loopback.a, &f, room / payload * payload, (uint16_t)payload);
		return;
	}
	for (unsigned i = 0; i < LOOPBACK_PACKETS; i++) {
		loopback_flow(&lane->loopback.a, &f, payload, 0);
		f.seq += payload;
	}
}

/* false: not available here; the reason was printed. */
static bool lane_open(struct lane *lane)
{
	struct xt_aead_report report;
	int rc = 0;

	if (strcmp(lane->backend, "none") == 0)
		lane->aead = &none;
	else
		rc = xt_aead_choose(&lane->aead, lane->backend, &xt_cipher_host, &report);
	if (rc) {
		fprintf(stderr, "bench_path: %s: %s\n", lane->backend, report.reason);
		return false;
	}
	if (lane->threads > 1)
		loopback_check(xt_worker_pool_new(&lane->workers, lane->aead, lane->threads),
			       "threads");
	loopback_new(&lane->loopback, lane->kind->super, lane->aead, lane->workers);
	fill(lane);
	lane->loopback.a.tun.left = 8; /* the first packets start the handshake */
	loopback_drain(&lane->loopback);
	if (!lane->loopback.b.tun.sunk)
		loopback_check(XT_E_AGAIN, "session");
	return true;
}

static void lane_close(struct lane *lane)
{
	loopback_free(&lane->loopback);
	xt_worker_pool_free(lane->workers);
	if (lane->aead != &none)
		xt_aead_free(lane->aead);
}

static void round_do(struct lane *lane, unsigned round)
{
	struct loopback *loopback = &lane->loopback;
	uint64_t send = 0, recv = 0, before = loopback->b.tun.sunk, packets;
	uint64_t carried = loopback->a.udp.wire.carried;

	loopback->a.tun.left = UINT64_MAX;
	while (send + recv < SPAN_NS) {
		uint64_t start = xt_clock_now().mono, mid;

		loopback_send(loopback, &loopback->a);
		mid = xt_clock_now().mono;
		loopback_recv(loopback, &loopback->b);
		send += mid - start;
		recv += xt_clock_now().mono - mid;
	}
	packets = loopback->b.tun.sunk - before;
	if (packets != loopback->a.udp.wire.carried - carried)
		abort(); /* some were lost */
	lane->send[round] = (double)send / (double)packets;
	lane->recv[round] = (double)recv / (double)packets;
}

static void print(struct lane *lane, unsigned rounds)
{
	qsort(lane->send, rounds, sizeof(lane->send[0]), ascending);
	qsort(lane->recv, rounds, sizeof(lane->recv[0]), ascending);
	printf("{\"kind\": \"%s\", \"bytes\": %u, \"backend\": \"%s\", \"threads\": %u,"
	       " \"send_ns\": %.1f, \"recv_ns\": %.1f,"
	       " \"send_median_ns\": %.1f, \"recv_median_ns\": %.1f}",
	       lane->kind->name, lane->kind->size, lane->backend, lane->threads, lane->send[0],
	       lane->recv[0], lane->send[rounds / 2], lane->recv[rounds / 2]);
}

/* All lanes of one kind, round by round, so that all see the same state of the machine. */
static void kind_bench(const struct options *options, const struct kind *kind, const char **comma)
{
	struct lane *lanes = calloc(options->n_backends * options->n_threads, sizeof(*lanes));
	size_t n = 0;

	if (!lanes)
		loopback_check(XT_E_NOMEM, "lanes");
	for (size_t b = 0; b < options->n_backends; b++) {
		for (size_t t = 0; t < options->n_threads; t++) {
			lanes[n] = (struct lane){.backend = options->backends[b],
						 .kind = kind,
						 .threads = options->threads[t]};
			/* Without a cipher the workers have nothing to do. */
			if (options->threads[t] > 1 && strcmp(options->backends[b], "none") == 0)
				continue;
			n += lane_open(&lanes[n]);
		}
	}
	for (unsigned r = 0; r < options->rounds; r++)
		for (size_t i = 0; i < n; i++)
			round_do(&lanes[i], r);
	for (size_t i = 0; i < n; i++) {
		printf("%s\n ", *comma);
		print(&lanes[i], options->rounds);
		*comma = ",";
		lane_close(&lanes[i]);
	}
	free(lanes);
}

/* scripts/callgrind counts in these two: everything but the handshake. */
__attribute__((noinline, used)) static void work_send(struct loopback *loopback)
{
	loopback_send(loopback, &loopback->a);
}

__attribute__((noinline, used)) static void work_recv(struct loopback *loopback)
{
	loopback_recv(loopback, &loopback->b);
}

static int work(const struct options *options, const struct kind *kind)
{
	struct lane lane = {
	    .backend = options->backends[0], .kind = kind, .threads = options->threads[0]};
	uint64_t before;

	if (!lane_open(&lane))
		return 1;
	before = lane.loopback.b.tun.sunk;
	lane.loopback.a.tun.left = UINT64_MAX;
	while (lane.loopback.b.tun.sunk - before < options->packets) {
		work_send(&lane.loopback);
		work_recv(&lane.loopback);
	}
	printf("{\"bench\": \"path\", \"kind\": \"%s\", \"backend\": \"%s\", \"packets\": %llu}\n",
	       kind->name, lane.backend, (unsigned long long)(lane.loopback.b.tun.sunk - before));
	lane_close(&lane);
	return 0;
}

static bool parse(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "b:k:t:r:n:")) != -1) {
		if (option == 'b' && options->n_backends < OPTIONS_MAX)
			options->backends[options->n_backends++] = optarg;
		else if (option == 'k' && options->n_kinds < OPTIONS_MAX)
			options->kinds[options->n_kinds++] = optarg;
		else if (option == 't' && options->n_threads < OPTIONS_MAX)
			options->threads[options->n_threads++] =
			    (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'r')
			options->rounds = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'n')
			options->packets = strtoull(optarg, NULL, 10);
		else
			return false;
	}
	for (size_t i = 0; i < options->n_threads; i++)
		if (options->threads[i] < 1 || options->threads[i] > THREADS_MAX)
			return false;
	return optind == argc && options->rounds >= 1 && options->rounds <= ROUNDS_MAX;
}

static void defaults(struct options *options)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!options->n_backends) {
		options->backends[options->n_backends++] = "none";
		for (size_t i = 0; xt_aead_backend(i); i++)
			options->backends[options->n_backends++] = xt_aead_backend(i);
	}
	for (size_t i = 0; !options->n_kinds && i < KINDS; i++)
		options->kinds[i] = kinds[i].name;
	if (!options->n_kinds)
		options->n_kinds = KINDS;
	if (options->n_threads)
		return;
	options->threads[options->n_threads++] = 1;
	if (processors > 1 && !options->packets)
		options->threads[options->n_threads++] = 2;
}

int main(int argc, char **argv)
{
	struct options options = {.rounds = 15};
	const char *comma = "";

	if (!parse(&options, argc, argv)) {
		fprintf(stderr, "usage: bench_path [-b BACKEND]... [-k KIND]... [-t THREADS]... "
				"[-r ROUNDS] [-n PACKETS]\n");
		return 2;
	}
	defaults(&options);
	if (!options.packets)
		printf("{\"bench\": \"path\", \"rows\": [");
	for (size_t i = 0; i < options.n_kinds; i++) {
		const struct kind *kind = NULL;

		for (size_t k = 0; k < KINDS; k++)
			if (strcmp(kinds[k].name, options.kinds[i]) == 0)
				kind = &kinds[k];
		if (!kind) {
			fprintf(stderr, "bench_path: no kind %s\n", options.kinds[i]);
			return 2;
		}
		if (options.packets)
			return work(&options, kind);
		kind_bench(&options, kind, &comma);
		fflush(stdout);
	}
	printf("]}\n");
	return 0;
}
