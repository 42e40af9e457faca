/* SPDX-License-Identifier: MIT */
/* Descriptors that no program which this one runs inherits, and what else differs between systems
 * of sockets and pipes. The functions named after a system call are that call: -1 and errno. */
#ifndef XT_PLATFORM_FD_H
#define XT_PLATFORM_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct msghdr;

/* Each descriptor made is close-on-exec; with nonblock it does not block either. */
int xt_fd_socket(int family, int type, bool nonblock);
int xt_fd_socketpair(int type, bool nonblock, int ends[2]); /* of AF_UNIX */
int xt_fd_accept(int listener, bool nonblock);
int xt_fd_pipe(int ends[2], bool nonblock);
ssize_t xt_fd_recvmsg(int fd, struct msghdr *msg, int flags); /* the descriptors that come */

/* Who is at the other end of a connected Unix stream or packet socket: for a client the process
 * that called listen, otherwise the one that called connect. pid: 0 where the system does not say
 * it. 0 or -errno. */
struct xt_fd_peer {
	uint32_t uid;
	long pid;
};
int xt_fd_peer(int fd, struct xt_fd_peer *peer);

/* Room for bytes that wait to be sent, past the system's limit if this process may. */
void xt_fd_send_buffer(int fd, int bytes);
/* Mark a socket's packets for the rules of routing. 0; -errno: no right; -ENOSYS: the system has
 * no marks. */
int xt_fd_mark(int fd, uint32_t mark);

/* What a pipe holds now, without waiting for more: its bytes, at most len; 0: none, or the pipe
 * cannot be read. file: a descriptor that does not block, on Windows a handle. */
size_t xt_fd_rest(intptr_t file, void *bytes, size_t len);

/* Close all descriptors from first on, inherited ones too. */
void xt_fd_close_from(int first);
/* Make all descriptors from first on close-on-exec: those made here are, inherited ones need not
 * be. */
void xt_fd_cloexec_from(int first);

#endif
