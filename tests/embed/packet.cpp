/* SPDX-License-Identifier: MIT */
/* libxtunnel in a C++17 program: one packet crosses from one device to another. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/random.h>

#include <xtunnel/xtunnel.h>

static xt_time now{1000000000, 1767225600000000000};

static void random_bytes(void *, void *buf, size_t n)
{
	if (getrandom(buf, n, 0) != static_cast<ssize_t>(n))
		abort();
}

static unsigned carry(xt_easy *from, uint8_t address, xt_easy *to)
{
	xt_easy_datagram datagram;
	unsigned n = 0;

	for (; xt_easy_take_datagram(from, &datagram); n++) {
		datagram.path.remote = xt_endpoint{{4, {198, 18, 0, address}}, 51820, 0};
		if (xt_easy_recv(to, now, &datagram) < 0)
			abort();
	}
	return n;
}

int main()
{
	const uint8_t packet[28] = {0x45, 0, 0,	 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 7,
				    0,	  1, 10, 7,  0, 2, 1, 2, 3,  4,	 5, 6, 7,  8};
	xt_env env{};
	xt_easy *left, *right;
	xt_easy_packet got;

	env.random = random_bytes;
	if (xt_easy_new(&left, &env, nullptr) || xt_easy_new(&right, &env, nullptr))
		return 1;
	xt_public left_key = xt_easy_key(left), right_key = xt_easy_key(right);
	xt_cidr left_ip{{4, {10, 7, 0, 1}}, 32}, right_ip{{4, {10, 7, 0, 2}}, 32};
	xt_endpoint at{{4, {198, 18, 0, 2}}, 51820, 0};
	if (xt_easy_add_peer(left, now, &right_key, &at, &right_ip, 1) ||
	    xt_easy_add_peer(right, now, &left_key, nullptr, &left_ip, 1))
		return 1;
	if (xt_easy_send(left, now, packet, sizeof(packet)) != XT_STAGED)
		return 1;
	while (carry(left, 1, right) + carry(right, 2, left))
		;
	if (!xt_easy_take_packet(right, &got) || got.len != sizeof(packet) ||
	    memcmp(got.data, packet, sizeof(packet)) != 0 ||
	    memcmp(&got.peer, &left_key, sizeof(left_key)) != 0)
		return 1;
	printf("xtunnel %s, %s: one packet\n", XT_VERSION, xt_verdict_label(XT_PASS));
	xt_easy_free(left);
	xt_easy_free(right);
	return 0;
}
