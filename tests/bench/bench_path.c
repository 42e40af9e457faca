/* layers: tunnel platform core crypto packet base */
/* The whole road in memory, TUN to TUN, through two devices and the program's own pump: nanoseconds
 * a packet outward (split, plan, seal, finish) and inward (plan, open, finish, merge), by kind and
 * size of packet, by backend, by threads.  JSON on standard output, no pass or fail.
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

/* size  of the inner packet.  super: the host hands over 64 KiB of them at once, and takes so */
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
#define WISHES	    8
#define THREADS_MAX 8

struct wishes {
	const char *backends[WISHES], *kinds[WISHES];
	unsigned threads[WISHES];
	size_t n_backends, n_kinds, n_threads;
	unsigned rounds;
	uint64_t packets;
};

struct lane {
	const char *backend;
	const struct kind *kind;
	unsigned threads;
	struct xt_aead *aead;
	struct xt_worker_pool *crew;
	struct road road;
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
		road_flow(&lane->road.a, &f, room / payload * payload, (uint16_t)payload);
		return;
	}
	for (unsigned i = 0; i < ROAD_PACKETS; i++) {
		road_flow(&lane->road.a, &f, payload, 0);
		f.seq += payload;
	}
}

/* false: not to be had here; said why. */
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
		road_check(xt_worker_pool_new(&lane->crew, lane->aead, lane->threads), "threads");
	road_new(&lane->road, lane->kind->super, lane->aead, lane->crew);
	fill(lane);
	lane->road.a.tun.left = 8; /* the first ones bring the session about */
	road_settle(&lane->road);
	if (!lane->road.b.tun.sunk)
		road_check(XT_E_AGAIN, "session");
	return true;
}

static void lane_close(struct lane *lane)
{
	road_free(&lane->road);
	xt_worker_pool_free(lane->crew);
	if (lane->aead != &none)
		xt_aead_free(lane->aead);
}

static void round_do(struct lane *lane, unsigned round)
{
	struct road *road = &lane->road;
	uint64_t send = 0, recv = 0, before = road->b.tun.sunk, packets;
	uint64_t carried = road->a.udp.wire.carried;

	road->a.tun.left = UINT64_MAX;
	while (send + recv < SPAN_NS) {
		uint64_t start = xt_clock_now().mono, mid;

		road_send(road, &road->a);
		mid = xt_clock_now().mono;
		road_recv(road, &road->b);
		send += mid - start;
		recv += xt_clock_now().mono - mid;
	}
	packets = road->b.tun.sunk - before;
	if (packets != road->a.udp.wire.carried - carried)
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

/* All lanes of one kind, in turns. */
static void race(const struct wishes *w, const struct kind *kind, const char **comma)
{
	struct lane *lanes = calloc(w->n_backends * w->n_threads, sizeof(*lanes));
	size_t n = 0;

	if (!lanes)
		road_check(XT_E_NOMEM, "lanes");
	for (size_t b = 0; b < w->n_backends; b++) {
		for (size_t t = 0; t < w->n_threads; t++) {
			lanes[n] = (struct lane){
			    .backend = w->backends[b], .kind = kind, .threads = w->threads[t]};
			/* There is nothing to share without a cipher. */
			if (w->threads[t] > 1 && strcmp(w->backends[b], "none") == 0)
				continue;
			n += lane_open(&lanes[n]);
		}
	}
	for (unsigned r = 0; r < w->rounds; r++)
		for (size_t i = 0; i < n; i++)
			round_do(&lanes[i], r);
	for (size_t i = 0; i < n; i++) {
		printf("%s\n ", *comma);
		print(&lanes[i], w->rounds);
		*comma = ",";
		lane_close(&lanes[i]);
	}
	free(lanes);
}

/* A profiler counts in these two: all but the handshake. */
__attribute__((noinline, used)) static void work_send(struct road *road)
{
	road_send(road, &road->a);
}

__attribute__((noinline, used)) static void work_recv(struct road *road)
{
	road_recv(road, &road->b);
}

static int work(const struct wishes *w, const struct kind *kind)
{
	struct lane lane = {.backend = w->backends[0], .kind = kind, .threads = w->threads[0]};
	uint64_t before;

	if (!lane_open(&lane))
		return 1;
	before = lane.road.b.tun.sunk;
	lane.road.a.tun.left = UINT64_MAX;
	while (lane.road.b.tun.sunk - before < w->packets) {
		work_send(&lane.road);
		work_recv(&lane.road);
	}
	printf("{\"bench\": \"path\", \"kind\": \"%s\", \"backend\": \"%s\", \"packets\": %llu}\n",
	       kind->name, lane.backend, (unsigned long long)(lane.road.b.tun.sunk - before));
	lane_close(&lane);
	return 0;
}

static bool parse(struct wishes *w, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "b:k:t:r:n:")) != -1) {
		if (option == 'b' && w->n_backends < WISHES)
			w->backends[w->n_backends++] = optarg;
		else if (option == 'k' && w->n_kinds < WISHES)
			w->kinds[w->n_kinds++] = optarg;
		else if (option == 't' && w->n_threads < WISHES)
			w->threads[w->n_threads++] = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'r')
			w->rounds = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'n')
			w->packets = strtoull(optarg, NULL, 10);
		else
			return false;
	}
	for (size_t i = 0; i < w->n_threads; i++)
		if (w->threads[i] < 1 || w->threads[i] > THREADS_MAX)
			return false;
	return optind == argc && w->rounds >= 1 && w->rounds <= ROUNDS_MAX;
}

static void defaults(struct wishes *w)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!w->n_backends) {
		w->backends[w->n_backends++] = "none";
		for (size_t i = 0; xt_aead_backend(i); i++)
			w->backends[w->n_backends++] = xt_aead_backend(i);
	}
	for (size_t i = 0; !w->n_kinds && i < KINDS; i++)
		w->kinds[i] = kinds[i].name;
	if (!w->n_kinds)
		w->n_kinds = KINDS;
	if (w->n_threads)
		return;
	w->threads[w->n_threads++] = 1;
	if (processors > 1 && !w->packets)
		w->threads[w->n_threads++] = 2;
}

int main(int argc, char **argv)
{
	struct wishes w = {.rounds = 15};
	const char *comma = "";

	if (!parse(&w, argc, argv)) {
		fprintf(stderr, "usage: bench_path [-b BACKEND]... [-k KIND]... [-t THREADS]... "
				"[-r ROUNDS] [-n PACKETS]\n");
		return 2;
	}
	defaults(&w);
	if (!w.packets)
		printf("{\"bench\": \"path\", \"rows\": [");
	for (size_t i = 0; i < w.n_kinds; i++) {
		const struct kind *kind = NULL;

		for (size_t k = 0; k < KINDS; k++)
			if (strcmp(kinds[k].name, w.kinds[i]) == 0)
				kind = &kinds[k];
		if (!kind) {
			fprintf(stderr, "bench_path: no kind %s\n", w.kinds[i]);
			return 2;
		}
		if (w.packets)
			return work(&w, kind);
		race(&w, kind, &comma);
		fflush(stdout);
	}
	printf("]}\n");
	return 0;
}
