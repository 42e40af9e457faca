/* SPDX-License-Identifier: MIT */
/* From one link plan to the next while the interface is in use: what the new plan has more is made
 * first, what the old one had more is removed then. Each half can be taken back. */
#include "platform/windows/link_windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"

/* wanted   the steps of the new plan
 * added    those that were made for it
 * removed  steps of the old one that were undone, the last first
 * before   settings of the interface in force when it began; after: those of the new plan */
struct xt_link_edit {
	struct xt_link *link;
	struct xt_link_steps wanted, added, removed;
	struct xt_net_interface before[2], after[2];
	uint32_t mtu;
};

static void edit_free(struct xt_link_edit *edit)
{
	free(edit->wanted.v);
	free(edit->added.v);
	free(edit->removed.v);
	free(edit);
}

/* Until the old plan is gone the larger MTU is in force. */
static void settings_between(const struct xt_link_edit *edit, struct xt_net_interface in[2])
{
	for (unsigned i = 0; i < 2; i++) {
		in[i] = edit->after[i];
		in[i].mtu = XT_MAX(edit->before[i].mtu, edit->after[i].mtu);
	}
}

static int edit_begin(struct xt_link_edit *edit, const struct xt_link_plan *plan, bool mtu,
		      const struct xt_link_error *error)
{
	struct xt_link *link = edit->link;
	int rc = xt_link_steps_plan(&edit->wanted, plan, error);

	if (rc < 0)
		return rc;
	memcpy(edit->before, link->now, sizeof(edit->before));
	edit->mtu = link->mtu;
	if (mtu)
		edit->mtu = plan->mtu != 0 ? plan->mtu : xt_link_mtu_below(link->ifindex, plan);
	rc = xt_link_settings_plan(link, plan, edit->mtu, edit->after, error);
	for (unsigned i = 0; !mtu && i < 2; i++)
		edit->after[i].mtu = link->now[i].mtu;
	if (rc == 0 && (xt_link_steps_reserve(&edit->added, edit->wanted.n + 1) < 0 ||
			xt_link_steps_reserve(&edit->removed, link->made.n + 1) < 0 ||
			xt_link_steps_reserve(&link->made, edit->wanted.n + 1) < 0))
		rc = xt_link_fail(error, XT_E_NOMEM, "%s", xt_strerror(XT_E_NOMEM));
	return rc;
}

int xt_link_extend(struct xt_link_edit **out, struct xt_link *link, const struct xt_link_plan *plan,
		   bool mtu, char *error, size_t error_len)
{
	const struct xt_link_error to = {error, error_len};
	struct xt_link_edit *edit = calloc(1, sizeof(*edit));
	struct xt_net_interface in[2];
	int rc;

	if (!edit)
		return xt_link_fail(&to, XT_E_NOMEM, "%s", xt_strerror(XT_E_NOMEM));
	edit->link = link;
	rc = edit_begin(edit, plan, mtu, &to);
	if (rc < 0) {
		edit_free(edit);
		return rc;
	}
	settings_between(edit, in);
	rc = xt_link_settings_apply(link, in, &to);
	if (rc == 0)
		rc = xt_link_steps_make(link, &edit->wanted, &edit->added, plan->lenient, &to);
	if (rc < 0)
		xt_link_revert(edit);
	else
		*out = edit;
	return rc;
}

int xt_link_retire(struct xt_link_edit *edit, char *error, size_t error_len)
{
	const struct xt_link_error to = {error, error_len};
	const struct xt_link_steps *old = &edit->link->made;

	for (size_t i = old->n; i > 0; i--) {
		const struct xt_link_step *step = &old->v[i - 1];
		char text[XT_CIDR_TEXT];
		int rc;

		if (xt_link_steps_have(&edit->wanted, step))
			continue;
		rc = xt_link_step_undo(edit->link->ifindex, step);
		if (rc < 0 && rc != -ENOENT && rc != -ENODEV) {
			xt_cidr_print(&step->cidr, text);
			return xt_link_fail(&to, rc, "removing the %s %s: %s",
					    step->kind == XT_LINK_STEP_ADDRESS ? "address"
									       : "route",
					    text, xt_strerror(rc));
		}
		edit->removed.v[edit->removed.n++] = *step;
	}
	return xt_link_settings_apply(edit->link, edit->after, &to);
}

/* Errors are ignored: what no longer exists was removed together with the interface. */
void xt_link_revert(struct xt_link_edit *edit)
{
	char ignored[256];
	const struct xt_link_error error = {ignored, sizeof(ignored)};
	unsigned ifindex = edit->link->ifindex;
	bool made;

	for (size_t i = edit->removed.n; i > 0; i--)
		(void)xt_link_step_make(ifindex, &edit->removed.v[i - 1], &made, &error);
	for (size_t i = edit->added.n; i > 0; i--)
		(void)xt_link_step_undo(ifindex, &edit->added.v[i - 1]);
	(void)xt_link_settings_apply(edit->link, edit->before, &error);
	edit_free(edit);
}

void xt_link_commit(struct xt_link_edit *edit)
{
	struct xt_link_steps *made = &edit->link->made;
	size_t n = 0;

	for (size_t i = 0; i < made->n; i++)
		if (xt_link_steps_have(&edit->wanted, &made->v[i]))
			made->v[n++] = made->v[i];
	made->n = n;
	/* addresses before routes, as undo reads backwards */
	for (size_t i = 0; i < edit->added.n; i++) {
		size_t at = made->n++;

		if (edit->added.v[i].kind == XT_LINK_STEP_ADDRESS)
			for (; at > 0 && made->v[at - 1].kind == XT_LINK_STEP_ROUTE; at--)
				made->v[at] = made->v[at - 1];
		made->v[at] = edit->added.v[i];
	}
	edit->link->mtu = edit->mtu;
	edit_free(edit);
}
