/* SPDX-License-Identifier: MIT */
/* Requests for listening sockets, of which one is open at a time. */
#include "daemon/instance_uv.h"

static void listen_next(struct xt_instance *instance);

static void on_listen(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	enum xt_host_socket which = instance->listening;
	xt_request_done *done = instance->listens[which].done;

	instance->listens[which].done = NULL;
	instance->listening = XT_SOCKETS;
	done(instance, reply);
	listen_next(instance);
}

static void listen_next(struct xt_instance *instance)
{
	for (int i = 0; i < XT_SOCKETS && instance->listening == XT_SOCKETS; i++) {
		if (!instance->listens[i].done)
			continue;
		instance->listening = (enum xt_host_socket)i;
		xt_request(instance->requests, &instance->listens[i].request, on_listen, instance);
	}
}

void xt_instance_listen(struct xt_instance *instance, enum xt_host_socket which, int fd,
			bool removal, xt_request_done *done)
{
	if (instance->listens[which].done)
		return;
	instance->listens[which].done = done;
	instance->listens[which].request = (struct xt_request){
	    .kind = XT_REQUEST_LISTEN, .listen = {.which = which, .fd = fd, .removal = removal}};
	listen_next(instance);
}
