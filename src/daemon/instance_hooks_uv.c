/* SPDX-License-Identifier: MIT */
/* PreUp, PostUp, PreDown, PostDown: one step for the four lists. */
#include "daemon/instance_uv.h"

#include <errno.h>

#include "base/message.h"
#include "daemon/exit.h"

static enum xt_hook_list state_hook_list(enum xt_state state)
{
	switch (state) {
	case XT_STATE_PRE_UP:
		return XT_HOOKS_PRE_UP;
	case XT_STATE_POST_UP:
		return XT_HOOKS_POST_UP;
	case XT_STATE_PRE_DOWN:
		return XT_HOOKS_PRE_DOWN;
	default:
		return XT_HOOKS_POST_DOWN;
	}
}

static const char *hook_list_key(enum xt_hook_list list)
{
	static const char *const keys[] = {
	    [XT_HOOKS_PRE_UP] = "PreUp",
	    [XT_HOOKS_POST_UP] = "PostUp",
	    [XT_HOOKS_PRE_DOWN] = "PreDown",
	    [XT_HOOKS_POST_DOWN] = "PostDown",
	};

	return keys[list];
}

static void on_hooks(void *ctx, const struct xt_reply *reply);

static void hooks_run(struct xt_instance *instance, size_t from)
{
	struct xt_request request = {.kind = XT_REQUEST_HOOKS,
				     .hooks = {.list = state_hook_list(instance->state),
					       .from = from,
					       .capture = instance->down != NULL}};

	xt_request(instance->requests, &request, on_hooks, instance);
}

/* On the way up a hook that fails takes the instance back. On the way down the other hooks and
 * steps go on, because each removes something; the failure becomes the exit status. */
static void on_hooks(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	bool up = instance->state < XT_STATE_RUN;
	char text[160];

	if (reply->error == 0 || (up && reply->error == -ECANCELED)) {
		instance->post(instance, XT_INSTANCE_DONE);
		return;
	}
	xt_hooks_text(&reply->hooks, hook_list_key(state_hook_list(instance->state)), text,
		      sizeof(text));
	xt_message("%s: %s%s", instance->conf->name, text, up ? "; all is rolled back" : "");
	if (up) {
		instance->post(instance, XT_INSTANCE_FAILED);
		return;
	}
	instance->status = XT_EXIT_FAILURE;
	xt_instance_tell_down(instance, text, reply->hooks.output);
	if (reply->hooks.error == XT_E_INVALID)
		hooks_run(instance, reply->hooks.at + 1);
	else
		instance->post(instance, XT_INSTANCE_DONE);
}

void xt_instance_run_hooks(struct xt_instance *instance)
{
	hooks_run(instance, 0);
}

void xt_instance_cancel_hooks(struct xt_instance *instance)
{
	xt_request_cancel(instance->requests, XT_REQUEST_HOOKS);
}
