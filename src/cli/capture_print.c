/* SPDX-License-Identifier: MIT */
/* Time, interface, direction, addresses with ports, protocol, length, and the verdict. */
#include "cli/capture_print.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/message.h"
#include "packet/ip.h"
#include "packet/transport.h"

static void time_print(FILE *out, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000u);
	struct tm tm;
	char text[16];

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%H:%M:%S", &tm))
		text[0] = '\0';
	fprintf(out, "%s.%06" PRIu64, text, ns % 1000000000u / 1000);
}

static bool protocol_has_ports(uint8_t protocol)
{
	return protocol == XT_PROTO_TCP || protocol == XT_PROTO_UDP;
}

/* The first fragment and whole packets have ports. */
static void addresses_print(FILE *out, const struct xt_ip_view *view)
{
	struct xt_endpoint from = {0}, to = {0};
	char a[XT_ENDPOINT_TEXT], b[XT_ENDPOINT_TEXT];

	xt_ip_source(view, &from.ip);
	xt_ip_destination(view, &to.ip);
	if (!view->broken && view->offset == 0 && protocol_has_ports(view->protocol) &&
	    view->len - view->upper >= 4) {
		from.port = xt_be16_get(view->bytes + view->upper);
		to.port = xt_be16_get(view->bytes + view->upper + 2);
		xt_endpoint_print(&from, a);
		xt_endpoint_print(&to, b);
	} else {
		xt_ip_print(&from.ip, a);
		xt_ip_print(&to.ip, b);
	}
	fprintf(out, "%s > %s", a, b);
}

static void icmp_print(FILE *out, const struct xt_ip_view *view)
{
	const uint8_t *icmp = view->bytes + view->upper;
	bool v4 = view->protocol == XT_PROTO_ICMP;

	fputs(v4 ? " icmp" : " icmp6", out);
	if (view->offset || view->len - view->upper < 8)
		return;
	if (icmp[0] == (v4 ? 8 : 128) || icmp[0] == (v4 ? 0 : 129))
		fprintf(out, " echo %s seq %u", icmp[0] == (v4 ? 8 : 128) ? "request" : "reply",
			xt_be16_get(icmp + 6));
	else
		fprintf(out, " type %u code %u", icmp[0], icmp[1]);
}

static void tcp_print(FILE *out, const struct xt_ip_view *view)
{
	static const char letters[] = "FSRPAUEW"; /* as the bits count, FIN first */
	uint8_t flags;

	fputs(" tcp", out);
	if (view->offset || view->len - view->upper < XT_TCP_HEADER)
		return;
	flags = view->bytes[view->upper + XT_TCP_FLAGS];
	fputc(' ', out);
	for (unsigned i = 0; letters[i]; i++) {
		if (flags >> i & 1)
			fputc(letters[i], out);
	}
}

static void message_print(FILE *out, const struct xt_ip_view *view)
{
	static const char *const names[] = {
	    [XT_MSG_NONE] = "no message of WireGuard",
	    [XT_MSG_INITIATION] = "initiation",
	    [XT_MSG_RESPONSE] = "response",
	    [XT_MSG_COOKIE] = "cookie reply",
	    [XT_MSG_DATA] = "data",
	};
	uint32_t at = view->upper + XT_UDP_HEADER;
	enum xt_msg_type type =
	    at <= view->len ? xt_msg_type(view->bytes + at, view->len - at) : XT_MSG_NONE;

	fprintf(out, " %s",
		type == XT_MSG_DATA && view->len - at == XT_MSG_DATA_MIN ? "keepalive"
									 : names[type]);
}

static void protocol_print(FILE *out, const struct xt_ip_view *view, bool outer)
{
	if (view->broken)
		fputs(" broken extension header", out);
	else if (outer && view->protocol == XT_PROTO_UDP)
		message_print(out, view);
	else if (view->protocol == XT_PROTO_UDP)
		fputs(" udp", out);
	else if (view->protocol == XT_PROTO_TCP)
		tcp_print(out, view);
	else if (view->protocol == XT_PROTO_ICMP || view->protocol == XT_PROTO_ICMP6)
		icmp_print(out, view);
	else
		fprintf(out, " protocol %u", view->protocol);
	if (view->fragment)
		fprintf(out, " fragment at %u", view->offset);
}

void xt_capture_print(FILE *out, const struct xt_pcapng_packet *packet, bool outer)
{
	struct xt_ip_view view;

	time_print(out, packet->time_ns);
	fprintf(out, " %s %s ", outer ? "outer" : "inner", packet->inbound ? "in " : "out");
	if (xt_ip_parse_packet(&view, packet->bytes, packet->len)) {
		addresses_print(out, &view);
		protocol_print(out, &view, outer);
	} else {
		fputs("no IP packet", out);
	}
	fprintf(out, ", %u bytes", packet->len);
	if (packet->comment)
		fprintf(out, " [%.*s]", (int)packet->comment_len, packet->comment);
	fputc('\n', out);
}
