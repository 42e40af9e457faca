/* SPDX-License-Identifier: MIT */
/* A packet of a capture as a line for people. */
#ifndef XT_CLI_CAPTURE_PRINT_H
#define XT_CLI_CAPTURE_PRINT_H

#include <stdio.h>

#include "ipc/pcapng.h"

/* outer  the packet is a datagram that carries a message of WireGuard */
void xt_capture_print(FILE *out, const struct xt_pcapng_packet *packet, bool outer);

#endif
