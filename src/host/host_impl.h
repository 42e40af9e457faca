/* SPDX-License-Identifier: MIT */
/* The inside of struct xt_host, for host_uv.c (up and down) and host_reload_uv.c. */
#ifndef XT_HOST_HOST_IMPL_H
#define XT_HOST_HOST_IMPL_H

#include <limits.h>

#include "host/command_uv.h"
#include "host/dns_uv.h"
#include "host/host_uv.h"
#include "host/state.h"

/* A step of a reload that runs; one at a time.
 * dns   names that are set once others were taken back; n 0: none
 * text  the first thing that went wrong, "" if none */
struct xt_host_step {
	xt_host_changed *done;
	void *ctx;
	char *const *dns;
	size_t n_dns;
	int error;
	char text[400];
};

struct xt_host {
	uv_loop_t *uv;
	struct xt_runner *runner; /* runs programs; NULL: this process */
	uv_timer_t start;	  /* 0 ms, so that done is never called from within a call */
	char name[16];
	char run_dir[PATH_MAX];
	const struct xt_conf *conf; /* NULL: cleaning up */
	struct xt_state_file *file;
	struct xt_host_state state;
	struct xt_command *nft;
	struct xt_dns_job *dns;
	unsigned dns_way; /* the one that is in use, 0: none */
	bool up, down;	  /* guard or names is running; down is running or wanted */
	bool without_ipv6;
	struct xt_host_step step; /* of a reload */
	struct xt_host *left;	  /* what a crash left, while that is taken back */
	unsigned waits;		  /* of left: so often its file was locked */
	void (*done)(void *ctx);
	void *ctx;
};

/* Its name, loop, configuration and directory. */
void xt_host_init(struct xt_host *host, uv_loop_t *uv, const struct xt_host_options *options);
/* Write the state to its file, if there is one. */
void xt_host_state_store(struct xt_host *host);
/* What a crash left is taken back: look at the host, and call done. */
void xt_host_open(struct xt_host *host);
/* Open the state file that an instance needs which had nothing to keep in it at its start. */
void xt_host_state_open(struct xt_host *host);
/* For nft: the table of conf with policy; NULL: no memory. keep: see host/firewall.h. */
char *xt_host_firewall_text(const struct xt_host *host, const struct xt_conf *conf,
			    const struct xt_link_policy *policy, bool keep, size_t *len);
void xt_host_valid_mark(struct xt_host *host, const struct xt_link_policy *policy);
/* Inner addresses are guarded with that policy: there is one, and this system has firewalls. */
bool xt_host_guarded(const struct xt_link_policy *policy);
int xt_host_nft(struct xt_host *host, const char *text, size_t len, xt_command_done *done);
/* nft has ended that was to remove the table. false: it may be left, which was printed. */
bool xt_host_nft_removed(struct xt_host *host, const struct xt_command_result *result);
/* A way is about to be tried: ctx is the host. */
void xt_host_dns_trying(void *ctx, enum xt_dns_way way, const char *path);

#endif
