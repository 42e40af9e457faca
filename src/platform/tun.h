/* SPDX-License-Identifier: MIT */
/* A TUN device: whole IP packets, in batches. A port to another system implements these operations
 * and nothing more. Implementations embed struct xt_tun as their first member. */
#ifndef XT_PLATFORM_TUN_H
#define XT_PLATFORM_TUN_H

#include <xtunnel/batch.h>

#include "packet/merge.h"

struct xt_tun;
struct xt_wake; /* platform/wake.h */

struct xt_tun_ops {
	/* Append packets to batch (xt_batch_add) until there are none, the batch is full or budget
	 * bytes were read. >= 0: how many were appended; -errno: the device is gone (-ENODEV).
	 * 0: nothing to read. No packet is larger than its slot (XT_SLOT_MAX). With
	 * offload, gso says what is left to do (packet/split.h); a packet whose header contradicts
	 * it is appended with XT_DROP_MALFORMED. */
	int (*recv)(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes);
	/* Write every packet whose verdict is XT_PASS, in order, whose headroom may be written to.
	 * One that the device refuses gets XT_DROP_TUN; a super-packet (only of the kinds in
	 * tx_offloads) is first written again as segments, which may then follow later packets of
	 * the batch. Returns the number written or -errno when the device is gone. */
	int (*send)(struct xt_tun *tun, struct xt_batch *batch);
	/* Let wake report ctx while recv has something to read (events XT_WAKE_READ); 0: stop. 0 or
	 * -errno. NULL: the device cannot be waited for (memory). */
	int (*watch)(const struct xt_tun *tun, struct xt_wake *wake, unsigned events, void *ctx);
	void (*close)(struct xt_tun *tun); /* frees tun; a persistent interface stays */
};

struct xt_tun {
	const struct xt_tun_ops *ops;
	unsigned ifindex;
	uint32_t mtu; /* as last known; the link watch keeps it up to date */
	char name[16];
	/* tx_offloads  XT_MERGE_*: kinds of super-packets that send accepts at present
	 * rx_offloads  XT_TUN_*: work that recv may leave undone in gso
	 * fallbacks    super-packets that the device refused and that were written as segments */
	unsigned tx_offloads, rx_offloads;
	uint64_t fallbacks;
};

enum { XT_TUN_CSUM = 1, XT_TUN_TSO4 = 2, XT_TUN_TSO6 = 4, XT_TUN_USO = 8 };

/* owner_uid, owner_gid: UINT32_MAX = do not set (TUNSETOWNER, TUNSETGROUP). persist: TUNSETPERSIST.
 * An existing persistent interface of that name is attached to (with its settings left alone when
 * the caller may not change them). name may hold "%d". -errno: -EBUSY name taken by an attached
 * device or another kind of interface, -EPERM no rights, -ENOENT/-ENXIO/-ENODEV no /dev/net/tun,
 * -EINVAL no name for an interface. offload: super-packets both ways as far as the kernel has them,
 * unless xt_offload_tun forbids it. fd above 0: /dev/net/tun, attached by another program, without
 * packet information (-EINVAL); the device owns it from then on, and name is ignored.
 * idle: another process has the packets, and gets a duplicate of the descriptor: recv and send are
 * not called. */
struct xt_tun_options {
	const char *name;
	uint32_t owner_uid, owner_gid;
	bool persist;
	bool offload;
	bool idle;
	int fd;
};
int xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options);

/* What a user is told of the TUN devices of this system.
 * names    how an interface has to be called; NULL: nearly as one likes
 * missing  that there is no such device, and what brings it
 * shows    the program that shows an interface
 * owner    why Owner is refused; NULL: it is not */
struct xt_tun_words {
	const char *names, *missing, *remedy, *shows, *owner;
};
extern const struct xt_tun_words xt_tun_words;

/* Switch super-packets of a device on or off; on only as far as the kernel has them and
 * xt_offload_tun permits. false: it was opened without, and cannot have them. */
bool xt_tun_offload(struct xt_tun *tun, bool on);
bool xt_tun_has_offload(const struct xt_tun *tun); /* it was opened with it */

/* The batch size that suits recv: room for packets of an ordinary MTU and for a few of any size
 * (untouched pages cost nothing). */
#define XT_TUN_BATCH 256
#define XT_TUN_SLAB  ((size_t)XT_TUN_BATCH * 2048 + 8 * XT_SLOT_MAX)

/* Another process has the device too, by a descriptor of its own: close leaves it as it is, until
 * that is said to be over. */
void xt_tun_hand_over(struct xt_tun *tun, bool handed_over);

/* Remove a persistent interface that no program is attached to. 0, -ENODEV, -EPERM, -EBUSY. */
int xt_tun_remove(const char *name);

/* The descriptor, which stays the device's, to be passed to another process: xt_tun_open adopts it
 * there without a capability. -1: it has none. */
int xt_tun_fd(const struct xt_tun *tun);

/* For tests and simulation: two queues in memory (platform/mem/mem.h). */

#endif
