/* A file that lets a dissector decrypt a capture: for each handshake the lines that Wireshark's
 * "wg.keylog_file" takes. Whoever reads it can read the traffic and act as this endpoint. */
#ifndef XT_TUNNEL_KEYLOG_H
#define XT_TUNNEL_KEYLOG_H

#include <xtunnel/device.h>

/* Opened for appending, made with mode 0600. -EPERM: it is not a plain file of this user that only
 * he can read and write; -errno. */
int xt_keylog_open(const char *path, int *fd);
/* One write; what cannot be written is lost. */
void xt_keylog_write(int fd, const struct xt_keylog *keys);

#endif
