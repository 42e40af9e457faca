/* The virtio-net header that a TUN device puts before each packet, in its short form, little-endian
 * (virtio 1.2, 5.1.6: struct virtio_net_hdr without num_buffers). */
#ifndef XT_PACKET_VNET_H
#define XT_PACKET_VNET_H

#include <xtunnel/batch.h>

#define XT_VNET_LEN 10

/* What header says of the packet of len bytes that follows. false: it contradicts itself or the
 * packet, or asks for what we do not know; *gso is zero then. The packet itself is not looked at.
 */
bool xt_vnet_decode(struct xt_gso *gso, const uint8_t header[XT_VNET_LEN], size_t len);

void xt_vnet_encode(uint8_t header[XT_VNET_LEN], const struct xt_gso *gso);

#endif
