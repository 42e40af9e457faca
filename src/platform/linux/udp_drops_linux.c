/* SPDX-License-Identifier: MIT */
/* What the egress queues dropped. The kernel tells an unconnected socket of it only together with
 * every ICMP error, also forged ones (IP_RECVERR). So its own counters are read: they are those of
 * the network namespace, and also count sends that found a socket full. */
#include "platform/linux/udp_linux.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* Two lines that begin with "Udp:": names, then numbers. */
static uint64_t drops_v4(FILE *in)
{
	char names[1024] = "", line[1024];

	while (fgets(line, sizeof(line), in)) {
		char *name, *value, *at = names, *behind = line;

		if (strncmp(line, "Udp: ", 5) != 0)
			continue;
		if (names[0] == '\0') {
			memcpy(names, line, sizeof(names));
			continue;
		}
		while ((name = strtok_r(at, " \n", &at)) &&
		       (value = strtok_r(behind, " \n", &behind)))
			if (strcmp(name, "SndbufErrors") == 0)
				return strtoull(value, NULL, 10);
	}
	return 0;
}

static uint64_t drops_v6(FILE *in)
{
	char line[256];
	uint64_t n;

	while (fgets(line, sizeof(line), in))
		if (sscanf(line, "Udp6SndbufErrors %" SCNu64, &n) == 1)
			return n;
	return 0;
}

static uint64_t file_drops(const char *path, uint64_t (*read)(FILE *in))
{
	FILE *in = fopen(path, "re");
	uint64_t n = 0;

	if (in) {
		n = read(in);
		fclose(in);
	}
	return n;
}

static uint64_t counted(void)
{
	return file_drops("/proc/thread-self/net/snmp", drops_v4) +
	       file_drops("/proc/thread-self/net/snmp6", drops_v6);
}

void udp_linux_drops_begin(struct udp_linux *sock)
{
	sock->drops_base = counted();
}

uint64_t udp_linux_egress_drops(const struct xt_udp *udp)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);
	uint64_t n = counted(), put_off = sock->drops_base + sock->put_off;

	return n > put_off ? n - put_off : 0;
}
