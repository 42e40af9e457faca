/* SPDX-License-Identifier: MIT */
/* What the test kernel knows of macOS: our own copy of its structures, from its public headers. */
#define SYS_HAS_HEAD	 0 /* a message says how long its head is */
#define SYS_HAS_ANNOUNCE 0 /* links are announced */
#define SYS_STATE_UP	 0 /* of a carrier; 0: the flags say it */
#define SYS_STATE_DOWN	 0

enum {
	SYS_AF_INET6 = 30,
	SYS_SCOPE = 0,	       /* of a link-local address; 0: in the address */
	SYS_NEEDS_ADDRESS = 1, /* on a link that a family is routed through */
	SYS_CHANGES_BEST = 1,  /* RTM_CHANGE of a host that has no route */
	SYS_DELETES_ANY = 1,   /* RTM_DELETE looks at the network alone */
	SYS_ROUND = 4,
	SYS_ROUTE_SIZE = 92,
	SYS_LINK_SIZE = 112,
	SYS_ADDRESS_SIZE = 20,
	SYS_DL_SIZE = 20,
	SYS_IFANNOUNCE = 0,
	SYS_DESYNC = 0,
	SYS_SCOPED = 0x1000000,
	SYS_IOC_AIFADDR = 0x40 << 16 | 0x691a,
	SYS_IOC_AIFADDR6 = 0x80 << 16 | 0x691a,
	SYS_IOC_GMTU = 51,
	SYS_IOC_SMTU = 52,
};

struct sys_route {
	uint16_t len;
	uint8_t version, type;
	uint16_t index, spare;
	int32_t flags, addrs, pid, seq, error, use;
	uint32_t inits;
	struct {
		uint32_t locks, mtu, more[12];
	} metrics;
};

struct sys_link {
	uint16_t len;
	uint8_t version, type;
	int32_t addrs, flags;
	uint16_t index, spare;
	uint8_t kinds[8];
	uint32_t mtu, more[21];
};

struct sys_address {
	uint16_t len;
	uint8_t version, type;
	int32_t addrs, flags;
	uint16_t index, spare;
	int32_t metric;
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
