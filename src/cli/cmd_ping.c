/* SPDX-License-Identifier: MIT */
/* ping: echo requests from inside the instance; replies as they arrive, then a summary. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include <xtunnel/error.h>

#include "cli/query.h"
#include "cli/cmd.h"
#include "cli/term.h"
#include "ipc/socket.h"

enum { COUNT, PAYLOAD, INTERVAL, TIMEOUT, JSON };
const struct xt_option xt_ping_options[] = {
    {'c', "count", "N", "stop after N requests (5); 0: until Ctrl-C"},
    {'s', "size", "BYTES", "bytes of payload (56), at most what fits the MTU"},
    {'i', "interval", "SECONDS", "time between requests (1)"},
    {'W', "timeout", "SECONDS", "time to wait for a reply (5)"},
    {'j', "json", NULL, "print one JSON object a line"},
    {0},
};
const char xt_text_ping[] =
    "\nPEER is the peer's Name, its public key or the first characters of it (four at least), or an\n"
    "inner address. A Name or key stands for the first single host of the peer's AllowedIPs, else\n"
    "for the inner address that the peer was last heard from. The requests go from the\n"
    "interface's Address directly into the tunnel, past the routes and firewall of this host; the\n"
    "peer's host answers them, or its xtunnel where Echo is set.\n"
    "After 5 s without a reply, and at the end when none came, it prints what `xtunnel why` says.\n"
    "The exit status is 0 when a reply arrived, 5 when none did.\n";

struct summary {
	uint64_t received, lost, duplicates;
	uint64_t min_us, max_us, sum_us;
};

static int client_fd = -1;

/* Shuts the connection down: xt_client_recv returns and ping_follow() prints the summary. */
static void on_interrupt(int number)
{
	(void)number;
	if (client_fd >= 0)
		xt_socket_finish(client_fd, true);
}

static uint64_t reply_number(const json_t *reply, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(reply, key));

	return value < 0 ? 0 : (uint64_t)value;
}

static const char *reply_text(const json_t *reply, const char *key)
{
	const char *text = json_string_value(json_object_get(reply, key));

	return text ? text : "?";
}

static void summary_count(struct summary *summary, const json_t *reply)
{
	uint64_t rtt = reply_number(reply, "rtt_us");

	if (json_is_true(json_object_get(reply, "lost"))) {
		summary->lost++;
		return;
	}
	if (json_is_true(json_object_get(reply, "duplicate"))) {
		summary->duplicates++;
		return;
	}
	if (summary->received == 0 || rtt < summary->min_us)
		summary->min_us = rtt;
	if (rtt > summary->max_us)
		summary->max_us = rtt;
	summary->sum_us += rtt;
	summary->received++;
}

static void reply_print(const json_t *reply, const char *address)
{
	uint64_t seq = reply_number(reply, "seq"), rtt = reply_number(reply, "rtt_us");

	if (json_is_true(json_object_get(reply, "lost")))
		printf("no reply from %s: seq=%" PRIu64 "\n", address, seq);
	else
		printf("%" PRIu64 " bytes from %s: seq=%" PRIu64 " time=%" PRIu64 ".%03" PRIu64
		       " ms%s\n",
		       reply_number(reply, "size"), address, seq, rtt / 1000, rtt % 1000,
		       json_is_true(json_object_get(reply, "duplicate")) ? " (duplicate)" : "");
}

static void why_print(const json_t *reply, const char *label)
{
	printf("%s: %s (%s)\n", label, reply_text(reply, "sentence"), reply_text(reply, "code"));
}

static void json_print(const json_t *reply)
{
	json_dumpf(reply, stdout, JSON_COMPACT);
	putchar('\n');
}

static void summary_print(const struct summary *summary, const char *label)
{
	uint64_t sent = summary->received + summary->lost;

	printf("\n%s: %" PRIu64 " sent, %" PRIu64 " answered, %.3g%% lost", label, sent,
	       summary->received, sent ? 100.0 * (double)summary->lost / (double)sent : 0.0);
	if (summary->duplicates)
		printf(", %" PRIu64 " duplicates", summary->duplicates);
	if (summary->received)
		printf("; min/avg/max %.3f/%.3f/%.3f ms", (double)summary->min_us / 1000,
		       (double)summary->sum_us / (double)summary->received / 1000,
		       (double)summary->max_us / 1000);
	putchar('\n');
}

static void summary_print_json(const struct summary *summary)
{
	json_t *all =
	    json_pack("{s:I,s:I,s:I}", "answered", (json_int_t)summary->received, "lost",
		      (json_int_t)summary->lost, "duplicates", (json_int_t)summary->duplicates);

	if (summary->received) {
		json_object_set_new(all, "min_us", json_integer((json_int_t)summary->min_us));
		json_object_set_new(
		    all, "avg_us", json_integer((json_int_t)(summary->sum_us / summary->received)));
		json_object_set_new(all, "max_us", json_integer((json_int_t)summary->max_us));
	}
	json_print(all);
	json_decref(all);
}

/* Until all replies are in, an interrupt, the end of the instance or of the output's reader. */
static int ping_follow(struct xt_client *client, const json_t *hello, bool json)
{
	const char *address = reply_text(hello, "address");
	struct summary summary = {0};
	json_t *reply;
	int rc;

	if (json)
		json_print(hello);
	else
		printf("ping %s (%s) through the tunnel, %" PRIu64 " bytes\n",
		       reply_text(hello, "peer"), address, reply_number(hello, "size"));
	while (xt_term_flush() &&
	       (rc = xt_client_recv(client, XT_SOCKET_SILENCE_MS, &reply)) == 0) {
		bool end =
		    json_is_true(json_object_get(reply, "end")) || json_object_get(reply, "error");

		if (!end) {
			bool why = json_object_get(reply, "sentence") != NULL;

			if (!why)
				summary_count(&summary, reply);
			if (json)
				json_print(reply);
			else if (why)
				why_print(reply, reply_text(hello, "peer"));
			else
				reply_print(reply, address);
		} else if (json_object_get(reply, "error")) {
			xt_message("%s", reply_text(reply, "error"));
		}
		json_decref(reply);
		if (end)
			break;
	}
	if (json)
		summary_print_json(&summary);
	else
		summary_print(&summary, reply_text(hello, "peer"));
	return summary.received ? XT_EXIT_OK : XT_EXIT_UNREACHABLE;
}

static json_t *request_make(const struct xt_args *args)
{
	uint64_t requests, size, interval, timeout;

	if (!xt_args_number(args, COUNT, 0, 1000000000, 5, &requests) ||
	    !xt_args_number(args, PAYLOAD, 0, 65507, 56, &size) ||
	    !xt_args_seconds(args, INTERVAL, 1, 86400000, 1000, &interval) ||
	    !xt_args_seconds(args, TIMEOUT, 1, 86400000, 5000, &timeout))
		return NULL;
	return json_pack("{s:s,s:s,s:b,s:I,s:I,s:I,s:I}", "do", "ping", "peer", args->operands[1],
			 "why", 1, "count", (json_int_t)requests, "size", (json_int_t)size,
			 "interval_ms", (json_int_t)interval, "timeout_ms", (json_int_t)timeout);
}

int xt_cmd_ping(const struct xt_args *args)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	struct xt_client *client;
	int status = xt_query_peer_check(name, args->operands[1]), rc;
	json_t *request, *hello = NULL;

	if (status != XT_EXIT_OK)
		return status;
	request = request_make(args);
	if (!request)
		return XT_EXIT_USAGE;
	status = xt_query_open(&client, name, NULL, false);
	if (status != XT_EXIT_OK) {
		json_decref(request);
		return status;
	}
	client_fd = xt_client_fd(client);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = xt_client_request(client, request, XT_SOCKET_SILENCE_MS, &hello);
	if (rc == XT_E_NOPEER) {
		status = xt_fail(XT_EXIT_UNREACHABLE, "%s %s: %s", name, args->operands[1],
				 reply_text(hello, "error"));
	} else if (rc < 0) {
		status = xt_fail(rc == XT_E_INVALID ? XT_EXIT_USAGE : XT_EXIT_FAILURE, "%s: %s",
				 name, hello ? reply_text(hello, "error") : xt_strerror(rc));
	} else {
		status = ping_follow(client, hello, args->given[JSON]);
	}
	json_decref(hello);
	client_fd = -1;
	xt_client_close(client);
	return status;
}
