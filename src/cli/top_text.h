/* SPDX-License-Identifier: MIT */
/* The lines of `top`: a table that fits a width, for a terminal or for plain output. */
#ifndef XT_CLI_TOP_TEXT_H
#define XT_CLI_TOP_TEXT_H

#include "cli/top_model.h"

#define XT_TOP_LINE 512 /* bytes of a line, with the NUL */

/* ascii: no characters beyond ASCII. width: columns, at least 20 are used. */
struct xt_top_style {
	unsigned width;
	bool ascii;
};

/* Each writes one line without its end, which is no wider than the style. */
void xt_top_instance_head(char out[XT_TOP_LINE], const struct xt_top_style *style);
void xt_top_instance_line(char out[XT_TOP_LINE], const struct xt_top_style *style,
			  const struct xt_top_instance *instance);
void xt_top_peer_head(char out[XT_TOP_LINE], const struct xt_top_style *style);
/* Of a peer that is not up the sentence of `why` is in place of what is measured. */
void xt_top_peer_line(char out[XT_TOP_LINE], const struct xt_top_style *style,
		      const struct xt_top_peer *peer);
/* "drops: REASON N (RATE/s), ..." of an instance. */
void xt_top_drops_line(char out[XT_TOP_LINE], const struct xt_top_style *style,
		       const struct xt_top_instance *instance);

#endif
