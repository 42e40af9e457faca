/* SPDX-License-Identifier: MIT */
/* The table of OpenBSD's kernel interface against the headers of OpenBSD: what differs does not
 * compile. */
/* clang-format off: the first two come before all others */
#include <sys/types.h>
#include <sys/socket.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_tun.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet6/in6_var.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/sockio.h>
#include <sys/sysctl.h>
/* clang-format on */

#define XT_ABI(field, value, expression)                                                           \
	_Static_assert((uint32_t)(value) == (uint32_t)(expression), #field);

#include "platform/bsd/abi_openbsd.def"
