/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* The data path allocates nothing: each call of the allocator is counted while packets pass through
 * split, plan, crypt, finish and merge of the program's own scheduler, and through the kernel's TUN
 * device and UDP sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "aead_backends.h"
#include "net_namespace.h"
#include "loopback.h"
#include "test_main.h"
#include "tunnel/worker_pool.h"

#define PACKETS 10000

static uint64_t allocations; /* of any thread, while counting */
static bool counting;

static void count(void)
{
	if (__atomic_load_n(&counting, __ATOMIC_RELAXED))
		__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#if defined(SANITIZED)
#define COUNTS true
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t),
					      void (*given)(const volatile void *));

static void hook_taken(const volatile void *p, size_t len)
{
	(void)p;
	(void)len;
	count();
}

static void hook_given(const volatile void *p)
{
	(void)p;
}

static void count_start(void)
{
	static bool installed;

	if (!installed)
		assert_true(__sanitizer_install_malloc_and_free_hooks(hook_taken, hook_given) > 0);
	installed = true;
}
#elif defined(__GLIBC__)
#define COUNTS true
/* These replace the C library's, in its own calls as well. */
void *__libc_malloc(size_t len);
void *__libc_calloc(size_t n, size_t len);
void *__libc_realloc(void *p, size_t len);
void *__libc_memalign(size_t align, size_t len);

void *malloc(size_t len)
{
	count();
	return __libc_malloc(len);
}

void *calloc(size_t n, size_t len)
{
	count();
	return __libc_calloc(n, len);
}

void *realloc(void *p, size_t len)
{
	count();
	return __libc_realloc(p, len);
}

void *aligned_alloc(size_t align, size_t len)
{
	count();
	return __libc_memalign(align, len);
}

int posix_memalign(void **out, size_t align, size_t len)
{
	count();
	*out = __libc_memalign(align, len);
	return *out ? 0 : ENOMEM;
}

static void count_start(void)
{
}
#else
#define COUNTS false
static void count_start(void)
{
	(void)count;
}
#endif

static void counted(bool on)
{
	count_start();
	if (on)
		__atomic_store_n(&allocations, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&counting, on, __ATOMIC_RELAXED);
}

static void need_count(void)
{
	if (!COUNTS) {
		print_message("the C library's allocator cannot be replaced\n");
		skip();
	}
}

static uint64_t wrong;

static void inspect_plain(const struct xt_pkt *pkt)
{
	wrong += pkt->gso.kind == XT_GSO_NONE && !flow_right(pkt->data, pkt->len);
}

/* TCP of both families in super-packets and single, UDP in sizes from 1 byte on. */
static void mixture(struct loopback_end *end, bool super)
{
	for (unsigned i = 0; i < 24; i++) {
		struct flow f = flow_of(i % 3 == 2 ? 6 : 4,
					i % 2 ? 17 : 6); /* both protocols with both versions */
		uint32_t headers = (uint32_t)flow_headers(&f), one = 1420 - headers;

		f.from = end->udp.from.remote.ip.b[3];
		f.to = (uint8_t)(3 - f.from);
		f.sport = (uint16_t)(40000 + i);
		if (super && i < 8)
			loopback_flow(end, &f, one * (2 + 5 * i) + 3 * i, (uint16_t)one);
		else
			loopback_flow(end, &f, 1 + i * 55, 0);
	}
}

static void carry(struct loopback *loopback, uint64_t packets)
{
	uint64_t before = loopback->b.tun.sunk + loopback->a.tun.sunk;

	loopback->a.tun.left = loopback->b.tun.left = UINT64_MAX;
	while (loopback->b.tun.sunk + loopback->a.tun.sunk - before < packets) {
		loopback_send(loopback, &loopback->a);
		loopback_recv(loopback, &loopback->b);
		loopback_send(loopback, &loopback->b);
		loopback_recv(loopback, &loopback->a);
	}
	loopback->a.tun.left = loopback->b.tun.left = 0;
	loopback_drain(loopback); /* a pass one way polls the other way as well */
}

static void loopback_counts(struct xt_aead *aead, unsigned threads, bool super)
{
	struct xt_worker_pool *workers = NULL;
	struct loopback loopback;

	if (threads > 1)
		assert_int_equal(xt_worker_pool_new(&workers, aead, threads), 0);
	loopback_new(&loopback, super, aead, workers);
	mixture(&loopback.a, super);
	mixture(&loopback.b, super);
	loopback.a.tun.inspect = loopback.b.tun.inspect = inspect_plain;
	loopback.a.tun.left = 1;
	loopback_drain(&loopback);
	carry(&loopback, 2000);
	wrong = 0;
	counted(true);
	carry(&loopback, PACKETS);
	counted(false);
	assert_int_equal(wrong, 0);
	assert_int_equal(loopback.a.udp.wire.carried + loopback.b.udp.wire.carried - 2,
			 loopback.a.tun.sunk + loopback.b.tun.sunk);
	loopback_free(&loopback);
	xt_worker_pool_free(workers);
	print_message("%s, %u threads, %s: %llu allocations\n", xt_aead_name(aead), threads,
		      super ? "super-packets" : "single packets", (unsigned long long)allocations);
	assert_int_equal(allocations, 0);
}

static void the_count_sees_an_allocation(void **state)
{
	void *volatile p;

	(void)state;
	need_count();
	counted(true);
	p = malloc(10);
	counted(false);
	assert_int_equal(allocations, 1);
	free(p);
	counted(true);
	p = calloc(3, 10);
	p = realloc(p, 100);
	counted(false);
	assert_true(allocations >= 2);
	free(p);
}

static void ten_thousand_packets_each_way_of_doing_it_allocate_nothing(void **state)
{
	(void)state;
	need_count();
	for (size_t i = 0; i < n_backends; i++) {
		loopback_counts(backends[i], 1, true);
		loopback_counts(backends[i], 1, false);
		loopback_counts(backends[i], 2, true);
	}
}

/* Some libraries allocate an error queue per thread: the self-test has done that already. */
static void forged_packets_allocate_nothing(void **state)
{
	static uint8_t key[32], forged[64][1420 + XT_TAG_LEN];
	struct xt_job jobs[64];

	(void)state;
	need_count();
	for (size_t b = 0; b < n_backends; b++) {
		for (size_t i = 0; i < 64; i++)
			jobs[i] = (struct xt_job){.key = key,
						  .src = forged[i],
						  .dst = forged[i],
						  .counter = i,
						  .len = 1420};
		counted(true);
		xt_aead_open(backends[b], jobs, 64);
		counted(false);
		assert_int_equal(allocations, 0);
		for (size_t i = 0; i < 64; i++)
			assert_false(jobs[i].ok);
	}
}

/* Two sockets that send to each other over the host's loopback interface. */
static void the_kernels_sockets_allocate_nothing(void **state)
{
	struct xt_path path = {.remote = {.ip = {4, {127, 0, 0, 1}}}};
	static uint8_t bytes[1200];
	struct xt_batch *batch;
	struct xt_udp *a, *b;
	struct xt_tx *tx;
	uint32_t got = 0;

	(void)state;
	need_count();
	assert_int_equal(xt_udp_open(&a, 0, 0), 0);
	assert_int_equal(xt_udp_open(&b, 0, 0), 0);
	assert_int_equal(xt_batch_new(&batch, XT_UDP_BATCH, XT_UDP_SLAB), 0);
	assert_int_equal(xt_tx_new(&tx, 64, 64), 0);
	path.remote.port = b->port;
	for (unsigned round = 0; round < 1 + PACKETS / 32; round++) {
		uint32_t next = 0;

		counted(round > 0);
		xt_tx_reset(tx);
		for (unsigned i = 0; i < 32; i++)
			xt_tx_view(tx, &path, 0, bytes, i % 8 == 7 ? 100 : sizeof(bytes));
		(void)a->ops->send(a, tx, &next);
		xt_batch_reset(batch);
		got += (uint32_t)b->ops->recv(b, batch, SIZE_MAX);
		counted(false);
		assert_int_equal(allocations, 0);
	}
	print_message("%u datagrams arrived\n", got);
	assert_true(got > PACKETS / 2);
	xt_tx_free(tx);
	xt_batch_free(batch);
	a->ops->close(a);
	b->ops->close(b);
}

/* The host forwards what is written to the device, so all of it comes back. */
static void tun_rounds(struct xt_tun *tun, struct xt_batch *batch, const uint8_t *packet,
		       size_t len)
{
	uint64_t read = 0;

	for (unsigned round = 0; round < 1 + PACKETS / 32; round++) {
		counted(round > 0);
		xt_batch_reset(batch);
		for (unsigned i = 0; i < 32; i++) {
			struct xt_pkt *pkt = xt_batch_add(batch, len);

			memcpy(pkt->data, packet, len);
			pkt->len = (uint32_t)len;
			xt_batch_trim(batch);
		}
		assert_int_equal(tun->ops->send(tun, batch), 32);
		xt_batch_reset(batch);
		read += (uint64_t)tun->ops->recv(tun, batch, SIZE_MAX);
		counted(false);
		assert_int_equal(allocations, 0);
	}
	print_message("%llu packets came back\n", (unsigned long long)read);
	assert_true(read > PACKETS / 4);
}

static void the_kernels_tun_device_allocates_nothing(void **state)
{
	const struct xt_tun_options options = {
	    .name = "noalloc0", .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX, .offload = true};
	struct flow f = flow_of(4, 17);
	static const uint8_t payload[1000];
	uint8_t packet[1420];
	struct xt_batch *batch;
	char text[NET_TEXT];
	struct xt_tun *tun;
	const char *why;

	(void)state;
	need_count();
	why = net_namespace_enter();
	if (why) {
		print_message("%s\n", why);
		skip();
	}
	assert_int_equal(xt_tun_open(&tun, &options), 0);
	if (net_run(text, "ip addr add 10.7.1.1/24 dev noalloc0 && ip link set noalloc0 up && "
			  "ip route add 10.7.0.0/24 dev noalloc0 && "
			  "echo 1 >/proc/sys/net/ipv4/ip_forward && "
			  "echo 0 >/proc/sys/net/ipv4/conf/noalloc0/send_redirects") != 0)
		fail_msg("%s", text);
	assert_int_equal(xt_batch_new(&batch, XT_TUN_BATCH, XT_TUN_SLAB), 0);
	tun_rounds(tun, batch, packet, flow_packet(packet, &f, payload, sizeof(payload)));
	xt_batch_free(batch);
	tun->ops->close(tun);
}

GROUP_TEST_MAIN(backends_open, backends_close, cmocka_unit_test(the_count_sees_an_allocation),
		cmocka_unit_test(forged_packets_allocate_nothing),
		cmocka_unit_test(ten_thousand_packets_each_way_of_doing_it_allocate_nothing),
		cmocka_unit_test(the_kernels_sockets_allocate_nothing),
		cmocka_unit_test(the_kernels_tun_device_allocates_nothing))
