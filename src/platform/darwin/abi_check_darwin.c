/* SPDX-License-Identifier: MIT */
/* The table of macOS's kernel interface against the headers of macOS: what differs does not
 * compile. */
/* clang-format off: the first two come before all others */
#include <sys/types.h>
#include <sys/socket.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_utun.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/kern_control.h>
#include <sys/sockio.h>
#include <sys/sysctl.h>
/* clang-format on */

#if __has_include(<sys/sys_domain.h>)
#include <sys/sys_domain.h>
#else
#define SYSPROTO_CONTROL 2
#define AF_SYS_CONTROL	 2
#endif

/* Headers of a cross compiler may lack what the system's kit has. */
#if __has_include(<netinet6/in6_var.h>)
#include <netinet6/in6_var.h>
#else
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
#define SIOCAIFADDR_IN6 _IOW('i', 26, struct in6_aliasreq)
#define SIOCDIFADDR_IN6 _IOW('i', 25, struct in6_ifreq)
#define IN6_IFF_NODAD	0x0020
#endif

#define XT_ABI(field, value, expression)                                                           \
	_Static_assert((uint32_t)(value) == (uint32_t)(expression), #field);

#include "platform/darwin/abi_darwin.def"
