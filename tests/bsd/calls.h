/* SPDX-License-Identifier: MIT */
/* Put before every source of src/platform that the programs here are made of: its system calls go
 * to the test kernel (kernel.h), and what Linux lacks has a value. */
#ifndef XT_TESTS_BSD_CALLS_H
#define XT_TESTS_BSD_CALLS_H

#include <dlfcn.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* Options of sockets that Linux lacks. The receive options are also types of control messages. */
enum {
	IP_RECVDSTADDR = 9001,
	IP_RECVIF,
	IP_BOUND_IF,
	IPV6_BOUND_IF,
	IP_DONTFRAG,
	SO_USER_COOKIE,
};
#define IP_SENDSRCADDR IP_RECVDSTADDR
#define SO_USER_COOKIE SO_USER_COOKIE
#define IP_DONTFRAG    IP_DONTFRAG
#define CLOCK_UPTIME   CLOCK_MONOTONIC

int fake_socket(int domain, int type, int protocol);
int fake_close(int fd);
int fake_open(const char *path, int flags);
ssize_t fake_read(int fd, void *buf, size_t len);
ssize_t fake_write(int fd, const void *buf, size_t len);
int fake_ioctl(int fd, unsigned long request, void *argument);
int fake_connect(int fd, const struct sockaddr *sa, socklen_t len);
int fake_shutdown(int fd, int how);
int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int fake_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
ssize_t fake_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t fake_recvmsg(int fd, struct msghdr *msg, int flags);
int fake_sysctl(int *mib, unsigned n, void *old, size_t *old_len, void *new, size_t new_len);
int fake_fstat(int fd, struct stat *st);
const char *fake_devname(dev_t dev, mode_t mode);
unsigned fake_if_nametoindex(const char *name);
char *fake_if_indextoname(unsigned index, char *name);
void *fake_dlsym(void *library, const char *name);

#ifndef XT_TESTS_BSD_CALLS_ONLY
#define socket(d, t, p)			 fake_socket((d), (t), (p))
#define close(fd)			 fake_close(fd)
#define open(path, flags)		 fake_open((path), (flags))
#define read(fd, buf, len)		 fake_read((fd), (buf), (len))
#define write(fd, buf, len)		 fake_write((fd), (buf), (len))
#define ioctl(fd, request, argument)	 fake_ioctl((fd), (request), (argument))
#define connect(fd, sa, len)		 fake_connect((fd), (sa), (len))
#define shutdown(fd, how)		 fake_shutdown((fd), (how))
#define getsockopt(fd, l, n, v, len)	 fake_getsockopt((fd), (l), (n), (v), (len))
#define setsockopt(fd, l, n, v, len)	 fake_setsockopt((fd), (l), (n), (v), (len))
#define sendmsg(fd, msg, flags)		 fake_sendmsg((fd), (msg), (flags))
#define recvmsg(fd, msg, flags)		 fake_recvmsg((fd), (msg), (flags))
#define sysctl(mib, n, old, l, new, len) fake_sysctl((mib), (n), (old), (l), (new), (len))
#define fstat(fd, st)			 fake_fstat((fd), (st))
#define devname(dev, mode)		 fake_devname((dev), (mode))
#define if_nametoindex(name)		 fake_if_nametoindex(name)
#define if_indextoname(index, name)	 fake_if_indextoname((index), (name))
#define dlsym(library, name)		 fake_dlsym((library), (name))
#endif

#endif
