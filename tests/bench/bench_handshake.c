/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* What a handshake costs: microseconds a step, in memory. JSON on standard output, no pass or fail.
 *
 *	bench_handshake              the steps
 *	bench_handshake -k N         public keys of N callers, one a line
 *	bench_handshake -c ADDRESS:PORT -r KEY [-n CALLERS] [-p PASSES] [-w WINDOW] [-g GAP_MS]
 *	bench_handshake -c ADDRESS:PORT -r KEY [-n CALLERS] [-s FIRST_SOURCE] -b
 *
 * The third form starts handshakes with the peer of that public key: handshakes a second. The last
 * one starts all at once, each from an address of its own: milliseconds until 50, 90 and 100 % are
 * answered. */
#include <getopt.h>

#include "bench/callers.h"
#include "crypto/init.h"

#define ROUNDS 201

enum step { INITIATE, READ, TIMESTAMP, RESPOND, FINISH, SHARED, STEPS };
static const char *const steps[] = {"initiate", "read_initiation", "read_timestamp",
				    "respond",	"read_response",   "x25519"};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct ends {
	struct xt_noise_local i, r;
	struct xt_noise_peer of_i, of_r; /* how each is seen by the other */
};

/* us: when each step ended. */
static int once(const struct ends *e, uint32_t round, double us[STEPS][ROUNDS])
{
	struct xt_noise_handshake hs_i = {0}, hs_r = {0};
	struct xt_noise_keys keys_i, keys_r;
	struct xt_msg_initiation initiation;
	struct xt_msg_response response;
	struct xt_private random;
	struct xt_public remote;
	uint8_t timestamp[XT_TIMESTAMP_LEN], shared[XT_DH_LEN];
	uint64_t at[STEPS + 1];
	int rc = 0;

	caller_key(&random, 1000 + round);
	xt_tai64n_encode(timestamp, xt_clock_now().wall);
	at[0] = xt_clock_now().mono;
	rc |= xt_noise_initiate(&hs_i, &e->i, &e->of_r, &random, timestamp, 1, &initiation);
	at[1] = xt_clock_now().mono;
	rc |= xt_noise_read_initiation(&hs_r, &e->r, &initiation, &remote);
	at[2] = xt_clock_now().mono;
	rc |= xt_noise_read_timestamp(&hs_r, &e->of_i, &initiation, timestamp);
	at[3] = xt_clock_now().mono;
	rc |= xt_noise_respond(&hs_r, &e->of_i, &random, 2, &response, &keys_r);
	at[4] = xt_clock_now().mono;
	rc |= xt_noise_read_response(&hs_i, &e->i, &e->of_r, &response, &keys_i);
	at[5] = xt_clock_now().mono;
	rc |= xt_dh_shared(shared, &random, &e->r.public_key);
	at[6] = xt_clock_now().mono;
	if (rc || memcmp(keys_i.send, keys_r.recv, sizeof(keys_i.send)) != 0)
		return XT_E_CRYPTO;
	for (int s = 0; s < STEPS; s++)
		us[s][round] = (double)(at[s + 1] - at[s]) / 1e3;
	return 0;
}

static int steps_bench(void)
{
	static double us[STEPS][ROUNDS];
	double answer = 0;
	struct xt_private key;
	struct ends e = {0};

	caller_key(&key, 1);
	xt_noise_local_set(&e.i, &key);
	caller_key(&key, 2);
	xt_noise_local_set(&e.r, &key);
	xt_noise_peer_set(&e.of_r, &e.i, &e.r.public_key);
	xt_noise_peer_set(&e.of_i, &e.r, &e.i.public_key);
	for (uint32_t r = 0; r < ROUNDS; r++)
		if (once(&e, r, us))
			return XT_E_CRYPTO;
	printf("{\"bench\": \"handshake\"");
	for (int s = 0; s < STEPS; s++) {
		qsort(us[s], ROUNDS, sizeof(us[s][0]), ascending);
		printf(", \"%s_us\": %.1f, \"%s_median_us\": %.1f", steps[s], us[s][0], steps[s],
		       us[s][ROUNDS / 2]);
		if (s == READ || s == TIMESTAMP || s == RESPOND)
			answer += us[s][0];
	}
	printf(", \"responder_per_second\": %.0f}\n", 1e6 / answer);
	return 0;
}

static uint32_t number(const char *text, uint64_t max)
{
	uint64_t n;

	if (!xt_number(&n, text, max, false) || n == 0) {
		fprintf(stderr, "bench_handshake: %s: a number from 1 to %llu\n", text,
			(unsigned long long)max);
		exit(2);
	}
	return (uint32_t)n;
}

int main(int argc, char **argv)
{
	struct callers_options load = {.n = 1000, .passes = 3, .window = 48};
	uint32_t keys = 0;
	int option, rc;

	while ((option = getopt(argc, argv, "k:c:r:n:p:w:g:bs:")) != -1) {
		switch (option) {
		case 'k':
			keys = number(optarg, 100000);
			break;
		case 'c':
			load.address = optarg;
			break;
		case 'r':
			load.key = optarg;
			break;
		case 'n':
			load.n = number(optarg, 100000);
			break;
		case 'p':
			load.passes = number(optarg, 100);
			break;
		case 'w':
			load.window = number(optarg, 10000);
			break;
		case 'g':
			load.gap_ms = number(optarg, 10000);
			break;
		case 's':
			load.source = optarg;
			break;
		case 'b':
			load.burst = true;
			break;
		default:
			return 2;
		}
	}
	rc = xt_crypto_init();
	if (rc == 0 && keys)
		return callers_keys(keys);
	if (rc == 0)
		rc = load.address && load.key ? callers_run(&load) : steps_bench();
	if (rc)
		fprintf(stderr, "bench_handshake: %s\n", xt_strerror(rc));
	return rc != 0;
}
