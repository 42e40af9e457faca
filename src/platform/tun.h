/* A TUN device: whole IP packets, in batches. A port implements these operations and nothing more.
 * Implementations embed struct xt_tun as their first member. */
#ifndef XT_PLATFORM_TUN_H
#define XT_PLATFORM_TUN_H

#include <xtunnel/batch.h>

#include "packet/merge.h"

struct xt_tun;

struct xt_tun_ops {
	/* Append packets to batch (xt_batch_add) until there are none, the batch is full or budget
	 * bytes were read. >= 0: how many were appended; -errno: the device is gone (-ENODEV,
	 * -EBADFD). "Nothing there" is 0. A packet larger than its slot never happens (slots are
	 * XT_SLOT_MAX). With offload packets carry what is left to do in gso (see packet/split.h);
	 * one with a header that contradicts it is appended with XT_DROP_MALFORMED. */
	int (*recv)(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes);
	/* Write every packet whose verdict is XT_PASS, in order, whose headroom may be written to.
	 * One that the device refuses gets XT_DROP_TUN; a super-packet (only of the kinds in takes)
	 * is then tried in segments first, which may then come behind others of the batch.
	 * Returns the number written or -errno when the device is gone. */
	int (*send)(struct xt_tun *tun, struct xt_batch *batch);
	void (*close)(struct xt_tun *tun); /* frees tun; a persistent interface stays */
};

struct xt_tun {
	const struct xt_tun_ops *ops;
	int fd; /* readable when recv has something; -1: none (memory) */
	unsigned ifindex;
	uint32_t mtu; /* as last known; the link's watcher keeps it up to date */
	char name[16];
	/* takes      XT_MERGE_*: super-packets that send takes at present
	 * gives      XT_TUN_*: what recv may leave to be done
	 * fallbacks  super-packets that the device refused and that left as segments */
	unsigned takes, gives;
	uint64_t fallbacks;
};

enum { XT_TUN_CSUM = 1, XT_TUN_TSO4 = 2, XT_TUN_TSO6 = 4, XT_TUN_USO = 8 };

/* owner_uid, owner_gid: UINT32_MAX = do not set (TUNSETOWNER, TUNSETGROUP). persist: TUNSETPERSIST.
 * An existing persistent interface of that name is attached to (with its settings left alone when
 * the caller may not change them). name may hold "%d". -errno: -EBUSY name taken by an attached
 * device or another kind of interface, -EPERM no rights, -ENOENT/-ENXIO/-ENODEV no /dev/net/tun,
 * -EINVAL no name for an interface. offload: super-packets both ways as far as the kernel has them,
 * unless xt_offload_tun says no. fd above 0: /dev/net/tun, attached by somebody else, without packet
 * information (-EINVAL); it is the device's from then on, and name does not count. */
struct xt_tun_options {
	const char *name;
	uint32_t owner_uid, owner_gid;
	bool persist;
	bool offload;
	int fd;
};
int xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options);

/* The batch that recv can fill best: room for packets of an ordinary MTU, and for some of any size
 * (pages that are not touched cost nothing). */
#define XT_TUN_BATCH 256
#define XT_TUN_SLAB  ((size_t)XT_TUN_BATCH * 2048 + 8 * XT_SLOT_MAX)

/* Remove a persistent interface that nobody is attached to. 0, -ENODEV, -EPERM, -EBUSY. */
int xt_tun_remove(const char *name);

/* For tests and simulation: two queues in memory (platform/mem/mem.h). */

#endif
