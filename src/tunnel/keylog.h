/* SPDX-License-Identifier: MIT */
/* Keys for a dissector: for each handshake the lines that Wireshark's "wg.keylog_file" takes. */
#ifndef XT_TUNNEL_KEYLOG_H
#define XT_TUNNEL_KEYLOG_H

#include <xtunnel/device.h>

/* One write to fd, a file opened for appending; what cannot be written is lost. */
void xt_keylog_write(int fd, const struct xt_keylog *keys);

#endif
