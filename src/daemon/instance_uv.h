/* The inside of an instance: its parts and its phases, for the files that share them. */
#ifndef XT_DAEMON_INSTANCE_UV_H
#define XT_DAEMON_INSTANCE_UV_H

#include <uv.h>

#include "host/host_uv.h"
#include "daemon/pinger_uv.h"
#include "daemon/rundir.h"
#include "daemon/instance.h"
#include "ipc/control_uv.h"
#include "host/hooks_uv.h"
#include "ipc/uapi_uv.h"
#include "platform/link.h"
#include "tunnel/loop_uv.h"
#include "tunnel/resolve_uv.h"
#include "tunnel/tunnel.h"

enum xt_phase {
	XT_PHASE_PRE_UP, /* its hooks run */
	XT_PHASE_NAMES,	 /* endpoints' names are asked for while the host's way to them is open */
	XT_PHASE_HOST,	 /* firewall and DNS are being set */
	XT_PHASE_POST_UP,
	XT_PHASE_READY,
	XT_PHASE_PRE_DOWN,
	XT_PHASE_CLOSING, /* the loop closes its handles */
	XT_PHASE_POST_DOWN,
	XT_PHASE_END,
};

enum { XT_SIGNAL_TERM, XT_SIGNAL_INT, XT_SIGNAL_HUP, XT_SIGNAL_USR1, XT_SIGNALS };

struct xt_instance {
	uv_loop_t uv;
	struct xt_conf *conf;
	struct xt_instance_options wish;
	enum xt_phase phase;
	int status;
	bool was_up;	   /* it was ready: its end runs PreDown and PostDown */
	bool ending;	   /* asked to while hooks of the way up run */
	bool existed;	   /* the interface, before this process came */
	bool persist;	   /* it stays when this process ends */
	bool remove;	   /* asked by `down`: it goes nevertheless */
	uint64_t since_ns; /* monotonic, for the uptime */

	struct xt_tunnel *tunnel;
	struct xt_loop *loop;
	struct xt_link *link;
	struct xt_echo *echo;
	struct xt_resolver *resolver;
	unsigned names; /* not found yet */
	uv_timer_t names_limit;
	struct xt_host *host;
	struct xt_link_policy policy;
	struct xt_hooks_run *hooks;
	struct xt_control *control;
	struct xt_uapi *uapi;
	struct xt_pinger *pinger;
	uv_signal_t signals[XT_SIGNALS];
	unsigned signals_open;
	char control_path[XT_RUNSOCK_MAX];
	uv_timer_t status_timer;
	bool notifies; /* a service manager listens */
};

/* instance_up_uv.c */
void xt_instance_begin(struct xt_instance *instance);
/* instance_down_uv.c. rollback: undo what was made, run no hook, end with status. */
void xt_instance_end(struct xt_instance *instance); /* the clean end, from any phase */
void xt_instance_rollback(struct xt_instance *instance, int status);
void xt_instance_loop_closed(void *instance);
void xt_instance_names_over(struct xt_instance *instance); /* stop waiting for them */
/* instance_save_uv.c: put what is in force into the file, and say so when that fails. 0; XT_E_SYNTAX:
 * the file has errors now; -errno. unasked: only if the file still says SaveConfig = true. */
int xt_instance_save(struct xt_instance *instance, bool unasked);
/* instance_calls_uv.c: what the control and UAPI sockets and the tunnel ask of it. */
int xt_instance_sockets_open(struct xt_instance *instance);
int xt_instance_uapi_open(struct xt_instance *instance); /* instance_uapi_uv.c */
void xt_instance_sockets_close(struct xt_instance *instance);
void xt_instance_tunnel_callbacks(struct xt_instance *instance, struct xt_tunnel_callbacks *calls);
/* instance_notify_uv.c: the service manager, if any, hears of it. */
void xt_instance_tell_ready(struct xt_instance *instance);
void xt_instance_tell_change(struct xt_instance *instance); /* peers or sessions */
void xt_instance_tell_end(struct xt_instance *instance);
void xt_instance_log_status(struct xt_instance *instance);

#endif
