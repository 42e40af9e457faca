/* SPDX-License-Identifier: MIT */
/* What the test kernel knows of FreeBSD: our own copy of its structures, from its public
 * headers. */
#define SYS_HAS_HEAD	 0 /* a message says how long its head is */
#define SYS_HAS_ANNOUNCE 1 /* links are announced */
#define SYS_STATE_UP	 2 /* of a carrier; 0: the flags say it */
#define SYS_STATE_DOWN	 1

enum {
	SYS_AF_INET6 = 28,
	SYS_SCOPE = 24,	       /* of a link-local address; 0: in the address */
	SYS_NEEDS_ADDRESS = 0, /* on a link that a family is routed through */
	SYS_CHANGES_BEST = 0,  /* RTM_CHANGE of a host that has no route */
	SYS_DELETES_ANY = 0,   /* RTM_DELETE looks at the network alone */
	SYS_ROUND = 8,
	SYS_ROUTE_SIZE = 152,
	SYS_LINK_SIZE = 168,
	SYS_ADDRESS_SIZE = 20,
	SYS_DL_SIZE = 54,
	SYS_IFANNOUNCE = 17,
	SYS_DESYNC = 0,
	SYS_SCOPED = 0,
	SYS_IOC_AIFADDR = 0x44 << 16 | 0x692b,
	SYS_IOC_AIFADDR6 = 0x88 << 16 | 0x691b,
	SYS_IOC_GMTU = 51,
	SYS_IOC_SMTU = 52,
};

struct sys_route {
	uint16_t len;
	uint8_t version, type;
	uint16_t index, spare;
	int32_t flags, addrs, pid, seq, error, mask;
	uint64_t inits;
	struct {
		uint64_t locks, mtu, more[12];
	} metrics;
};

struct sys_link {
	uint16_t len;
	uint8_t version, type;
	int32_t addrs, flags;
	uint16_t index, spare;
	uint8_t kinds[4], state, vhid;
	uint16_t data_len;
	uint32_t mtu, metric;
	uint64_t more[17];
};

struct sys_address {
	uint16_t len;
	uint8_t version, type;
	int32_t addrs, flags;
	uint16_t index, spare;
	int32_t metric;
};

struct sys_announce {
	uint16_t len;
	uint8_t version, type;
	uint16_t index;
	char name[16];
	uint16_t what;
};

struct sys_alias4 {
	char name[16];
	uint8_t address[16], peer[16], mask[16];
	int32_t vhid;
};

struct sys_alias6 {
	char name[16];
	uint8_t address[28], peer[28], mask[28];
	int32_t flags;
	int64_t expire, preferred_expire;
	uint32_t valid, preferred;
	int32_t vhid;
	uint32_t spare;
};
