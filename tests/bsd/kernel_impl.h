/* SPDX-License-Identifier: MIT */
/* Shared by kernel.c (the host) and calls.c (the system calls). */
#ifndef XT_TESTS_BSD_KERNEL_IMPL_H
#define XT_TESTS_BSD_KERNEL_IMPL_H

#include "bsd/kernel.h"
#include "platform/link.h"

enum { LINKS = 16, ADDRESSES = 32, ROUTES = 128, FDS = 64 };
enum { IFF_UP_BIT = 1, IFF_RUNNING_BIT = 0x40 };
enum { F_UP = 1, F_GATEWAY = 2, F_HOST = 4, F_STATIC = 0x800 };
enum { A_DST = 1, A_GATEWAY = 2, A_NETMASK = 4, A_IFP = 16, A_IFA = 32, A_BRD = 128 };

struct host_link {
	bool used;
	unsigned index;
	char name[16];
	uint32_t flags, mtu;
	int tun; /* the kernel's end of the device; -1: none */
};
struct host_address {
	bool used;
	unsigned index;
	struct xt_link_address address;
};
struct host_route {
	bool used;
	struct xt_cidr dst;
	struct xt_ip gateway;
	unsigned index;
	int32_t flags;
	uint32_t mtu;
};

enum fd_kind { FD_NONE, FD_ROUTING, FD_INET, FD_CONTROL, FD_TUN, FD_UDP };
/* peer  the kernel's end; deaf: messages are not read */
struct host_fd {
	enum fd_kind kind;
	int fd, peer;
	bool deaf, lost;
	unsigned index;
};

struct host {
	struct host_link links[LINKS];
	struct host_address addresses[ADDRESSES];
	struct host_route routes[ROUTES];
	struct host_fd fds[FDS];
};
extern struct host host;

struct host_link *link_find(unsigned index);
struct host_link *link_named(const char *name);
struct host_link *link_add(unsigned index, const char *name, uint32_t mtu);
void link_remove(struct host_link *link);
/* errno, or 0. */
int address_add(unsigned index, const struct xt_link_address *address);
int address_delete(unsigned index, const struct xt_ip *ip);
int route_message(struct host_fd *from, const uint8_t *msg, size_t len);
/* The bytes of a list; NULL buf: how many. */
size_t routes_dump(unsigned family, uint8_t *buf);
size_t links_dump(unsigned index, uint8_t *buf);
/* To everyone who reads. */
void link_report(const struct host_link *link);
void lost_report(struct host_fd *fd);

/* Socket addresses. */
struct xt_ip ip_of(const uint8_t *sa);
size_t ip_to(uint8_t *sa, const struct xt_ip *ip);
unsigned bits_of(const uint8_t *sa, unsigned family);

#endif
