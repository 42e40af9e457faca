/* SPDX-License-Identifier: MIT */
/* The inside of an instance: its parts and its state, for the files that share them.
 *
 * One state machine runs an instance. instance_uv.c owns the state and the table of transitions;
 * the other files each do single steps. A step starts its work and reports the end of it, at once
 * or later, by instance->post; it never starts another step. Whatever opens a path, forks or
 * changes the host goes through host/request.h. */
#ifndef XT_DAEMON_INSTANCE_UV_H
#define XT_DAEMON_INSTANCE_UV_H

#include <stdatomic.h>
#include <unistd.h>
#include <uv.h>

#include "base/printf.h"
#include "daemon/instance.h"
#include "daemon/monitor_uv.h"
#include "daemon/pinger_uv.h"
#include "daemon/rundir.h"
#include "daemon/sandbox_status.h"
#include "host/request.h"
#include "ipc/control_uv.h"
#include "ipc/events.h"
#include "ipc/status.h"
#include "ipc/uapi_uv.h"
#include "ipc/why.h"
#include "tunnel/loop_uv.h"
#include "tunnel/tunnel.h"

/* In the order in which an instance goes through them. From XT_STATE_UNDO on it answers no request
 * any more. */
enum xt_state {
	/* up */
	XT_STATE_TUN,	   /* open the TUN device, take back what a crash left in the host */
	XT_STATE_PRE_UP,   /* hooks */
	XT_STATE_POLICY,   /* choose table, mark and rules of the default route */
	XT_STATE_KEYLOG,   /* open its file */
	XT_STATE_UDP,	   /* open the sockets */
	XT_STATE_START,	   /* tunnel, loop, resolver */
	XT_STATE_NAMES,	   /* a moment for names that the host itself knows */
	XT_STATE_FIREWALL, /* before the link: the first answer passes it already */
	XT_STATE_LINK,	   /* addresses, routes */
	XT_STATE_CONTROL,  /* listen at the control socket */
	XT_STATE_UAPI,	   /* listen at the UAPI socket */
	XT_STATE_DNS,
	XT_STATE_POST_UP, /* hooks */
	XT_STATE_RUN,
	XT_STATE_RELOAD, /* the file is read again and what it changes is applied; back to RUN */
	/* down */
	XT_STATE_PRE_DOWN,  /* hooks */
	XT_STATE_SAVE,	    /* SaveConfig */
	XT_STATE_UNDO,	    /* firewall and DNS */
	XT_STATE_STOP,	    /* the loop closes its handles */
	XT_STATE_CLOSE,	    /* link, tunnel, TUN */
	XT_STATE_POST_DOWN, /* hooks */
	/* back from half way up: no hook runs */
	XT_STATE_ROLLBACK_UNDO,
	XT_STATE_ROLLBACK_STOP,
	XT_STATE_ROLLBACK_CLOSE,
	XT_STATE_END,
	XT_STATES,
	XT_STATE_HOLD = XT_STATES, /* as a transition: the event waits for the end of the step */
};

/* DONE, FAILED: the state's step has ended. FAILED was reported to the user.
 * RELOAD: a reload waits, or routes that are to follow the device. In XT_STATE_RUN it begins, in
 * other states it waits on.
 * END: the instance is to end (signal, `down`, interface deleted); may come at any time. */
enum xt_instance_event {
	XT_INSTANCE_DONE,
	XT_INSTANCE_FAILED,
	XT_INSTANCE_RELOAD,
	XT_INSTANCE_END,
};

/* What becomes of the interface when the instance ends. */
enum xt_tun_disposition {
	XT_TUN_TRANSIENT, /* it goes with its descriptor */
	XT_TUN_FOUND,	/* persistent, was there before: a rollback leaves it, without addresses */
	XT_TUN_MADE,	/* persistent, made by this instance: a rollback removes it */
	XT_TUN_KEPT,	/* persistent, was up: stays with its addresses for the next start */
	XT_TUN_REMOVED, /* persistent, but `down` asked for its removal */
};

#define XT_NO_SOCKETS ((struct xt_udp_sockets){{-1, -1}, 0})

enum { XT_SIGNAL_TERM, XT_SIGNAL_INT, XT_SIGNAL_HUP, XT_SIGNAL_USR1, XT_SIGNALS };

struct xt_names; /* instance_names_uv.c */
struct xt_endpoint_table;

/* Peers whose routes do not have the MTU of their path yet.
 * at   allowed IPs of the first one that are done
 * again  a reload has the routes: not now
 * off  there are too many routes */
struct xt_instance_mtu {
	uv_timer_t timer;
	bool open, off, again;
	struct xt_public *due;
	size_t n, cap, at;
};

/* What the instance has lost, a minute apart; at: the oldest, and the next to be written. */
struct xt_instance_losses {
	uv_timer_t timer;
	bool open;
	struct xt_status_losses totals[3];
	unsigned at;
};

#define XT_OFFLOAD_WORDS 32 /* bytes of text */

/* A control request that is answered later, or a state for the log.
 * request    NULL: its client has gone, or there is none
 * status     what the worker thread prints; its strings are in kept and words
 * why        the answer is that of xt_why_json; word: of that peer alone, NULL: of all, and at: the
 *            peer that the next part of it begins with
 * text       malloc'ed: the lines of the answer */
struct xt_instance_answer {
	struct xt_instance_answer *prev, *next;
	struct xt_instance *instance;
	struct xt_control_request *request;
	enum { XT_ANSWER_OTHER, XT_ANSWER_WAITING, XT_ANSWER_MAKING } state; /* of a status */
	bool log, versioned, why, brief, later; /* later: made on a worker thread */
	char *word;
	atomic_bool dropped; /* the instance ends, or the client has gone: no more is written */
	struct xt_status status;
	char words[XT_OFFLOAD_WORDS], *kept[3];
	struct xt_report *report;
	struct xt_control_long lines;
	char *text;
	size_t len, at;
	uv_work_t work;
};

struct xt_instance {
	uv_loop_t uv;
	struct xt_conf *conf;
	struct xt_instance_options options;
	uid_t owner;			 /* who started it: may ask for everything */
	struct xt_sandbox_state sandbox; /* of this process, from XT_STATE_RUN on */
	struct xt_sandbox_texts sandbox_texts;
	bool has_keylog;
	uint64_t clock_evidence, clock_floor; /* daemon/clock_evidence.h */
	const struct xt_monitor_link *link;   /* NULL: this process is the whole instance */
	enum xt_state state;
	unsigned events; /* posted, not handled: bits of enum xt_instance_event */
	bool handling;	 /* events are being handled further up the stack */
	bool held;	 /* XT_INSTANCE_END came during a step that has to end first */
	void (*post)(struct xt_instance *instance, enum xt_instance_event event);
	int status; /* enum xt_exit */
	enum xt_tun_disposition disposition;
	uint64_t since_ns; /* monotonic, for the uptime */

	struct xt_requests *requests;
	struct { /* done: of one that is asked, or waits */
		struct xt_request request;
		xt_request_done *done;
	} listens[XT_SOCKETS];
	enum xt_host_socket listening; /* the one that is asked; XT_SOCKETS: none */
	struct xt_tunnel *tunnel;
	struct xt_loop *loop;
	struct xt_echo *echo;
	struct xt_pinger *pinger;
	struct xt_link_policy policy;
	uint32_t mark;		       /* of the sockets */
	int keylog;		       /* until the tunnel has it; -1: none */
	struct xt_udp_sockets sockets; /* likewise */
	/* Of endpoints, from XT_STATE_START on. A worker thread reads them, so the loop writes what
	 * is shown of them under names_lock. */
	struct xt_names *names;
	uv_mutex_t names_lock;
	uv_timer_t names_limit;
	struct xt_control *control;
	struct xt_control_request *down; /* waits for the end and is told what fails; may be NULL */
	struct xt_uapi *uapi;
	uv_signal_t signals[XT_SIGNALS];
	unsigned signals_open;
	char run_directory[XT_RUNDIR_MAX]; /* for messages, as the paths */
	char control_path[XT_RUNSOCK_MAX], uapi_path[XT_RUNSOCK_MAX];
	struct xt_instance_events *feed; /* instance_events_uv.c; NULL: none */
	struct xt_instance_work *work;	 /* control work over all peers, the first is under way */
	uv_idle_t work_idle;		 /* runs while it goes on */
	struct xt_instance_answer *answers;
	struct xt_instance_wait *waits;
	struct xt_instance_capture *captures;
	struct xt_instance_save *saves;	    /* the first is under way */
	struct xt_instance_reload *reloads; /* likewise, once the state is XT_STATE_RELOAD */
	/* Routes that are to follow the device: it waits for XT_STATE_RELOAD.
	 * routes_missed      one could not be made: again when the interface comes up
	 * unrouted_defaults  as in struct xt_reply, already told */
	bool routes_due, routes_missed;
	unsigned unrouted_defaults;
	struct xt_instance_route_wait *route_waits;
	struct xt_echo *former_echo; /* may hold packets that wait to be sent */
	bool was_ready, watch_pending;
	/* XT_REQUEST_LINK_RESTORE is under way; and is to be asked for once more after it */
	bool restoring, restore_again;
	uv_timer_t status_timer, watchdog_timer;
	struct xt_instance_mtu mtu;
	struct xt_instance_losses losses;
	bool notifies; /* a service manager listens */
	uint64_t notify_delay_ms;

	char program[64]; /* which file this process runs */
	/* An upgrade, of the process before.
	 * parked       no packet is read or sent, and no work begins
	 * handed_over  nothing of the host is taken back */
	struct xt_instance_upgrade *upgrade;	  /* instance_upgrade_uv.c; NULL: none */
	struct xt_instance_answer *upgrade_waits; /* to one that waits for the end of a reload */
	bool upgrade_requested; /* the monitor, and no reload begins until its answer */
	bool parked, handed_over;
	/* With options.adoption, of the new process.
	 * taken        the one before has ended; until then nothing of the host is changed
	 * listen_fd    its listening sockets, -1: none */
	bool taken;
	struct xt_udp_sockets old_sockets;
	int listen_fd[XT_SOCKETS];
	struct xt_watch watch;
	void *snapshot;
	size_t snapshot_size;
};

/* What the host has is another process's. */
static inline bool xt_instance_released(const struct xt_instance *instance)
{
	return instance->handed_over || (instance->options.adoption && !instance->taken);
}

/* Requests and changes are answered: the tunnel runs and is not being taken down. */
static inline bool xt_instance_answers(const struct xt_instance *instance)
{
	return instance->loop && instance->state < XT_STATE_UNDO;
}

/* The process that a user and the service manager know. */
static inline pid_t xt_instance_pid(const struct xt_instance *instance)
{
	return instance->link ? instance->link->monitor : getpid();
}

/* Steps of the machine, each of one state: start it; its end is posted.
 * instance_up_uv.c, instance_ready_uv.c */
void xt_instance_open_tun(struct xt_instance *instance);
void xt_instance_choose_policy(struct xt_instance *instance);
void xt_instance_open_keylog(struct xt_instance *instance);
void xt_instance_open_udp(struct xt_instance *instance);
void xt_instance_start_tunnel(struct xt_instance *instance);
/* instance_lock.c: the last of START. -EPERM: reported. */
int xt_instance_lock(struct xt_instance *instance);
void xt_instance_set_firewall(struct xt_instance *instance);
void xt_instance_set_link(struct xt_instance *instance);
void xt_instance_set_dns(struct xt_instance *instance);
void xt_instance_ready(struct xt_instance *instance);
/* instance_names_uv.c. cancel: stop waiting for them. */
void xt_instance_await_names(struct xt_instance *instance);
void xt_instance_cancel_names(struct xt_instance *instance);
/* instance_hooks_uv.c: the list of the present state. cancel: its end is posted sooner. */
void xt_instance_run_hooks(struct xt_instance *instance);
void xt_instance_cancel_hooks(struct xt_instance *instance);
/* instance_control_uv.c, instance_uapi_uv.c. lost: its file has gone; attempt as in struct
 * xt_host_event. */
void xt_instance_open_control(struct xt_instance *instance);
void xt_instance_open_uapi(struct xt_instance *instance);
void xt_instance_control_lost(struct xt_instance *instance, unsigned attempt);
void xt_instance_uapi_lost(struct xt_instance *instance, unsigned attempt);
/* instance_host_uv.c. open: the requests, of the first step; XT_E_NOMEM. event: signals of this
 * process come here too. */
int xt_instance_requests_open(struct xt_instance *instance);
/* instance_listen_uv.c: XT_REQUEST_LISTEN, one after the other: both sockets may be lost at one
 * time. */
void xt_instance_listen(struct xt_instance *instance, enum xt_host_socket which, int fd,
			bool removal, xt_request_done *done);
void xt_instance_host_event(void *instance, const struct xt_host_event *event);
/* instance_signals_uv.c: what asks for the end, a reload or the state from outside. The first steps
 * have not begun. */
void xt_instance_signals_start(struct xt_instance *instance);
/* instance_save_uv.c */
void xt_instance_save_at_end(struct xt_instance *instance);
/* instance_reload_uv.c: routes that are due, or the first of the queue. cancel: the instance is to
 * end after it (instance_routes_uv.c). */
void xt_instance_reload(struct xt_instance *instance);
void xt_instance_cancel_reload(struct xt_instance *instance);
/* instance_down_uv.c */
void xt_instance_undo_host(struct xt_instance *instance);
void xt_instance_stop_loop(struct xt_instance *instance);
void xt_instance_close_tunnel(struct xt_instance *instance);
void xt_instance_close_sockets(struct xt_instance *instance);
void xt_instance_loop_closed(void *instance); /* callback of the loop */

/* instance_work_uv.c: control work over all peers, in slices between the passes of packets: reports
 * and changes, one after the other in the order in which they were begun, so that a report never
 * sees half a change. done is called once, perhaps before the call returns. -EIO: the instance
 * answers no more; XT_E_NOMEM.
 *
 * report   is the receiver's.
 * apply    all or nothing: with an error everything is as before. For packets each peer changes at
 *          one time, as a whole; a new identity is in force at one time, see core/apply.h and
 *          tunnel/tunnel.h.
 * prepare  is called when it is the change's turn: the place to compare with what is in force and
 *          to open sockets. The change that it points out is borrowed until done. sockets: NULL, or
 *          new ones, which are the tunnel's when done is called without an error. An error ends the
 *          work, and done gets it. XT_INSTANCE_WAITS: it is called again after resume; or
 *          done is, when the instance ends.
 * resume   what the work waits for has come: see XT_TUNNEL_WAITS */
#define XT_INSTANCE_WAITS 2
typedef void xt_instance_reported(void *ctx, int error, struct xt_report *report);
typedef int xt_instance_prepare(void *ctx, const struct xt_change **change,
				const struct xt_udp_sockets **sockets);
typedef void xt_instance_applied(void *ctx, int error);
void xt_instance_report(struct xt_instance *instance, xt_instance_reported *done, void *ctx);
void xt_instance_apply(struct xt_instance *instance, xt_instance_prepare *prepare,
		       xt_instance_applied *done, void *ctx);
void xt_instance_work_resume(struct xt_instance *instance);
void xt_instance_work_open(struct xt_instance *instance);
void xt_instance_work_end(struct xt_instance *instance); /* all of it, now */
void xt_instance_work_close(struct xt_instance *instance);

/* What steps share.
 * instance_names_uv.c: give every peer its list of endpoints, and look the names up (XT_E_NOMEM).
 * unanswered: that peer is silent; looks up its names again, unless that was a moment ago.
 * reached: it has a new session.
 * refresh: the host's network has changed: looks all of them up again.
 * tell: print the names that were not found, in one line. state, entry: as xt_status wants it, on
 * any thread. */
int xt_instance_resolve(struct xt_instance *instance); /* adoption: the peers have their lists */
void xt_instance_names_unanswered(struct xt_instance *instance, const struct xt_public *peer);
void xt_instance_names_reached(struct xt_instance *instance, const struct xt_public *peer);
void xt_instance_names_refresh(struct xt_instance *instance);
void xt_instance_tell_names(struct xt_instance *instance);
bool xt_instance_name_state(const void *instance, const struct xt_public *peer,
			    struct xt_status_name *out);
bool xt_instance_entry_state(const void *instance, const struct xt_public *peer, size_t entry,
			     struct xt_status_name *out);
void xt_instance_names_close(struct xt_instance *instance);
/* Another configuration: prepare what may fail, on any thread (XT_E_NOMEM), or drop it; after the
 * change to the device commit it. That looks new names up, and gives the peers their lists, the
 * first of them before it returns and the others soon. A list replaces an endpoint that was set. */
int xt_instance_names_prepare(void **table, const struct xt_conf *conf);
void xt_instance_names_drop(void *table);
void xt_instance_names_commit(struct xt_instance *instance, void *table);
/* instance_save_uv.c: write what is in force into the file, and print why when that fails. unasked:
 * only if the file still says SaveConfig = true. done is called once, with 0; XT_E_SYNTAX: the file
 * has errors now; -errno. */
typedef void xt_instance_saved(void *ctx, int error);
void xt_instance_save(struct xt_instance *instance, bool unasked, xt_instance_saved *done,
		      void *ctx);
/* instance_reload_uv.c: queue a reload, for `reload`, `up --reload` and SIGHUP. request: gets the
 * answer, see ipc/reload_print.h; NULL: the log gets it. 0; XT_E_NOMEM; XT_E_AGAIN: not up yet, or
 * going down; XT_E_UNSUPPORTED: the instance has no file. drop: the instance ends. */
int xt_instance_queue_reload(struct xt_instance *instance, struct xt_control_request *request,
			     bool dry_run);
void xt_instance_drop_reloads(struct xt_instance *instance);
/* instance_routes_uv.c: routes follow AllowedIPs that a program has changed, unless Table = off or
 * the instance is a drop-in. change_moves_routes: a change may do that. follow: done is called when
 * they have followed, or at once while hooks may run. routes: the step of XT_STATE_RELOAD for it.
 * drop: wait no longer. */
bool xt_instance_change_moves_routes(const struct xt_change *change);
void xt_instance_follow_routes(struct xt_instance *instance, xt_instance_applied *done, void *ctx);
/* The network of the host, or the endpoint of a peer, has changed: on systems where endpoints have
 * routes of their own, these follow. */
void xt_instance_follow_endpoints(struct xt_instance *instance);
void xt_instance_routes(struct xt_instance *instance);
void xt_instance_drop_routes(struct xt_instance *instance);
/* instance_gear_uv.c: what a reload exchanges inside of this process. open: make what the file
 * wants another of, which may fail; what: a noun for the message. use: exchange; the file is in
 * force, and data has the former one. close: free what is not in use. */
struct xt_instance_gear {
	struct xt_tunnel_gear crypto;
	struct xt_echo *echo;
	bool has_crypto, has_echo;
};
int xt_instance_gear_open(struct xt_instance_gear *gear, struct xt_instance *instance,
			  const struct xt_reload *data, const char **what);
void xt_instance_gear_use(struct xt_instance_gear *gear, struct xt_instance *instance,
			  struct xt_reload *data);
void xt_instance_gear_close(struct xt_instance_gear *gear);
/* instance_control_uv.c. A step of the way down failed; output: of the program that failed, "" if
 * none. */
void xt_instance_tell_down(struct xt_instance *instance, const char *failed, const char *output);
/* instance_status_uv.c. answer_new: NULL without memory. drop: their clients are going.
 * answer_status: answer request with the state of the instance; 0 or XT_E_NOMEM. answer_why: with
 * xt_why_json of the peer that word names as ping does, NULL: of all. log_status: write the state
 * to the log. status: what the tunnel knows now; its strings are the instance's, and words. */
struct xt_instance_answer *xt_instance_answer_new(struct xt_instance *instance,
						  struct xt_control_request *request);
void xt_instance_answer_free(struct xt_instance_answer *answer);
void xt_instance_drop_answers(struct xt_instance *instance);
/* brief: as in struct xt_status. */
int xt_instance_answer_status(struct xt_instance *instance, struct xt_control_request *request,
			      bool brief);
int xt_instance_answer_why(struct xt_instance *instance, struct xt_control_request *request,
			   const char *word);
void xt_instance_log_status(struct xt_instance *instance);
void xt_instance_status(const struct xt_instance *instance, struct xt_status *out,
			char words[XT_OFFLOAD_WORDS]);
/* instance_why_uv.c: why the link to a peer does not work, or that it does: its code, and in buf
 * the sentence. At once, also with many peers. XT_WHYS: there is no such peer, or no memory; buf is
 * "". Not from within a callback of the tunnel. */
enum xt_why xt_instance_why_peer(const struct xt_instance *instance, const struct xt_public *peer,
				 char buf[XT_WHY_SENTENCE]);
/* The same as {"public_key", "name", "code", "sentence"}; NULL as above. */
json_t *xt_instance_why_json(const void *instance, const struct xt_public *peer);
/* instance_wait_uv.c: begin a handshake with peers, and answer request when each has one, or when
 * the time is over. msg: {"do":"wait","peer":TEXT,"timeout_ms":N,"reachable":BOOL,"probe":BOOL}.
 * peer: as of ping; absent: all. reachable: only those that have an endpoint or a name of one, and
 * a session that is there is enough. probe: asks for the path's MTU too. Answer: {"waiting":N,
 * "connected":N,"gone":N,"peers":[...]}, where an element is as above with "connected"; those that
 * are not come first, and there are 64 at most. 0 or XT_E_NOMEM.
 * cancel: its client has gone; false: it is no request of this kind. event: something has happened
 * to a peer, also from within the tunnel. stop: the instance ends. */
int xt_instance_wait(struct xt_instance *instance, struct xt_control_request *request,
		     const json_t *msg);
bool xt_instance_wait_cancel(struct xt_instance *instance, struct xt_control_request *request);
void xt_instance_wait_event(struct xt_instance *instance, const struct xt_public *peer);
void xt_instance_wait_stop(struct xt_instance *instance);
/* instance_events_uv.c: what happens, to the log and to those who follow it. open: 0 or XT_E_NOMEM;
 * before it, and after close, the log alone gets events. why: xt_instance_why_peer, which depends
 * on files that report events.
 * emit         peer, endpoint, format may be NULL. format: in place of the sentence of events.def,
 *              which the endpoint follows. again: see there
 * emit_device  of the device, from within its callback
 * emit_reload  how one ended, as in its answer
 * follow       request gets every event from now on. 0 or an error of a request
 * unfollow     its client has gone. false: it follows nothing */
typedef enum xt_why xt_instance_why(const struct xt_instance *instance,
				    const struct xt_public *peer, char buf[XT_WHY_SENTENCE]);
int xt_instance_events_open(struct xt_instance *instance, xt_instance_why *why);
void xt_instance_events_close(struct xt_instance *instance);
void xt_instance_emit(struct xt_instance *instance, enum xt_event_code code,
		      const struct xt_public *peer, const struct xt_endpoint *endpoint, bool again,
		      const char *format, ...) XT_PRINTF(6, 7);
void xt_instance_emit_device(struct xt_instance *instance, enum xt_event event,
			     const struct xt_public *peer, const struct xt_endpoint *endpoint);
void xt_instance_emit_mtu(struct xt_instance *instance, uint32_t mtu);
void xt_instance_emit_reload(struct xt_instance *instance, const char *result, const char *error);
int xt_instance_follow(struct xt_instance *instance, struct xt_control_request *request);
bool xt_instance_unfollow(struct xt_instance *instance, const struct xt_control_request *request);
/* instance_tunnel_uv.c: what the tunnel calls back. */
void xt_instance_tunnel_callbacks(struct xt_instance *instance,
				  struct xt_tunnel_callbacks *callbacks);
/* instance_capture_uv.c: 0, or XT_E_NOMEM. ended: the client wants no more. cancelled: true:
 * request was a capture's, which is over. stop: end all of them, before the loop stops. */
int xt_instance_capture_start(struct xt_instance *instance, struct xt_control_request *request,
			      const json_t *msg);
void xt_instance_capture_ended(struct xt_instance *instance, struct xt_control_request *request);
bool xt_instance_capture_cancelled(struct xt_instance *instance,
				   struct xt_control_request *request);
void xt_instance_capture_stop(struct xt_instance *instance);
/* instance_mtu_uv.c: the routes follow the MTU of a peer's path. open: once the loop has started;
 * changed: when the tunnel reports it; close: before the loop stops; search: the MTU is searched
 * for from other addresses, or no longer. */
void xt_instance_mtu_open(struct xt_instance *instance);
void xt_instance_mtu_changed(struct xt_instance *instance, const struct xt_public *peer);
void xt_instance_mtu_close(struct xt_instance *instance);
void xt_instance_mtu_search(struct xt_instance *instance, const struct xt_conf *conf);
/* instance_losses_uv.c: what was lost some minutes ago, so that a report speaks of what is new.
 * open, close: as above; follow: a session is new, or a status is asked for. */
void xt_instance_losses_open(struct xt_instance *instance);
void xt_instance_losses_follow(struct xt_instance *instance);
void xt_instance_losses_close(struct xt_instance *instance);
struct xt_status_losses xt_instance_losses_before(const struct xt_instance *instance);
/* instance_upgrade_uv.c: {"do":"upgrade","probe":BOOL}. probe: which program this is. Otherwise the
 * answer comes when the new process was greeted. cancel: the instance ends; true: it is another
 * process's already, and the end comes by itself. parked: callback of the loop. */
int xt_instance_upgrade(struct xt_instance *instance, struct xt_control_request *request,
			const json_t *msg);
void xt_instance_upgrade_resume(struct xt_instance *instance); /* a reload is over */
bool xt_instance_upgrade_cancel(struct xt_instance *instance);
void xt_instance_parked(void *instance);
/* instance_adopt.c, of the new process. sockets: the step of XT_STATE_UDP. fetch: see struct
 * xt_tunnel_start; takes the locks. confirm: the last of XT_STATE_START, whose end is posted unless
 * it fails. forget: the snapshot is not needed any more. */
void xt_instance_adopt_sockets(struct xt_instance *instance);
int xt_instance_adopt_fetch(void *instance, const void **snapshot, size_t *len);
int xt_instance_adopt_confirm(struct xt_instance *instance);
void xt_instance_adopt_forget(struct xt_instance *instance);
/* instance_notify_uv.c: tell the service manager, if there is one. */
void xt_instance_notify_ready(struct xt_instance *instance);
void xt_instance_notify_change(struct xt_instance *instance); /* peers or sessions */
void xt_instance_notify_reload(struct xt_instance *instance, bool begins);
void xt_instance_notify_end(struct xt_instance *instance);
/* That it is ready: to the person at the terminal; as an event, and to a log that is elsewhere. */
void xt_instance_print_ready(const struct xt_instance *instance);
void xt_instance_emit_ready(struct xt_instance *instance);

#endif
