/* SPDX-License-Identifier: MIT */
/* Keys for a dissector: for each handshake the lines that Wireshark's "wg.keylog_file" takes. */
#ifndef XT_TUNNEL_KEYLOG_H
#define XT_TUNNEL_KEYLOG_H

#include <xtunnel/device.h>

/* The lines of a handshake, without an end mark; their length. */
#define XT_KEYLOG_TEXT 320
size_t xt_keylog_print(char out[XT_KEYLOG_TEXT], const struct xt_keylog *keys);
/* The one line of a device's private key; its length. */
size_t xt_keylog_print_static(char out[XT_KEYLOG_TEXT], const struct xt_private *key);

/* One write to fd, a file opened for appending; what cannot be written is lost. */
void xt_keylog_write(int fd, const struct xt_keylog *keys);

#endif
