/* SPDX-License-Identifier: MIT */
/* A configuration as bytes of a message, keys included: nothing is lost. A member that is new in
 * config/conf.h belongs in conf_wire.c; tests/docs/t_wire.py says so. */
#ifndef XT_HOST_CONF_WIRE_H
#define XT_HOST_CONF_WIRE_H

#include "config/conf.h"
#include "host/wire.h"

/* Append conf, as parsed or loaded. 0 or the buffer's error. */
int xt_conf_encode(struct xt_secbuf *out, const struct xt_conf *conf);
/* Read one; what follows it in the message is left. 0; XT_E_INVALID, XT_E_NOMEM: out is cleared.
 * No string but the path has a line end, so that xt_conf_write writes no line that conf has not. */
int xt_conf_decode(struct xt_conf *out, struct xt_wire_in *in);
/* Both, within a description. */
void xt_conf_wire(struct xt_wire *w, struct xt_conf *conf);

#endif
