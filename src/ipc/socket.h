/* SPDX-License-Identifier: MIT */
/* Unix stream sockets by path. */
#ifndef XT_IPC_SOCKET_H
#define XT_IPC_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>

/* Make a listening socket of mode 0600, non-blocking and close-on-exec; the file's identity in *id.
 * Creates the last directory of path (0755). Replaces a socket that refuses connections.
 * Descriptor or -errno; -EADDRINUSE: a process listens there, or the file is no socket. */
int xt_socket_listen(const char *path, struct stat *id);
/* Take over fd, which listens already, and make it non-blocking and close-on-exec. fd or -errno, fd
 * is still the caller's then. */
int xt_socket_adopt(int fd);
/* Another process of this system calls xt_socket_listen for fd: its user is what a client sees. So
 * never listen on it again, but accept. Non-blocking and close-on-exec; -EAGAIN: none waits;
 * -errno. */
int xt_socket_accept(int fd);
/* No program waits longer than this for a byte from an instance, or for an instance to take one. */
#define XT_SOCKET_SILENCE_MS 10000

/* Connected, close-on-exec, blocking; a send that waits longer than the limit fails with EAGAIN.
 * Descriptor or -errno. -EPERM: the listener is neither root's nor this user's nor the trusted
 * one's; -ETIMEDOUT: it accepts no connection. */
int xt_socket_connect(const char *path);
/* Take listeners of this user too. */
void xt_socket_trust(uid_t uid);
/* The user on the other end: of the process that listens, or of the client. 0 or -errno. */
int xt_socket_peer_uid(int fd, uid_t *uid);
/* Unlink path if it is still the file of id. */
void xt_socket_remove(const char *path, const struct stat *id);
/* The other end is closed entirely. False when it only shut down its sending half, as a client does
 * that still waits for answers. */
bool xt_socket_hung_up(int fd);

#endif
