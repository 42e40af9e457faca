/* SPDX-License-Identifier: MIT */
#include "platform/udp.h"

int xt_udp_open(struct xt_udp **out, uint16_t port, uint32_t mark)
{
	struct xt_udp_sockets sockets;
	int rc = xt_udp_sockets_open(&sockets, port, mark);

	if (rc < 0)
		return rc;
	rc = xt_udp_new(out, &sockets);
	if (rc < 0)
		xt_udp_sockets_close(&sockets);
	return rc;
}
