/* SPDX-License-Identifier: MIT */
/* libpcap at run time: only a filter needs it, and neither the build nor a package depends on it.
 * These declarations have not changed since libpcap 0.9. */
#include "cli/capture_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/library.h"

#define DLT_RAW	  12
#define SNAPLEN	  (256 << 10)
#define TEXT_MAX  4096
#define NO_NET	  UINT32_MAX /* PCAP_NETMASK_UNKNOWN */
#define OPTIMISED 1

struct pcap_program {
	unsigned len;
	void *instructions;
};
/* struct pcap_pkthdr: a struct timeval, the bytes at hand, the bytes of the packet. On 32-bit Linux
 * the library's timeval has 8 bytes or 16, whatever this program's has (_TIME_BITS); filters do not
 * look at the time. So every word is the length. */
struct pcap_header {
	uint32_t words[6];
};

struct xt_capture_filter {
	void *library, *pcap;
	struct pcap_program program;
	void *(*open_dead)(int linktype, int snaplen);
	int (*compile)(void *pcap, struct pcap_program *program, const char *text, int optimise,
		       uint32_t netmask);
	int (*offline_filter)(const struct pcap_program *program, const struct pcap_header *header,
			      const uint8_t *packet);
	void (*freecode)(struct pcap_program *program);
	char *(*geterr)(void *pcap);
	void (*close)(void *pcap);
};

static bool library_load(struct xt_capture_filter *filter)
{
	static const char *const files[] = {"libpcap.so.0.8", "libpcap.so.1", "libpcap.so"};
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
	    {"pcap_open_dead", &filter->open_dead},
	    {"pcap_compile", &filter->compile},
	    {"pcap_freecode", &filter->freecode},
	    {"pcap_offline_filter", &filter->offline_filter},
	    {"pcap_geterr", &filter->geterr},
	    {"pcap_close", &filter->close},
	};

	for (size_t i = 0; i < XT_LEN(files) && !filter->library; i++)
		filter->library = xt_library_load(files[i]);
	for (size_t i = 0; i < XT_LEN(symbols) && filter->library; i++) {
		void *symbol = xt_library_symbol(filter->library, symbols[i].name);

		if (!symbol)
			return false;
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	return filter->library != NULL;
}

/* false: too long. */
static bool words_join(char text[TEXT_MAX], const char *const *words, int n)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < n && len < TEXT_MAX; i++)
		len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s%s", i ? " " : "", words[i]);
	return len < TEXT_MAX;
}

static int filter_compile(struct xt_capture_filter *filter, const char *text, char message[256])
{
	filter->pcap = filter->open_dead(DLT_RAW, SNAPLEN);
	if (!filter->pcap)
		return XT_E_NOMEM;
	if (filter->compile(filter->pcap, &filter->program, text, OPTIMISED, NO_NET) == 0)
		return 0;
	snprintf(message, 256, "%s", filter->geterr(filter->pcap));
	return XT_E_SYNTAX;
}

int xt_capture_filter_new(struct xt_capture_filter **out, const char *const *words, int n,
			  char message[256])
{
	struct xt_capture_filter *filter = calloc(1, sizeof(*filter));
	char text[TEXT_MAX];
	int rc = 0;

	if (!filter)
		return XT_E_NOMEM;
	message[0] = '\0';
	if (!words_join(text, words, n)) {
		snprintf(message, 256, "longer than %d characters", TEXT_MAX - 1);
		rc = XT_E_SYNTAX;
	} else if (!library_load(filter)) {
		rc = XT_E_UNSUPPORTED;
	}
	rc = rc ? rc : filter_compile(filter, text, message);
	if (rc) {
		xt_capture_filter_free(filter);
		return rc;
	}
	*out = filter;
	return 0;
}

void xt_capture_filter_free(struct xt_capture_filter *filter)
{
	if (!filter)
		return;
	if (filter->pcap) {
		filter->freecode(&filter->program);
		filter->close(filter->pcap);
	}
	if (filter->library)
		xt_library_unload(filter->library);
	free(filter);
}

bool xt_capture_filter_matches(const struct xt_capture_filter *filter, const uint8_t *packet,
			       uint32_t len)
{
	const struct pcap_header header = {{len, len, len, len, len, len}};

	return !filter || filter->offline_filter(&filter->program, &header, packet) != 0;
}
