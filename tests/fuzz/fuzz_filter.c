/* SPDX-License-Identifier: MIT */
/* layers: cli */
/* parses: src/cli/capture_filter.c */
/* Any words as a filter of packets, and any packet for it. Libpcap, which compiles the filter, is
 * not ours and is not instrumented: it is covered only as far as it crashes.
 * Input: words, each with a line end; a byte 1; the packet. */
#include <xtunnel/error.h>

#include "cli/capture_filter.h"
#include "fuzz/input.h"

#define WORDS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	char *text = input_text(&in, 1), *words[WORDS], *rest = text, message[256];
	uint8_t *packet = input_bytes(&in, in.len, &len);
	struct xt_capture_filter *filter = NULL;
	int n = 0, rc;

	while (rest && n < WORDS)
		words[n++] = strsep(&rest, "\n");
	rc = xt_capture_filter_new(&filter, (const char *const *)words, n, message);
	check(rc == 0 || rc == XT_E_SYNTAX || rc == XT_E_UNSUPPORTED);
	check(rc != XT_E_SYNTAX || *message);
	if (rc == 0)
		(void)xt_capture_filter_matches(filter, packet, (uint32_t)len);
	xt_capture_filter_free(filter);
	free(packet);
	free(text);
	return 0;
}
