/* SPDX-License-Identifier: MIT */
/* What a running instance may ask of its host: the one list.
 *
 * Everything that opens a path, forks, or changes the host goes through here: TUN device, UDP and
 * listening sockets, link, firewall, DNS, hooks, the files of configuration, timestamps, key log
 * and interface name, and the resolver. daemon, tunnel and ipc do none of it themselves; what they
 * use comes as a descriptor or as bytes in a reply. tests/docs/t_requests.sh checks that.
 *
 * A request is a message: it holds values, bytes and descriptors, never a pointer into the state of
 * the caller. Today a function call carries it (request_uv.c); a privileged process can take
 * its place without a change here. The host reads the configuration itself, so a request names what
 * to do and not how: "the PreUp hooks", not a command. */
#ifndef XT_HOST_REQUEST_H
#define XT_HOST_REQUEST_H

#include <sys/stat.h>
#include <sys/types.h>

#include <xtunnel/device.h>

#include "config/conf.h"
#include "host/hooks.h"
#include "host/key_command.h"
#include "host/notify.h"
#include "host/reload.h"
#include "host/save.h"
#include "platform/link.h"
#include "platform/tun.h"
#include "platform/udp.h"

struct uv_loop_s;
struct xt_adoption;
struct xt_resolver_process;
struct xt_runner;
struct xt_requests;

/* The comment names the member of the request, then that of the reply. */
enum xt_request_kind {
	XT_REQUEST_RUN_DIRECTORY, /* -> remedy: make it, for sockets, marks and state, and what
				   * another process has removed there, but sockets; -EPERM with
				   * text: another user could change it. Without it there are no
				   * marks */
	XT_REQUEST_TUN_OPEN,	  /* tun -> tun: name and owner are the configuration's */
	XT_REQUEST_TUN_REMOVE,	  /* remove the persistent interface, once its TUN is closed */
	XT_REQUEST_STATE,    /* once the TUN is open and the configuration has its name: take back
				 * what a crash left, and lock the state file of host changes */
	XT_REQUEST_POLICY,   /* -> policy: choose table, mark and rules; changes nothing */
	XT_REQUEST_KEYLOG,   /* -> fd: the file of WG_KEYLOGFILE; -1: not wanted */
	XT_REQUEST_UDP_OPEN, /* udp -> udp */
	XT_REQUEST_UDP_MARK, /* mark */
	XT_REQUEST_LISTEN,   /* listen -> fd: a listening Unix socket, also in the place of one that
			      * was lost; its file is watched from then on (XT_HOST_SOCKET_LOST) */
	XT_REQUEST_SOCKET_REMOVE, /* listen.which: remove its file, if it is still the same */
	XT_REQUEST_FIREWALL,	  /* set it, before the link */
	XT_REQUEST_LINK,	  /* apply the link plan -> mtu: the one in force */
	XT_REQUEST_LINK_RESTORE,  /* the interface was down: make again what that has removed */
	XT_REQUEST_ROUTE_MTU,	  /* path_mtu: the routes to these networks take packets of that
				   * size. -E2BIG: not for so many routes, do not ask again.
				   * -EAGAIN: not during a reload */
	XT_REQUEST_DNS,		  /* set the name servers, after the link */
	XT_REQUEST_UNDO,      /* take back firewall and DNS; cuts FIREWALL and DNS short, which are
				 * not answered then */
	XT_REQUEST_LINK_UNDO, /* keep: take back the link and its rules, after UNDO, and close the
				 * state file; keep: leave addresses and routes */
	XT_REQUEST_WATCH,     /* -> watch: the interface was moved to another network namespace: see
			   * xt_watch_follow; its errors */
	XT_REQUEST_ADDRESSES, /* -> addresses: read back those of the interface */
	XT_REQUEST_HOOKS,     /* hooks -> hooks */
	XT_REQUEST_CONF_SAVE, /* save: put the running state into the configuration file */
	XT_REQUEST_RELOAD_READ,	  /* report -> reload: read the configuration file off the loop,
				 * and compare; also with an error of the file. Without a report:
				 * do not compare; its keys are there until the callback returns */
	XT_REQUEST_RELOAD_STEP,	  /* reload: see host/reload.h; each step once, in order */
	XT_REQUEST_RELOAD_UNDO,	  /* take back all steps, after one that failed */
	XT_REQUEST_RELOAD_COMMIT, /* -> mtu: keep all steps; the file is in force */
	XT_REQUEST_RELOAD_END,	  /* free it, not answered */
	XT_REQUEST_ROUTES, /* report -> routes: routes follow the peers' AllowedIPs; what the host
			    * had itself stays. text without error: of a route that is left out */
	XT_REQUEST_DETACH, /* the instance is ready: tell the process that started it, and close
			    * the standard streams if options say so. -EPIPE: it has ended */
	XT_REQUEST_NAME_FILE,	/* write the interface's name to the file of WG_TUN_NAME_FILE */
	XT_REQUEST_NOTIFY,	/* notice: for the service manager, if there is one; not answered */
	XT_REQUEST_BOUND_READ,	/* identity -> bound; opens its files for the next BOUND_WRITE and
				* PEERS_WRITE. Another identity than the first: answered later. Cuts
				* BOUND_WRITE short, which is not answered then */
	XT_REQUEST_BOUND_WRITE, /* bound; in the place of an open one, which is not answered then */
	XT_REQUEST_PEERS_WRITE, /* peers: keep these records; XT_E_AGAIN: ask again in a second.
				 * Many may be open, with the same done and ctx */
	XT_REQUEST_UPGRADE, /* -> fd: a new process waits at xt_handover_path: a socket to the one
			     * that will move the packets. Nothing is given away by it */
	XT_REQUEST_UPGRADE_END, /* answered when the new process has the instance: nothing is undone
				 * from then on. -EPIPE: it has ended */
	XT_REQUEST_TAKE_OVER,	/* with options.adoption, once the process before moves no packets:
				 * answered when that has let go of its files */
	XT_REQUEST_RESOLVE,	/* resolve -> resolved: each is answered once; many may be open */
	XT_REQUESTS,
};

/* Where: the control socket in the run directory, the UAPI socket where wg(8) looks for it; both
 * with the configuration's name. */
enum xt_host_socket { XT_SOCKET_CONTROL, XT_SOCKET_UAPI, XT_SOCKETS };

struct xt_request {
	enum xt_request_kind kind;
	union {
		/* fd  above 0: a TUN that is open already, for this instance to own
		 * default_mtu  a fresh interface gets XT_LINK_MTU_DEFAULT */
		struct {
			int fd;
			bool offload, default_mtu;
		} tun;
		struct {
			uint16_t port; /* 0: any free one */
			uint32_t mark; /* 0: none */
		} udp;
		struct {
			int fd[2]; /* -1: that family is not there */
			uint32_t mark, old;
		} mark;
		struct {
			const struct xt_cidr *networks;
			size_t n;
			uint32_t mtu; /* 0: that of the interface */
		} path_mtu;
		/* fd       above 0: it listens there already; the host's until it comes back
		 * removal  report the removal of its file alone, and once */
		struct {
			enum xt_host_socket which;
			int fd;
			bool removal;
		} listen;
		bool keep;
		/* from     index of the first one to run
		 * capture  keep what they write, for the result */
		struct {
			enum xt_hook_list list;
			size_t from;
			bool capture;
		} hooks;
		struct xt_report *report; /* the host's from then on */
		struct {
			enum xt_reload_step step;
			struct xt_reload_hints hints; /* of the comparison */
		} reload;
		struct xt_save save; /* what it points to is the host's from then on */
		struct xt_notice notice;
		const char *identity; /* a file name: 32 hexadecimal digits */
		uint64_t bound;
		struct {
			const struct xt_peer_memory *v;
			size_t n;
		} peers;
		/* id       comes back with the answer
		 * families bit 0 IPv4, bit 1 IPv6
		 * beside   ask the name servers that the host had at the first look-up, with mark:
		 *	    the tunnel changes the way to them, or puts others into their place */
		struct {
			uint32_t id;
			const char *name;
			unsigned families;
			bool beside;
			uint32_t mark;
		} resolve;
	};
};

/* error  0, -errno or XT_E_*
 * text   a sentence without full stop for what went wrong, or NULL
 * The reply and what it points to are the host's and end with the callback, but descriptors, the
 * TUN, addresses.v and bound.peers (to be freed) are the receiver's. */
struct xt_reply {
	int error;
	const char *text;
	union {
		/* The descriptor with what the kernel says of it.
		 * existed    the interface was there before
		 * persistent it stays when its TUN is closed
		 * -ENOENT with text: Owner is no user or group of this host */
		struct {
			struct xt_tun *v;
			bool existed, persistent;
		} tun;
		struct xt_link_policy policy;
		int fd;
		const char *remedy; /* with text: what mends it, "" if nothing is known */
		struct xt_udp_sockets udp;
		uint32_t mtu;
		struct {
			struct xt_link_address *v;
			size_t n;
		} addresses;
		/* the members of struct xt_watch, of which fd is the receiver's; up, mtu, name
		 * of the interface there */
		struct {
			int fd, nsid;
			unsigned ifindex;
			bool up;
			uint32_t mtu;
			char name[16];
		} watch;
		struct xt_hooks_result hooks;
		struct xt_reload *reload; /* valid until RELOAD_END */
		/* defaults  whole address families of the report that the configuration does not
		 *           have, which are not routed: bit 0 IPv4, bit 1 IPv6 */
		struct {
			unsigned defaults;
		} routes;
		/* floor  no timestamp below this was left free by earlier runs; 0: nothing is known
		 * stored bounds can be written
		 * peers  the records of the identity's peers, sorted by key, malloc'ed */
		struct {
			uint64_t floor;
			bool stored;
			struct xt_peer_memory *peers;
			size_t n_peers;
		} bound;
		/* v, n  the addresses, ports 0.  Otherwise error is set, and text if a look-up has
		 * failed */
		struct {
			uint32_t id;
			const struct xt_endpoint *v;
			size_t n;
		} resolved;
	};
};
typedef void xt_request_done(void *ctx, const struct xt_reply *reply);

/* What the host reports unasked. */
enum xt_host_event_kind {
	XT_HOST_SOCKET_LOST, /* lost: its file is not there any more; again every few seconds until
			      * LISTEN succeeds */
	XT_HOST_END,	     /* SIGTERM, SIGINT */
	XT_HOST_RELOAD,	     /* SIGHUP */
	XT_HOST_STATUS,	     /* SIGUSR1: write the state to the log */
};

/* attempt  counts from 1 */
struct xt_host_event {
	enum xt_host_event_kind kind;
	struct {
		enum xt_host_socket which;
		unsigned attempt;
	} lost;
};

#define XT_REQUEST_PATH_MAX 108 /* sun_path, with the NUL */

/* conf     borrowed until close
 * ready, quiet  see host/detach.h; ready is the requests' from then on
 * event    called from the loop, with ctx
 * directory  the run directory of this user; -EPERM: another user could change it; -errno
 * socket   the path of a listening socket; false: too long, or no directory
 * update   conf, where RELOAD_COMMIT puts the file; NULL: the process that asks does so itself
 * listen   make a listening Unix socket of mode 0600 at path; descriptor or -errno
 * runner   runs hooks and programs (host/runner_client_uv.h); NULL: this process runs them
 * resolver looks names up (host/resolver_client_uv.h); NULL: threads of this process do
 * prepare  on a worker thread of a reload: make of the file what the loop should not; XT_E_NOMEM.
 *          drop frees it, unless it was taken out of the reload. Both may be NULL
 * dropin   as in daemon/instance.h
 * upgraded may be NULL: an upgrade has ended, one way or the other; called from the loop
 * snapshot_version  what is said in an upgrade
 * adoption NULL, or an instance of another process, of which TUN_OPEN to LINK change nothing; until
 *          TAKE_OVER was answered nothing is undone either. Borrowed; its descriptors are taken
 * key_command  on a worker thread of a reload: run PrivateKeyCommand; NULL: it runs here */
struct xt_requests_options {
	const struct xt_conf *conf;
	int ready;
	bool quiet;
	void (*event)(void *ctx, const struct xt_host_event *event);
	void *ctx;
	int (*directory)(char dir[XT_REQUEST_PATH_MAX]);
	bool (*socket)(char path[XT_REQUEST_PATH_MAX], enum xt_host_socket which, const char *name);
	int (*listen)(const char *path, struct stat *id);
	struct xt_conf *update;
	struct xt_runner *runner;
	struct xt_resolver_process *resolver;
	int (*prepare)(void **out, const struct xt_conf *file);
	void (*drop)(void *prepared);
	xt_key_command_fn *key_command;
	void *key_command_ctx;
	bool dropin;
	void (*upgraded)(void *ctx);
	uint32_t snapshot_version;
	struct xt_adoption *adoption;
};

/* XT_E_NOMEM. */
int xt_requests_open(struct xt_requests **out, struct uv_loop_s *loop,
		     const struct xt_requests_options *options);

/* Ask. done is called once, from within this call or later from the loop;
 * NULL: the answer does not matter. A kind that has not been answered is not asked again (but
 * RESOLVE and PEERS_WRITE). request is borrowed for the call. */
void xt_request(struct xt_requests *requests, const struct xt_request *request,
		xt_request_done *done, void *ctx);

/* HOOKS: end the running one; it is answered with -ECANCELED soon. RESOLVE: look up no more names;
 * they are not answered. */
void xt_request_cancel(struct xt_requests *requests, enum xt_request_kind kind);

/* A new process is about to have the instance: what has to be undone is not decided yet. released:
 * another process has it, or still has it: nothing is to be undone here. */
bool xt_requests_upgrading(const struct xt_requests *requests);
bool xt_requests_released(const struct xt_requests *requests);

/* Nothing but RESOLVE and PEERS_WRITE may be open. false: the system's resolver does not return
 * (its threads would be joined at exit: _exit); only the files of the identity were closed. NULL is
 * fine. */
bool xt_requests_close(struct xt_requests *requests);

#endif
