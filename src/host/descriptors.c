/* SPDX-License-Identifier: MIT */
/* Descriptors that a message carries. */
#include "host/descriptors.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void xt_descriptors_attach(struct msghdr *msg, void *control, size_t room, const int *fds, size_t n)
{
	struct cmsghdr *cmsg;

	memset(control, 0, room);
	msg->msg_control = control;
	msg->msg_controllen = (socklen_t)CMSG_SPACE(n * sizeof(int));
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = (socklen_t)CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
}

bool xt_descriptors_take(struct msghdr *msg, int *fds, size_t *n, size_t max)
{
	bool ok = true;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t came;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		came = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < came; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
			if (*n < max) {
				fds[(*n)++] = fd;
			} else {
				close(fd);
				ok = false;
			}
		}
	}
	return ok;
}
