/* SPDX-License-Identifier: MIT */
/* The virtio-net header that a TUN device puts before each packet, in its short form, little-endian
 * (virtio 1.2, 5.1.6: struct virtio_net_hdr without num_buffers). */
#ifndef XT_PACKET_VNET_H
#define XT_PACKET_VNET_H

#include <xtunnel/batch.h>

#define XT_VNET_LEN 10

/* Decode the header of a packet of len bytes. false: inconsistent, or a kind that is not supported;
 * *gso is zero then. The packet itself is not read. */
bool xt_vnet_decode(struct xt_gso *gso, const uint8_t header[XT_VNET_LEN], size_t len);

void xt_vnet_encode(uint8_t header[XT_VNET_LEN], const struct xt_gso *gso);

#endif
