/* SPDX-License-Identifier: MIT */
/* The kernel interface that macOS, FreeBSD and OpenBSD share but for its numbers: routing messages,
 * requests by ioctl, control sockets. The code writes and reads them as bytes by this table, so
 * that it is the same for all three and runs against a kernel of the tests on any host. */
#ifndef XT_PLATFORM_BSD_ABI_H
#define XT_PLATFORM_BSD_ABI_H

#include <stdint.h>

/* Offsets and sizes are bytes; 0: the system has none. The rows of abi_darwin.def, abi_freebsd.def
 * and abi_openbsd.def say what each field is. */
struct xt_abi {
	/* sockets */
	uint32_t af_inet6, af_link, af_route, af_system;
	/* socket addresses; what follows another in a message begins at a multiple of round */
	uint32_t round, sdl_size, sdl_index, sdl_nlen, sdl_data;
	/* struct sockaddr_in6 in a message: the interface of a link-local address; 0: it stands in
	 * the second pair of bytes of the address */
	uint32_t sin6_scope;
	/* struct rt_msghdr: routes */
	uint32_t rt_size, rt_version, rt_type, rt_hdrlen, rt_index, rt_flags, rt_addrs, rt_pid;
	uint32_t rt_seq, rt_errno, rt_inits, rt_table, rt_mtu, rt_word, rt_mtu_word;
	/* struct if_msghdr: links */
	uint32_t if_size, if_index, if_flags, if_addrs, if_mtu, if_state, link_down;
	/* struct ifa_msghdr: addresses */
	uint32_t ifa_size, ifa_index, ifa_flags, ifa_addrs;
	/* struct if_announcemsghdr: links come and go */
	uint32_t ifan_index, ifan_what;
	/* types of messages, and their bits */
	uint32_t rtm_version, rtm_add, rtm_delete, rtm_change, rtm_get, rtm_newaddr, rtm_deladdr;
	uint32_t rtm_ifinfo, rtm_ifannounce, rtm_desync, ifan_departure, rta_dst, rta_gateway;
	uint32_t rta_netmask, rta_ifp, rta_ifa, rta_brd, rtf_up, rtf_gateway, rtf_host;
	uint32_t rtf_reject, rtf_blackhole, rtf_static, rtf_scoped, rtf_cloned, rtf_local;
	uint32_t rtf_broadcast, rtv_mtu;
	/* lists by sysctl */
	uint32_t ctl_net, net_rt_dump, net_rt_iflist;
	/* requests by ioctl */
	uint32_t siocsifflags, siocgifflags, siocsifmtu, siocgifmtu, siocdifaddr, siocaifaddr;
	uint32_t siocdifaddr_in6, siocaifaddr_in6, iff_up, iff_running;
	/* struct ifreq, with flags, MTU or an IPv4 address */
	uint32_t ifreq_size, ifreq_flags, ifreq_mtu, ifreq_addr;
	/* struct ifaliasreq: an IPv4 address */
	uint32_t alias_size, alias_addr, alias_peer, alias_mask;
	/* struct in6_aliasreq: an IPv6 address */
	uint32_t alias6_size, alias6_addr, alias6_peer, alias6_mask, alias6_flags, alias6_valid;
	uint32_t alias6_preferred, in6_nodad;
	/* struct in6_ifreq: the IPv6 address to be removed */
	uint32_t ifreq6_size, ifreq6_addr;
	/* TUN devices */
	uint32_t tunsifhead, tunsifmode, tun_mode, tunstransient, tungifname, siocsifname,
	    ifreq_data, siocifdestroy;
	/* utun: struct ctl_info and struct sockaddr_ctl */
	uint32_t sysproto_control, af_sys_control, ctliocginfo, ctl_info_size, ctl_info_name;
	uint32_t sc_size, sc_family, sc_sysaddr, sc_id, sc_unit, utun_opt_ifname;
};

/* Of the system that the program was built for. */
extern const struct xt_abi xt_abi;

#endif
