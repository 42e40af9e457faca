/* SPDX-License-Identifier: MIT */
/* Named pipes, for the files of this folder that are Windows'. */
#ifndef XT_IPC_SOCKET_WINDOWS_H
#define XT_IPC_SOCKET_WINDOWS_H

/* One more instance of the listening pipe at fd, with its descriptor: fd, or -errno. */
int xt_pipe_again(int fd);

#endif
