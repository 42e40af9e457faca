/* SPDX-License-Identifier: MIT */
/* The file that the keys of handshakes are logged to (tunnel/keylog.h). Anyone who can read it can
 * read the traffic and act as this interface. */
#ifndef XT_HOST_KEYLOG_FILE_H
#define XT_HOST_KEYLOG_FILE_H

/* The path in WG_KEYLOGFILE; NULL: none is wanted. */
const char *xt_keylog_path(void);
/* Open for appending, made with mode 0600. Descriptor; -EPERM: not a plain file of this user that
 * only the user can read and write; another -errno. */
int xt_keylog_open(const char *path);

#endif
