/* SPDX-License-Identifier: MIT */
/* The link on Windows, shared by link_windows.c (a plan), link_change_windows.c (from one plan to
 * the next) and link_steps_windows.c (the steps of both). All goes by the table of net_windows.h,
 * so that these files are tested on any system. */
#ifndef XT_PLATFORM_LINK_WINDOWS_H
#define XT_PLATFORM_LINK_WINDOWS_H

#include "base/printf.h"
#include "platform/link.h"
#include "platform/windows/net_windows.h"

#define XT_LINK_MTU_V6 1280 /* RFC 8200: the least MTU of a link with IPv6 */

/* An address or a route. */
enum xt_link_step_kind { XT_LINK_STEP_ADDRESS, XT_LINK_STEP_ROUTE };
struct xt_link_step {
	enum xt_link_step_kind kind;
	struct xt_cidr cidr; /* of a route without host bits */
};

/* In the order in which they are made: addresses first, routes with the longest prefix first. */
struct xt_link_steps {
	struct xt_link_step *v;
	size_t n, cap;
};

/* before  settings of the interface before the plan, by family: 0 IPv4, 1 IPv6
 * now     those in force
 * family  the interface has it */
struct xt_link {
	unsigned ifindex;
	uint32_t mtu;
	bool family[2];
	struct xt_net_interface before[2], now[2];
	struct xt_link_steps made;
};

/* Writes a sentence and returns rc. */
struct xt_link_error {
	char *text;
	size_t len;
};
int xt_link_fail(const struct xt_link_error *error, int rc, const char *format, ...)
    XT_PRINTF(3, 4);

int xt_link_index(const char *name, unsigned *ifindex);		     /* -ENODEV */
int xt_link_steps_reserve(struct xt_link_steps *steps, size_t more); /* XT_E_NOMEM */
bool xt_link_steps_have(const struct xt_link_steps *steps, const struct xt_link_step *step);

/* The steps of a plan; to be freed by the caller, also after an error. */
int xt_link_steps_plan(struct xt_link_steps *out, const struct xt_link_plan *plan,
		       const struct xt_link_error *error);
bool xt_link_plan_has_family(const struct xt_link_plan *plan, uint8_t family); /* an address */
/* The MTU by the rule of xt_link_plan.mtu; routes through the interface avoid do not count. */
uint32_t xt_link_mtu_below(unsigned avoid, const struct xt_link_plan *plan);
/* MTU and metric that plan asks for, by family. */
int xt_link_settings_plan(const struct xt_link *link, const struct xt_link_plan *plan, uint32_t mtu,
			  struct xt_net_interface in[2], const struct xt_link_error *error);
/* Bring those in force; link->now follows. On error what was changed is changed back. */
int xt_link_settings_apply(struct xt_link *link, const struct xt_net_interface in[2],
			   const struct xt_link_error *error);

/* Make one step. *made: it was not so already. */
int xt_link_step_make(unsigned ifindex, const struct xt_link_step *step, bool *made,
		      const struct xt_link_error *error);
/* Make those of wanted that neither link nor made has, append them to made, which has room. */
int xt_link_steps_make(const struct xt_link *link, const struct xt_link_steps *wanted,
		       struct xt_link_steps *made, bool lenient, const struct xt_link_error *error);
int xt_link_step_undo(unsigned ifindex, const struct xt_link_step *step);

#endif
