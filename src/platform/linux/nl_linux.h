/* SPDX-License-Identifier: MIT */
/* Requests to the kernel over rtnetlink: one socket, one request at a time, blocking. */
#ifndef XT_PLATFORM_NL_LINUX_H
#define XT_PLATFORM_NL_LINUX_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <xtunnel/types.h>

struct xt_nl {
	struct mnl_socket *socket;
	uint32_t seq;
	union {
		struct nlmsghdr head;
		uint8_t bytes[32768]; /* what the kernel puts into one read of a dump */
	} buf;
};

int xt_nl_open(struct xt_nl *nl); /* -errno */
void xt_nl_close(struct xt_nl *nl);

/* One that stays open, for questions after this process may make no socket any more; on any thread,
 * one at a time: return it soon. keep: open it now; -errno. borrow: NULL: it cannot be opened. */
int xt_nl_keep(void);
struct xt_nl *xt_nl_borrow(void);
void xt_nl_return(struct xt_nl *nl);

/* Begin a request in nl's buffer, with a zeroed header. extra_len: of the family header, which
 * mnl_nlmsg_get_payload returns. Valid until xt_nl_do or xt_nl_request. */
struct nlmsghdr *xt_nl_begin(struct xt_nl *nl, uint16_t type, uint16_t flags, size_t extra_len);
void xt_nl_put_ip(struct nlmsghdr *nlh, uint16_t type, const struct xt_ip *ip);

/* Send the request and wait for the acknowledgement. 0 or the kernel's -errno. */
int xt_nl_do(struct xt_nl *nl);
/* Send the request and pass each answer to cb (MNL_CB_OK: go on). A dump that was interrupted by a
 * change is repeated from the start, so cb may see an entry twice. 0 or -errno. */
int xt_nl_request(struct xt_nl *nl, mnl_cb_t cb, void *data);

/* Attributes of a message by type, for types below n. NULL: not in the message. */
void xt_nl_attrs(const struct nlmsghdr *nlh, size_t extra_len, const struct nlattr **attrs,
		 uint16_t n);
bool xt_nl_get_ip(struct xt_ip *out, unsigned family, const struct nlattr *attr);
bool xt_nl_get_u32(uint32_t *out, const struct nlattr *attr);
unsigned char xt_nl_family(const struct xt_ip *ip); /* AF_INET or AF_INET6 */

/* The facts of one interface. -ENODEV. */
struct xt_nl_link {
	bool up;
	uint32_t mtu;
	char name[16];
};
int xt_nl_link_get(struct xt_nl *nl, unsigned ifindex, struct xt_nl_link *out);
/* From an RTM_NEWLINK or RTM_DELLINK message. */
void xt_nl_link_read(const struct nlmsghdr *nlh, struct xt_nl_link *out);

#endif
