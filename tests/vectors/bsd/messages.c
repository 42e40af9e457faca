/* SPDX-License-Identifier: MIT */
/* The bytes that the kernels of macOS, FreeBSD and OpenBSD expect, as their own headers lay them
 * out. Only compiled, for each of them, by make.py, which reads the initial values of these objects
 * from the compiler's output. The objects hold what the test asks the code for. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__APPLE__)
#include <net/if_utun.h>
#include <sys/kern_control.h>
#define ROUND 4
#define HEAD
/* The compiler's headers lack netinet6/in6_var.h. */
struct in6_addrlifetime {
	time_t ia6t_expire, ia6t_preferred;
	uint32_t ia6t_vltime, ia6t_pltime;
};
struct in6_aliasreq {
	char ifra_name[IFNAMSIZ];
	struct sockaddr_in6 ifra_addr, ifra_dstaddr, ifra_prefixmask;
	int ifra_flags;
	struct in6_addrlifetime ifra_lifetime;
};
struct in6_ifreq {
	char ifr_name[IFNAMSIZ];
	union {
		struct sockaddr_in6 ifru_addr;
		uint64_t ifru_statistics[34];
	} ifr_ifru;
};
#define IN6_IFF_NODAD 0x20
#define PEER	      .ifra_broadaddr
#elif defined(__FreeBSD__)
#include <netinet/in_var.h>
#include <netinet6/in6_var.h>
#define ROUND 8
#define HEAD
#define PEER .ifra_broadaddr
#else
#include <netinet6/in6_var.h>
#define ROUND	      8
#define HEAD	      .rtm_hdrlen = sizeof(struct rt_msghdr),
#define IN6_IFF_NODAD 0
#define PEER	      .ifra_dstaddr
#endif

#define AT __attribute__((aligned(ROUND)))
#define V4(...)                                                                                    \
	{                                                                                          \
		.sin_len = 16, .sin_family = AF_INET, .sin_addr.s_addr = ADDR(__VA_ARGS__)         \
	}
#define ADDR(a, b, c, d)                                                                           \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define V6(...)                                                                                    \
	{                                                                                          \
		.sin6_len = 28, .sin6_family = AF_INET6, .sin6_addr.s6_addr = { __VA_ARGS__ }      \
	}
#define LINK(n)                                                                                    \
	{                                                                                          \
		.sdl_len = sizeof(struct sockaddr_dl), .sdl_family = AF_LINK, .sdl_index = (n)     \
	}
/* The same as a generic address, of which struct ifaliasreq has three. */
#define SA(...)                                                                                    \
	{                                                                                          \
		.sa_len = 16, .sa_family = AF_INET, .sa_data = { 0, 0, __VA_ARGS__ }               \
	}
#define ONES 255, 255, 255, 255

#define ROUTE(type, number, fl, ad, link, size)                                                    \
	{                                                                                          \
		.rtm_msglen = (size), .rtm_version = RTM_VERSION, .rtm_type = (type),              \
		HEAD.rtm_index = (link), .rtm_flags = (fl), .rtm_addrs = (ad), .rtm_seq = (number) \
	}

#define NET4                                                                                       \
	AT struct sockaddr_in dst;                                                                 \
	AT struct sockaddr_dl gateway;                                                             \
	AT struct sockaddr_in mask;
#define NET6                                                                                       \
	AT struct sockaddr_in6 dst;                                                                \
	AT struct sockaddr_dl gateway;                                                             \
	AT struct sockaddr_in6 mask;
#define THREE (RTA_DST | RTA_GATEWAY | RTA_NETMASK)

struct net4 {
	struct rt_msghdr head;
	NET4
};
struct net6 {
	struct rt_msghdr head;
	NET6
};
struct host4 {
	struct rt_msghdr head;
	AT struct sockaddr_in dst, gateway;
};
struct host6 {
	struct rt_msghdr head;
	AT struct sockaddr_in6 dst;
	AT struct sockaddr_in6 gateway;
};
struct link4 {
	struct rt_msghdr head;
	AT struct sockaddr_in dst;
	AT struct sockaddr_dl gateway;
};
struct get4 {
	struct rt_msghdr head;
	AT struct sockaddr_in dst;
	AT struct sockaddr_dl link;
};
struct get6 {
	struct rt_msghdr head;
	AT struct sockaddr_in6 dst;
	AT struct sockaddr_dl link;
};

/* 10.9.0.0/16 through link 7 */
const struct net4 add_net4 = {ROUTE(RTM_ADD, 1, RTF_UP | RTF_STATIC, THREE, 7, sizeof(struct net4)),
			      V4(10, 9, 0, 0), LINK(7), V4(255, 255, 0, 0)};
/* fd07:1::/48 through link 7 */
const struct net6 add_net6 = {ROUTE(RTM_ADD, 2, RTF_UP | RTF_STATIC, THREE, 7, sizeof(struct net6)),
			      V6(0xfd, 7, 0, 1), LINK(7), V6(255, 255, 255, 255, 255, 255)};
/* 128.0.0.0/1, the second half */
const struct net4 add_half4 = {
    ROUTE(RTM_ADD, 3, RTF_UP | RTF_STATIC, THREE, 7, sizeof(struct net4)), V4(128, 0, 0, 0),
    LINK(7), V4(128, 0, 0, 0)};
/* 198.18.0.2 by 192.168.1.1 on link 4 */
const struct host4 add_host4 = {ROUTE(RTM_ADD, 4, RTF_UP | RTF_STATIC | RTF_GATEWAY | RTF_HOST,
				      RTA_DST | RTA_GATEWAY, 4, sizeof(struct host4)),
				V4(198, 18, 0, 2), V4(192, 168, 1, 1)};
/* fd00::2 by fd00:1::1 on link 4 */
const struct host6 add_host6 = {ROUTE(RTM_ADD, 5, RTF_UP | RTF_STATIC | RTF_GATEWAY | RTF_HOST,
				      RTA_DST | RTA_GATEWAY, 4, sizeof(struct host6)),
				V6(0xfd, 0, [15] = 2), V6(0xfd, 0, 0, 1, [15] = 1)};
/* fd00::2 by fe80::1 on link 4, as route(8) of each system writes it */
#if defined(__FreeBSD__)
#define LOCAL                                                                                      \
	{                                                                                          \
		.sin6_len = 28, .sin6_family = AF_INET6, .sin6_scope_id = 4,                       \
		.sin6_addr.s6_addr = {0xfe, 0x80, [15] = 1 }                                       \
	}
#else
#define LOCAL V6(0xfe, 0x80, 0, 4, [15] = 1)
#endif
const struct host6 add_host6_local = {
    ROUTE(RTM_ADD, 6, RTF_UP | RTF_STATIC | RTF_GATEWAY | RTF_HOST, RTA_DST | RTA_GATEWAY, 4,
	  sizeof(struct host6)),
    V6(0xfd, 0, [15] = 2), LOCAL};
/* 10.7.0.9 through link 7, removed */
const struct link4 delete_host4 = {ROUTE(RTM_DELETE, 7, RTF_UP | RTF_STATIC | RTF_HOST,
					 RTA_DST | RTA_GATEWAY, 7, sizeof(struct link4)),
				   V4(10, 7, 0, 9), LINK(7)};
/* 10.9.0.0/16, which leads through link 7, with an MTU of 1300 */
struct mtu4 {
	struct rt_msghdr head;
	AT struct sockaddr_in dst, mask;
};
const struct mtu4 change_mtu4 = {{.rtm_msglen = sizeof(struct mtu4),
				  .rtm_version = RTM_VERSION,
				  .rtm_type = RTM_CHANGE,
				  HEAD.rtm_index = 7,
				  .rtm_flags = RTF_UP | RTF_STATIC,
				  .rtm_addrs = RTA_DST | RTA_NETMASK,
				  .rtm_seq = 8,
				  .rtm_inits = RTV_MTU,
				  .rtm_rmx.rmx_mtu = 1300},
				 V4(10, 9, 0, 0),
				 V4(255, 255, 0, 0)};
const struct get4 get_host4 = {
    ROUTE(RTM_GET, 9, RTF_UP | RTF_HOST, RTA_DST | RTA_IFP, 0, sizeof(struct get4)),
    V4(198, 18, 0, 2), LINK(0)};
const struct get6 get_host6 = {
    ROUTE(RTM_GET, 10, RTF_UP | RTF_HOST, RTA_DST | RTA_IFP, 0, sizeof(struct get6)),
    V6(0xfd, 0, [15] = 2), LINK(0)};

/* --- requests, of the interface tun7 --- */

const struct ifreq flags_up = {.ifr_name = "tun7",
#if defined(__FreeBSD__)
			       .ifr_ifru.ifru_flags[0] = IFF_UP
#else
			       .ifr_ifru.ifru_flags = IFF_UP
#endif
};
#if defined(__OpenBSD__)
const struct ifreq mtu_1420 = {.ifr_name = "tun7", .ifr_ifru.ifru_metric = 1420};
#else
const struct ifreq mtu_1420 = {.ifr_name = "tun7", .ifr_ifru.ifru_mtu = 1420};
#endif
/* 10.7.0.1/24 */
const struct ifaliasreq add_address4 = {.ifra_name = "tun7",
					.ifra_addr = SA(10, 7, 0, 1),
					PEER = SA(10, 7, 0, 1),
					.ifra_mask = SA(-1, -1, -1, 0)};
/* 10.7.0.1/32 -> 10.7.0.2 */
const struct ifaliasreq add_pair4 = {.ifra_name = "tun7",
				     .ifra_addr = SA(10, 7, 0, 1),
				     PEER = SA(10, 7, 0, 2),
				     .ifra_mask = SA(-1, -1, -1, -1)};
/* fd07::1/64 */
const struct in6_aliasreq add_address6 = {
    .ifra_name = "tun7",
    .ifra_addr = V6(0xfd, 7, [15] = 1),
    .ifra_prefixmask = V6(ONES, ONES),
    .ifra_flags = IN6_IFF_NODAD,
    .ifra_lifetime = {.ia6t_vltime = 0xffffffff, .ia6t_pltime = 0xffffffff}};
/* fd07::1/128 -> fd07::2 */
const struct in6_aliasreq add_pair6 = {
    .ifra_name = "tun7",
    .ifra_addr = V6(0xfd, 7, [15] = 1),
    .ifra_dstaddr = V6(0xfd, 7, [15] = 2),
    .ifra_prefixmask = V6(ONES, ONES, ONES, ONES),
    .ifra_flags = IN6_IFF_NODAD,
    .ifra_lifetime = {.ia6t_vltime = 0xffffffff, .ia6t_pltime = 0xffffffff}};
const struct ifreq delete_address4 = {.ifr_name = "tun7", .ifr_ifru.ifru_addr = SA(10, 7, 0, 1)};
const struct in6_ifreq delete_address6 = {.ifr_name = "tun7",
					  .ifr_ifru.ifru_addr = V6(0xfd, 7, [15] = 1)};

/* --- messages that the kernel writes --- */

/* the default route by 192.168.1.1 on link 4, with a mask of no bytes */
struct kernel_default4 {
	struct rt_msghdr head;
	AT struct sockaddr_in dst, gateway;
	AT uint8_t mask[ROUND];
};
const struct kernel_default4 kernel_default4 = {
    ROUTE(RTM_GET, 0, RTF_UP | RTF_GATEWAY | RTF_STATIC, THREE, 4, sizeof(struct kernel_default4)),
    V4(0, 0, 0, 0), V4(192, 168, 1, 1)};
/* a route that failed */
const struct net4 kernel_error = {{.rtm_msglen = sizeof(struct net4),
				   .rtm_version = RTM_VERSION,
				   .rtm_type = RTM_GET,
				   HEAD.rtm_index = 4,
				   .rtm_flags = RTF_UP,
				   .rtm_addrs = THREE,
				   .rtm_pid = 4242,
				   .rtm_seq = 11,
				   .rtm_errno = 3,
				   .rtm_rmx.rmx_mtu = 1492},
				  V4(10, 9, 0, 0),
				  LINK(4),
				  V4(255, 255, 0, 0)};
/* link 7: up, running, MTU 1420 */
const struct if_msghdr kernel_link = {.ifm_msglen = sizeof(struct if_msghdr),
				      .ifm_version = RTM_VERSION,
				      .ifm_type = RTM_IFINFO,
#if defined(__OpenBSD__)
				      .ifm_hdrlen = sizeof(struct if_msghdr),
#endif
#if !defined(__APPLE__)
				      .ifm_data.ifi_link_state = LINK_STATE_UP,
#endif
				      .ifm_flags = IFF_UP | IFF_RUNNING,
				      .ifm_index = 7,
				      .ifm_data.ifi_mtu = 1420};
/* 10.7.0.1/24 of link 7 */
struct kernel_address { /* what follows the head is not moved to a multiple of ROUND */
	struct ifa_msghdr head;
	struct sockaddr_in mask, address, peer;
} __attribute__((packed));
const struct kernel_address kernel_address4 = {{.ifam_msglen = sizeof(struct kernel_address),
						.ifam_version = RTM_VERSION,
						.ifam_type = RTM_NEWADDR,
#if defined(__OpenBSD__)
						.ifam_hdrlen = sizeof(struct ifa_msghdr),
#endif
						.ifam_addrs = RTA_NETMASK | RTA_IFA | RTA_BRD,
						.ifam_index = 7},
					       V4(255, 255, 255, 0),
					       V4(10, 7, 0, 1),
					       V4(10, 7, 0, 1)};
#if !defined(__APPLE__)
/* link 7 is gone */
const struct if_announcemsghdr kernel_away = {.ifan_msglen = sizeof(struct if_announcemsghdr),
					      .ifan_version = RTM_VERSION,
					      .ifan_type = RTM_IFANNOUNCE,
#if defined(__OpenBSD__)
					      .ifan_hdrlen = sizeof(struct if_announcemsghdr),
#endif
					      .ifan_index = 7,
					      .ifan_what = IFAN_DEPARTURE,
					      .ifan_name = "tun7"};
#endif

/* --- utun --- */

#if defined(__APPLE__)
const struct ctl_info control_info = {.ctl_name = UTUN_CONTROL_NAME};
/* utun3: the unit is one more */
const struct sockaddr_ctl control_address = {.sc_len = sizeof(struct sockaddr_ctl),
					     .sc_family = AF_SYSTEM,
					     .ss_sysaddr = 2,
					     .sc_id = 5,
					     .sc_unit = 4};
#endif
