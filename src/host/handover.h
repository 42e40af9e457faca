/* SPDX-License-Identifier: MIT */
/* An instance that goes on in other processes (docs/decisions/0015-upgrade.md): what the processes
 * before and the new ones say to each other.
 *
 * Two sockets, SOCK_SEQPACKET, one packet a message. Between the monitors: HELLO, then TAKEN and
 * GONE. Between the tunnel processes, in this order: DESCRIPTORS, PREPARED, SNAPSHOT, CONFIRM, GO;
 * FAILED, or the end of the socket, at any time before GO. */
#ifndef XT_HOST_HANDOVER_H
#define XT_HOST_HANDOVER_H

#include "config/conf.h"
#include "host/state.h"

struct xt_host;

/* Of all of this, and of the format of a configuration (host/conf_wire.h): counted up with every
 * change. */
#define XT_HANDOVER_VERSION 1u

/* ->: from the process before to the new one. value and fds: by index. */
enum xt_handover_kind {
	/* -> value: XT_HANDOVER_VERSION, the version of snapshots, bytes of the first descriptor;
	 * fds: a sealed file of struct xt_adoption, the new tunnel process's socket, the TUN,
	 * the network namespace, and the locked state file if there is one */
	XT_HANDOVER_HELLO = 1,
	XT_HANDOVER_TAKEN, /* <- the new processes have the instance */
	XT_HANDOVER_GONE,  /* -> its files are written, and it ends */
	/* -> fds: see enum xt_handover_fd; value: see enum xt_handover_value */
	XT_HANDOVER_DESCRIPTORS,
	/* <- fds: a file for the snapshot; value: its size */
	XT_HANDOVER_PREPARED,
	XT_HANDOVER_SNAPSHOT, /* -> value: its length. It moves no packet any more */
	XT_HANDOVER_CONFIRM,  /* <- the snapshot is good */
	XT_HANDOVER_GO,	      /* -> it never moves one again */
	XT_HANDOVER_FAILED,   /* -> error */
};

enum xt_handover_fd {
	XT_HANDOVER_UDP4,
	XT_HANDOVER_UDP6,
	XT_HANDOVER_OLD4,
	XT_HANDOVER_OLD6,
	XT_HANDOVER_CONTROL,
	XT_HANDOVER_UAPI,
	XT_HANDOVER_FDS,
};
enum xt_handover_value {
	XT_HANDOVER_WHICH, /* descriptors are there, as bits */
	XT_HANDOVER_PORTS, /* the port, and from bit 16 on the one before */
	XT_HANDOVER_DISPOSITION,
	XT_HANDOVER_SINCE, /* monotonic time of the start, ns */
	XT_HANDOVER_MARK,
	XT_HANDOVER_LOG_LEVEL,
	XT_HANDOVER_SIZE, /* of a snapshot, about */
	XT_HANDOVER_VALUES,
};

/* n_fds  used of fds. Sent: they stay the sender's. Received: the receiver's, close-on-exec */
struct xt_handover_packet {
	enum xt_handover_kind kind;
	int error;
	uint64_t value[XT_HANDOVER_VALUES];
	int fds[XT_HANDOVER_FDS];
	size_t n_fds;
};
int xt_handover_send(int fd, const struct xt_handover_packet *packet); /* 0 or -errno */
/* 0; -EAGAIN: none came within timeout_ms; -EPIPE: the end; XT_E_INVALID: it is no such packet;
 * -errno. Without an error alone fds are the caller's. */
int xt_handover_recv(int fd, struct xt_handover_packet *packet, int timeout_ms);
void xt_handover_close_fds(struct xt_handover_packet *packet);

/* What the host has of the instance.
 * state        policy, firewall, ways of DNS
 * dns_way      the one in use, 0: none */
struct xt_host_adoption {
	struct xt_host_state state;
	unsigned dns_way;
	bool without_ipv6;
};

/* The whole, for the new processes.
 * monitor      socket to the monitor before; tunnel: of the new tunnel process
 * tun          a descriptor of the device
 * state_file   locked; -1: there is none
 * process      of the monitor before
 * conf         the configuration in force, without keys
 * watchdog_ms, notify, cgroup, credentials  what the service manager has told the process before;
 *		0, "" */
struct xt_adoption {
	int monitor, tunnel, tun, state_file;
	long process;
	struct xt_host_adoption host;
	struct xt_conf conf;
	bool dropin;
	uint32_t watchdog_ms;
	char notify[108], cgroup[400], credentials[256];
};

/* adoption as bytes, but for its descriptors. 0 or the buffer's error. */
struct xt_secbuf;
int xt_adoption_encode(struct xt_secbuf *out, const struct xt_adoption *adoption);
/* 0; XT_E_INVALID, XT_E_NOMEM: out is empty. The descriptors are -1. */
int xt_adoption_decode(struct xt_adoption *out, const void *data, size_t len);
/* Those descriptors that are for the monitor alone. */
void xt_adoption_close_monitors(struct xt_adoption *adoption);
void xt_adoption_clear(struct xt_adoption *adoption);

/* The socket at which the new monitor waits for the one before, beside the control socket at path:
 * cap bytes. false: too long. */
bool xt_handover_path(char *out, size_t cap, const char *control_path);
/* cgroup of this process: the text of /proc/self/cgroup up to its first line end; "" if unknown. */
void xt_handover_cgroup(char *out, size_t cap);

#endif
