/* PreUp, PostUp, PreDown, PostDown: one step for the four lists. */
#include "daemon/instance_uv.h"

#include "base/message.h"

static const struct xt_conf_hooks *hooks_of(const struct xt_conf *conf, enum xt_state state,
					    const char **key)
{
	switch (state) {
	case XT_STATE_PRE_UP:
		*key = "PreUp";
		return &conf->pre_up;
	case XT_STATE_POST_UP:
		*key = "PostUp";
		return &conf->post_up;
	case XT_STATE_PRE_DOWN:
		*key = "PreDown";
		return &conf->pre_down;
	default:
		*key = "PostDown";
		return &conf->post_down;
	}
}

/* On the way up a hook that fails takes the instance back; on the way down it is told, no more. */
static void on_hooks(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_instance *instance = ctx;
	bool up = instance->state < XT_STATE_RUN;
	const char *key;
	char text[160];

	instance->hooks = NULL;
	if (result->error == 0 || instance->state == XT_STATE_CANCEL) {
		instance->post(instance, XT_INSTANCE_DONE);
		return;
	}
	(void)hooks_of(instance->conf, instance->state, &key);
	xt_hooks_text(result, key, text, sizeof(text));
	xt_message("%s: %s%s", instance->conf->name, text, up ? "; all is rolled back" : "");
	instance->post(instance, up ? XT_INSTANCE_FAILED : XT_INSTANCE_DONE);
}

void xt_instance_run_hooks(struct xt_instance *instance)
{
	const char *key;
	const struct xt_conf_hooks *hooks = hooks_of(instance->conf, instance->state, &key);
	int rc = xt_hooks_start(&instance->hooks, &instance->uv, hooks, instance->conf->name,
				on_hooks, instance);

	if (rc < 0)
		on_hooks(instance, &(struct xt_hooks_result){.error = rc});
}

void xt_instance_cancel_hooks(struct xt_instance *instance)
{
	if (instance->hooks)
		xt_hooks_cancel(instance->hooks);
}
