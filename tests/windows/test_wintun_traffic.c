/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* Two endpoints in processes of their own, on loopback, each with an adapter of the double of
 * wintun.dll. This process is the network of both hosts: it puts packets into one adapter and takes
 * them from the other one, so that they go Wintun, encryption, UDP, decryption, Wintun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_fake.h"
#include "wintun_double.h"
#include "wintun_flow.h"
#include <sodium.h>

#include "platform/windows/system_windows.h"
#include "test_main.h"
#include "tunnel/loop_uv.h"

#define ENDS	  2
#define BYTES	  (100u << 20)
#define EXIT_GONE 9

/* --- an endpoint --- */

struct endpoint {
	uv_loop_t uv;
	uv_timer_t timer;
	struct xt_tunnel *tunnel;
	struct xt_loop *loop;
	HANDLE stop;
	int result;
};

static void key_make(uint8_t key[32], int end)
{
	memset(key, 0x40 + end, 32);
}

static void endpoint_stop(struct endpoint *e)
{
	uv_close((uv_handle_t *)&e->timer, NULL);
	xt_loop_stop(e->loop);
}

static void on_timer(uv_timer_t *timer)
{
	struct endpoint *e = timer->data;

	if (WaitForSingleObject(e->stop, 0) == WAIT_OBJECT_0)
		endpoint_stop(e);
}

static void on_gone(void *ctx, int error)
{
	struct endpoint *e = ctx;

	e->result = error == -ENODEV ? EXIT_GONE : 1;
	SetEvent(e->stop);
}

static void on_moved(void *ctx)
{
	(void)ctx;
}

static void on_closed(void *ctx)
{
	struct endpoint *e = ctx;

	e->loop = NULL;
}

static void change_make(struct xt_change *change, int end, uint16_t peer_port)
{
	const struct xt_cidr inner[] = {{{4, {10, 9, 0, (uint8_t)(2 - end)}}, 32},
					{{6, {0xfd, 9, [15] = (uint8_t)(2 - end)}}, 128}};
	struct xt_peer_change *pc;
	struct xt_public peer;
	uint8_t key[32];

	xt_change_init(change);
	change->set = XT_SET_PRIVATE_KEY;
	key_make(change->private_key.b, end);
	key_make(key, 1 - end);
	crypto_scalarmult_base(peer.b, key);
	pc = xt_change_peer(change, &peer);
	pc->set = XT_PEER_ENDPOINT;
	pc->endpoint = (struct xt_endpoint){.ip = {4, {127, 0, 0, 1}}, .port = peer_port};
	for (size_t i = 0; i < XT_LEN(inner); i++)
		if (xt_change_allowed(pc, &inner[i], false) != 0)
			exit(3);
}

static int endpoint_open(struct endpoint *e, const char *name, int end, uint16_t port,
			 uint16_t peer_port)
{
	const struct xt_loop_callbacks callbacks = {
	    .ctx = e, .gone = on_gone, .moved = on_moved, .closed = on_closed};
	const struct xt_tun_options options = {
	    .name = name, .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX, .offload = true};
	const struct xt_tunnel_callbacks none = {0};
	struct xt_udp_sockets sockets;
	struct xt_change change;
	struct xt_tun *tun;
	int rc = xt_tun_open(&tun, &options);

	if (rc == 0)
		rc = xt_udp_sockets_open(&sockets, port, 0);
	if (rc == 0)
		rc = xt_tunnel_new(&e->tunnel, tun, &none);
	if (rc < 0)
		return rc;
	change_make(&change, end, peer_port);
	rc =
	    xt_tunnel_start(e->tunnel,
			    &(struct xt_tunnel_start){
				.change = &change, .sockets = &sockets, .threads = 1, .keylog = -1},
			    NULL);
	xt_change_clear(&change);
	if (rc == 0)
		rc = uv_loop_init(&e->uv);
	uv_timer_init(&e->uv, &e->timer);
	e->timer.data = e;
	uv_timer_start(&e->timer, on_timer, 20, 20);
	return rc < 0 ? rc : xt_loop_start(&e->loop, &e->uv, e->tunnel, &callbacks);
}

static void stop_name(wchar_t *out, size_t n, const char *name)
{
	swprintf(out, n, L"Local\\xtunnel-stop-%hs", name);
}

/* endpoint NAME END PORT PEER-PORT */
static int endpoint_main(char **args)
{
	static struct endpoint e;
	wchar_t name[64];
	int rc;

	xt_net_replace(&net_fake_ops);
	stop_name(name, XT_LEN(name), args[0]);
	e.stop = CreateEventW(NULL, TRUE, FALSE, name);
	rc = endpoint_open(&e, args[0], atoi(args[1]), (uint16_t)atoi(args[2]),
			   (uint16_t)atoi(args[3]));
	if (rc < 0) {
		fprintf(stderr, "endpoint %s: %d\n", args[0], rc);
		return 2;
	}
	while (e.loop)
		uv_run(&e.uv, UV_RUN_ONCE);
	xt_tunnel_close(e.tunnel);
	uv_run(&e.uv, UV_RUN_NOWAIT);
	return uv_loop_close(&e.uv) == 0 ? e.result : 4;
}

/* --- both hosts --- */

static struct host {
	char name[16];
	struct wintun_end end;
	HANDLE process, stop;
} hosts[ENDS];
static char program[MAX_PATH];

static uint16_t port_choose(void)
{
	struct xt_udp_sockets sockets;
	uint16_t port;

	assert_int_equal(xt_udp_sockets_open(&sockets, 0, 0), 0);
	port = sockets.port;
	xt_udp_sockets_close(&sockets);
	return port;
}

static void host_start(int end, const uint16_t ports[ENDS])
{
	STARTUPINFOA start = {.cb = sizeof(start)};
	PROCESS_INFORMATION process;
	struct host *host = &hosts[end];
	wchar_t wide[64];
	char line[512];

	snprintf(host->name, sizeof(host->name), "wt%u-%d", (unsigned)GetCurrentProcessId() % 10000,
		 end);
	stop_name(wide, XT_LEN(wide), host->name);
	host->stop = CreateEventW(NULL, TRUE, FALSE, wide);
	assert_true(xt_win_wide(wide, XT_LEN(wide), host->name));
	assert_true(wintun_end_open(&host->end, wide, true));
	snprintf(line, sizeof(line), "\"%s\" endpoint %s %d %u %u", program, host->name, end,
		 ports[end], ports[1 - end]);
	assert_true(
	    CreateProcessA(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process));
	CloseHandle(process.hThread);
	host->process = process.hProcess;
	for (int i = 0; i < 1000 && !host->end.shared->session; i++)
		assert_int_equal(WaitForSingleObject(host->process, 20), WAIT_TIMEOUT);
	assert_true(host->end.shared->session);
}

static int hosts_start(void **state)
{
	uint16_t ports[ENDS];

	(void)state;
	assert_int_equal(xt_win_sockets(), 0);
	for (int i = 0; i < ENDS; i++)
		ports[i] = port_choose();
	for (int i = 0; i < ENDS; i++)
		host_start(i, ports);
	return 0;
}

static DWORD host_stop(struct host *host)
{
	DWORD code = 99;

	SetEvent(host->stop);
	assert_int_equal(WaitForSingleObject(host->process, 20000), WAIT_OBJECT_0);
	GetExitCodeProcess(host->process, &code);
	CloseHandle(host->process);
	CloseHandle(host->stop);
	wintun_end_close(&host->end);
	return code;
}

/* Wait for a packet at a host. */
static uint32_t packet_take(struct host *host, uint8_t *packet, uint32_t size, DWORD ms)
{
	ULONGLONG until = GetTickCount64() + ms;
	uint32_t len;

	while ((len = wintun_host_take(&host->end, packet, size)) == 0) {
		ULONGLONG now = GetTickCount64();

		if (now >= until)
			break;
		(void)WaitForSingleObject(host->end.come, (DWORD)(until - now));
	}
	return len;
}

static void packets_cross_unchanged_both_ways(void **state)
{
	static const uint32_t sizes[] = {0, 1, 56, 1392, 1000};
	uint8_t packet[1600], got[1600];

	(void)state;
	for (int from = 0; from < ENDS; from++)
		for (unsigned i = 0; i < 2 * XT_LEN(sizes); i++) {
			bool v6 = i >= XT_LEN(sizes);
			uint32_t size = sizes[i % XT_LEN(sizes)] - (v6 && i % 5 == 3 ? 20 : 0);
			uint32_t len = flow_packet(packet, from, v6, size);

			memset(packet + len - size, (int)(i + 1), size);
			assert_true(wintun_host_put(&hosts[from].end, packet, len));
			assert_int_equal(packet_take(&hosts[1 - from], got, sizeof(got), 15000),
					 len);
			assert_memory_equal(got, packet, len);
		}
}

static void a_hundred_megabytes_arrive_unchanged(void **state)
{
	(void)state;
	for (int end = 0; end < ENDS; end++) {
		struct wintun_end *from = &hosts[end].end, *to = &hosts[1 - end].end;

		assert_true(flow_run(from, to, end, end == 0 ? BYTES : BYTES / 10));
	}
}

static void an_adapter_in_use_is_busy(void **state)
{
	const struct xt_tun_options options = {
	    .name = hosts[0].name, .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};
	struct xt_tun *tun;

	(void)state;
	xt_net_replace(&net_fake_ops);
	assert_int_equal(xt_tun_open(&tun, &options), -EBUSY);
	assert_true(hosts[0].end.shared->adapter);
}

/* Last: one endpoint loses its adapter, the other one is stopped. */
static void an_adapter_that_goes_ends_its_endpoint(void **state)
{
	(void)state;
	wintun_host_unplug(&hosts[0].end);
	assert_int_equal(WaitForSingleObject(hosts[0].process, 20000), WAIT_OBJECT_0);
	assert_int_equal(host_stop(&hosts[0]), EXIT_GONE);
	assert_int_equal(host_stop(&hosts[1]), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_cross_unchanged_both_ways),
	    cmocka_unit_test(a_hundred_megabytes_arrive_unchanged),
	    cmocka_unit_test(an_adapter_in_use_is_busy),
	    cmocka_unit_test(an_adapter_that_goes_ends_its_endpoint),
	};

	if (argc == 6 && strcmp(argv[1], "endpoint") == 0)
		return endpoint_main(argv + 2);
	GetModuleFileNameA(NULL, program, sizeof(program));
	return cmocka_run_group_tests(tests, hosts_start, NULL);
}
