/* SPDX-License-Identifier: MIT */
/* Unix stream sockets by path. */
#ifndef XT_IPC_SOCKET_H
#define XT_IPC_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

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
/* A connected descriptor: bytes that were sent or received (0: the other end has closed), or
 * -errno: -EPIPE, -ETIMEDOUT, -EINTR. await: 1: bytes wait, or the end; 0: not within so many ms.
 * finish: send no more; both: nor receive. It may be called by a signal's handler. */
ssize_t xt_socket_send(int fd, const void *bytes, size_t len);
ssize_t xt_socket_recv(int fd, void *bytes, size_t len);
int xt_socket_await(int fd, int ms);
void xt_socket_finish(int fd, bool both);
void xt_socket_close(int fd);
/* await, of n descriptors: ready[i] is set for those that are. How many, or -errno. */
int xt_socket_await_any(const int *fds, bool *ready, size_t n, int ms);
#define XT_SOCKET_AWAIT_MAX 256

/* The end of the process that listens. open: a handle, or -1: not available. await: without a
 * limit. */
int xt_peer_process_open(int fd);
void xt_peer_process_await(int process);
void xt_peer_process_close(int process);

/* The other end is closed entirely. False when it only shut down its sending half, as a client does
 * that still waits for answers. */
bool xt_socket_hung_up(int fd);

#endif
