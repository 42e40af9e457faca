/* SPDX-License-Identifier: MIT */
/* echo: a TUN without key and peer; every other address of its networks answers ping. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "cli/cmd.h"
#include "cli/echo_loop.h"
#include "cli/startup.h"
#include "daemon/explain.h"
#include "cli/term.h"
#include "config/conf.h"

enum { HEXDUMP, SWAP_ONLY, COUNT };
const struct xt_option xt_echo_options[] = {
    {'x', "hexdump", NULL, "print each request and its reply in hexadecimal"},
    {'s', "swap-only", NULL, "only swap the addresses: see docs/echo.md"},
    {'c', "count", "N", "end after N answers"},
    {0},
};
const char xt_text_echo[] =
    "\nEach ADDR/PREFIX is an address of the interface; the other addresses of its network answer,\n"
    "except the network and broadcast addresses. ADDR PEERADDR, both without a prefix, is a\n"
    "point-to-point pair: PEERADDR answers. All other packets are dropped and counted.\n"
    "Ctrl-C ends it and prints the counts.\n";

#define MTU 1500

struct echo_words {
	struct xt_link_address *addresses;
	struct xt_echo_local *local;
	size_t n;
};

static int address_refuse(const char *word, const char *why)
{
	xt_message("%.60s: %s", word, why);
	xt_hint("xtunnel echo echo0 192.168.7.1/24, or a pair: echo0 192.168.7.1 192.168.7.2");
	return XT_EXIT_USAGE;
}

static int words_read_pair(struct echo_words *words, const char *local, const char *peer)
{
	struct xt_link_address *address = &words->addresses[0];

	if (xt_cidr_parse(&address->cidr, local) < 0)
		return address_refuse(local, "not an address");
	if (xt_ip_parse(&address->peer, peer) < 0)
		return address_refuse(peer, "not an address");
	if (address->peer.family != address->cidr.ip.family)
		return address_refuse(peer, "both addresses of a pair must be of one family");
	if (xt_ip_equal(&address->peer, &address->cidr.ip))
		return address_refuse(peer, "both addresses of a pair are the same");
	words->n = 1;
	return XT_EXIT_OK;
}

static int words_read_addresses(struct echo_words *words, const char *const *operands, int n)
{
	if (n == 2 && !strchr(operands[0], '/') && !strchr(operands[1], '/'))
		return words_read_pair(words, operands[0], operands[1]);
	for (int i = 0; i < n; i++) {
		struct xt_cidr *cidr = &words->addresses[i].cidr;

		if (xt_cidr_parse(cidr, operands[i]) < 0)
			return address_refuse(operands[i], "not an ADDRESS/PREFIX");
		if (cidr->bits == 0 || cidr->bits >= xt_ip_bits(&cidr->ip))
			return address_refuse(operands[i],
					      "the prefix leaves no other address in the network");
		if (xt_ip_is_multicast(&cidr->ip) || xt_ip_is_unspecified(&cidr->ip) ||
		    xt_ip_is_loopback(&cidr->ip))
			return address_refuse(operands[i], "no host can have this address");
	}
	words->n = (size_t)n;
	return XT_EXIT_OK;
}

static void packet_dump(const char *what, const uint8_t *packet, uint32_t len)
{
	printf("  %s, %u bytes\n", what, (unsigned)len);
	for (uint32_t at = 0; at < len; at += 16) {
		printf("  %04x ", (unsigned)at);
		for (uint32_t i = at; i < at + 16; i++) {
			if (i < len)
				printf(" %02x", packet[i]);
			else
				printf("   ");
		}
		printf("  ");
		for (uint32_t i = at; i < len && i < at + 16; i++)
			putchar(packet[i] < 0x7f && isprint(packet[i]) ? packet[i] : '.');
		putchar('\n');
	}
}

/* Addresses of a packet that the responder found well-formed; returns the length of its header. */
static uint32_t packet_addresses(const uint8_t *packet, struct xt_ip *src, struct xt_ip *dst)
{
	bool v4 = packet[0] >> 4 == 4;
	size_t at = v4 ? 12 : 8, len = v4 ? 4 : 16;

	*src = *dst = (struct xt_ip){.family = v4 ? 4 : 6};
	memcpy(src->b, packet + at, len);
	memcpy(dst->b, packet + at + len, len);
	return v4 ? (packet[0] & 15u) * 4 : 40;
}

static void request_observe(void *ctx, enum xt_echo_side side, const uint8_t *request,
			    uint32_t request_len, const uint8_t *reply, uint32_t reply_len)
{
	const struct xt_args *args = ctx;
	char from[XT_IP_TEXT], to[XT_IP_TEXT];
	struct xt_ip src, dst;
	uint32_t head;

	(void)side;
	if (request_len < 20)
		return;
	head = packet_addresses(request, &src, &dst);
	printf("%s -> %s", xt_ip_print(&src, from), xt_ip_print(&dst, to));
	if (request_len >= head + 8)
		printf(" echo id=%u seq=%u", (unsigned)xt_be16_get(request + head + 4),
		       (unsigned)xt_be16_get(request + head + 6));
	printf(" %u bytes\n", (unsigned)(request_len - head));
	if (args->given[HEXDUMP]) {
		packet_dump("request", request, request_len);
		packet_dump(args->given[SWAP_ONLY] ? "sent back" : "reply", reply, reply_len);
	}
}

static bool output_closed(void)
{
	return !xt_term_flush();
}

static void counts_print(const struct xt_echo *echo)
{
	struct xt_echo_counters n;

	xt_echo_count(echo, &n);
	printf("%" PRIu64 " answered, %" PRIu64 " not answered\n", n.answered[XT_ECHO_SIDE_HOST],
	       n.other + n.rate + n.full + n.released);
}

static int echo_serve(const struct xt_args *args, struct xt_tun *tun,
		      const struct echo_words *words, uint64_t limit)
{
	struct xt_echo_config config = {
	    .sides = 1 << XT_ECHO_SIDE_HOST,
	    .local = words->local,
	    .n_local = words->n,
	    .mtu = MTU,
	    .exclusive = true,
	    .swap_only = args->given[SWAP_ONLY],
	    .observe = request_observe,
	    .observe_ctx = (void *)(uintptr_t)args,
	};
	struct xt_link_plan plan = {
	    .addresses = words->addresses, .n_addresses = words->n, .mtu = MTU};
	struct xt_echo_loop loop = {.tun = tun, .limit = limit, .ended = output_closed};
	struct xt_link *link = NULL;
	char error[256] = "";
	int rc = xt_echo_new(&loop.echo, &config);

	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
	memcpy(plan.name, tun->name, sizeof(plan.name));
	rc = xt_link_set(&link, &plan, error, sizeof(error));
	if (rc < 0) {
		xt_message("%s: %s", tun->name, *error ? error : xt_strerror(rc));
	} else {
		xt_message("%s is ready; Ctrl-C ends it", tun->name);
		rc = xt_echo_loop_run(&loop);
		counts_print(loop.echo);
		if (rc == -ENODEV)
			xt_message("the interface %s is gone", tun->name);
		else if (rc < 0)
			xt_message("%s: %s", tun->name, xt_strerror(rc));
		xt_link_undo(link);
	}
	xt_echo_free(loop.echo);
	return rc < 0 && rc != -ENODEV ? XT_EXIT_FAILURE : XT_EXIT_OK;
}

static int echo_open_tun(const struct xt_args *args, const struct echo_words *words, uint64_t limit)
{
	struct xt_tun_options options = {
	    .name = args->operands[0], .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};
	struct xt_tun *tun;
	int rc = xt_tun_open(&tun, &options), status;

	if (rc == -EPERM || rc == -EACCES) {
		xt_message("no permission to create the interface %s", options.name);
		if (!xt_explain_root("NET_ADMIN"))
			xt_rights_hint("echo");
		return XT_EXIT_FAILURE;
	}
	if (rc < 0) {
		xt_explain_tun(options.name, rc);
		return XT_EXIT_FAILURE;
	}
	status = echo_serve(args, tun, words, limit);
	tun->ops->close(tun);
	return status;
}

int xt_cmd_echo(const struct xt_args *args)
{
	size_t n = (size_t)args->n - 1;
	struct echo_words words = {0};
	uint64_t limit;
	int status;

	if (!xt_args_number(args, COUNT, 1, UINT32_MAX, 0, &limit))
		return XT_EXIT_USAGE;
	if (!xt_conf_name_valid(args->operands[0])) {
		xt_message("%.60s: not a name for an interface", args->operands[0]);
		xt_hint("up to 15 of a-z A-Z 0-9 _ = + . - and no - in front");
		return XT_EXIT_USAGE;
	}
	words.addresses = calloc(n, sizeof(*words.addresses));
	words.local = calloc(n, sizeof(*words.local));
	if (!words.addresses || !words.local) {
		status = xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(XT_E_NOMEM));
	} else {
		status = words_read_addresses(&words, args->operands + 1, args->n - 1);
		for (size_t i = 0; i < words.n; i++)
			words.local[i] = (struct xt_echo_local){words.addresses[i].cidr,
								words.addresses[i].peer};
		if (status == XT_EXIT_OK)
			status = echo_open_tun(args, &words, limit);
	}
	free(words.addresses);
	free(words.local);
	return status;
}
