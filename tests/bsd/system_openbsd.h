/* SPDX-License-Identifier: MIT */
/* What the test kernel knows of OpenBSD: our own copy of its structures, from its public
 * headers. */
#define SYS_HAS_HEAD	 1 /* a message says how long its head is */
#define SYS_HAS_ANNOUNCE 1 /* links are announced */
#define SYS_STATE_UP	 4 /* of a carrier; 0: the flags say it */
#define SYS_STATE_DOWN	 2

enum {
	SYS_AF_INET6 = 24,
	SYS_SCOPE = 0,	       /* of a link-local address; 0: in the address */
	SYS_NEEDS_ADDRESS = 0, /* on a link that a family is routed through */
	SYS_CHANGES_BEST = 0,  /* RTM_CHANGE of a host that has no route */
	SYS_DELETES_ANY = 0,   /* RTM_DELETE looks at the network alone */
	SYS_ROUND = 8,
	SYS_ROUTE_SIZE = 96,
	SYS_LINK_SIZE = 168,
	SYS_ADDRESS_SIZE = 24,
	SYS_DL_SIZE = 32,
	SYS_IFANNOUNCE = 15,
	SYS_DESYNC = 16,
	SYS_SCOPED = 0,
	SYS_IOC_AIFADDR = 0x40 << 16 | 0x691a,
	SYS_IOC_AIFADDR6 = 0x80 << 16 | 0x691a,
	SYS_IOC_GMTU = 126,
	SYS_IOC_SMTU = 127,
};

struct sys_route {
	uint16_t len;
	uint8_t version, type;
	uint16_t head, index, table;
	uint8_t priority, mpls;
	int32_t addrs, flags, mask, pid, seq, error;
	uint32_t inits;
	struct {
		uint64_t sent;
		int64_t expire;
		uint32_t locks, mtu, more[8];
	} metrics;
};

struct sys_link {
	uint16_t len;
	uint8_t version, type;
	uint16_t head, index, table;
	uint8_t pad[2];
	int32_t addrs, flags, xflags;
	uint8_t kinds[3], state;
	uint32_t mtu, metric, domain;
	uint64_t more[16];
};

struct sys_address {
	uint16_t len;
	uint8_t version, type;
	uint16_t head, index, table;
	uint8_t pad[2];
	int32_t addrs, flags, metric;
};

struct sys_announce {
	uint16_t len;
	uint8_t version, type;
	uint16_t head, index, what;
	char name[16];
};

struct sys_alias4 {
	char name[16];
	uint8_t address[16], peer[16], mask[16];
};

struct sys_alias6 {
	char name[16];
	uint8_t address[28], peer[28], mask[28];
	int32_t flags;
	int64_t expire, preferred_expire;
	uint32_t valid, preferred;
};
