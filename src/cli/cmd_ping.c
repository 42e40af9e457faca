/* ping: a peer, asked from inside the endpoint; replies as they come, then the account. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/socket.h>

#include <xtunnel/error.h>

#include "cli/query.h"
#include "cli/cmd.h"
#include "cli/term.h"

enum { COUNT, SIZE, INTERVAL, TIMEOUT, JSON };
const struct xt_option xt_ping_options[] = {
    {'c', "count", "N", "stop after N requests (5); 0: until Ctrl-C"},
    {'s', "size", "BYTES", "bytes of payload (56), as many as fit the MTU"},
    {'i', "interval", "SECONDS", "between requests (1)"},
    {'W', "timeout", "SECONDS", "how long a reply is waited for (5)"},
    {'j', "json", NULL, "print one JSON object a line"},
    {0},
};
const char xt_text_ping[] =
    "\nPEER is the peer's Name, its public key, or an inner address. The request leaves from the\n"
    "endpoint's own Address through the tunnel and never touches this host's routes or firewall;\n"
    "the peer's host answers, or its endpoint where Echo says so.\n"
    "The exit status is 0 when a reply came, 5 when none did.\n";

struct account {
	uint64_t received, lost, duplicates;
	uint64_t min_us, max_us, sum_us;
};

static int client_fd = -1;

/* The answers end here, and so does the wait for them. */
static void on_interrupt(int number)
{
	(void)number;
	if (client_fd >= 0)
		(void)shutdown(client_fd, SHUT_RDWR);
}

static uint64_t field(const json_t *news, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(news, key));

	return value < 0 ? 0 : (uint64_t)value;
}

static const char *text_field(const json_t *news, const char *key)
{
	const char *text = json_string_value(json_object_get(news, key));

	return text ? text : "?";
}

static void count(struct account *account, const json_t *news)
{
	uint64_t rtt = field(news, "rtt_us");

	if (json_is_true(json_object_get(news, "lost"))) {
		account->lost++;
		return;
	}
	if (json_is_true(json_object_get(news, "duplicate"))) {
		account->duplicates++;
		return;
	}
	if (account->received == 0 || rtt < account->min_us)
		account->min_us = rtt;
	if (rtt > account->max_us)
		account->max_us = rtt;
	account->sum_us += rtt;
	account->received++;
}

static void print_news(const json_t *news, const char *address)
{
	uint64_t seq = field(news, "seq"), rtt = field(news, "rtt_us");

	if (json_is_true(json_object_get(news, "lost")))
		printf("no reply from %s: seq=%" PRIu64 "\n", address, seq);
	else
		printf("%" PRIu64 " bytes from %s: seq=%" PRIu64 " time=%" PRIu64 ".%03" PRIu64
		       " ms%s\n",
		       field(news, "size"), address, seq, rtt / 1000, rtt % 1000,
		       json_is_true(json_object_get(news, "duplicate")) ? " (again)" : "");
	fflush(stdout);
}

static void print_json(const json_t *news)
{
	json_dumpf(news, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static void print_account(const struct account *account, const char *label)
{
	uint64_t asked = account->received + account->lost;

	printf("\n%s: %" PRIu64 " asked, %" PRIu64 " answered, %.3g%% lost", label, asked,
	       account->received, asked ? 100.0 * (double)account->lost / (double)asked : 0.0);
	if (account->duplicates)
		printf(", %" PRIu64 " came twice", account->duplicates);
	if (account->received)
		printf("; min/avg/max %.3f/%.3f/%.3f ms", (double)account->min_us / 1000,
		       (double)account->sum_us / (double)account->received / 1000,
		       (double)account->max_us / 1000);
	putchar('\n');
}

static void print_account_json(const struct account *account)
{
	json_t *all =
	    json_pack("{s:I,s:I,s:I}", "answered", (json_int_t)account->received, "lost",
		      (json_int_t)account->lost, "duplicates", (json_int_t)account->duplicates);

	if (account->received) {
		json_object_set_new(all, "min_us", json_integer((json_int_t)account->min_us));
		json_object_set_new(
		    all, "avg_us", json_integer((json_int_t)(account->sum_us / account->received)));
		json_object_set_new(all, "max_us", json_integer((json_int_t)account->max_us));
	}
	print_json(all);
	json_decref(all);
}

/* Until the end, an interrupt or the endpoint's own end. */
static int follow(struct xt_client *client, const json_t *hello, bool json)
{
	const char *address = text_field(hello, "address");
	struct account account = {0};
	json_t *news;
	int rc;

	if (json)
		print_json(hello);
	else
		printf("ping %s (%s) through the tunnel, %" PRIu64 " bytes\n",
		       text_field(hello, "peer"), address, field(hello, "size"));
	while ((rc = xt_client_recv(client, -1, &news)) == 0) {
		bool end =
		    json_is_true(json_object_get(news, "end")) || json_object_get(news, "error");

		if (!end) {
			count(&account, news);
			if (json)
				print_json(news);
			else
				print_news(news, address);
		} else if (json_object_get(news, "error")) {
			xt_message("%s", text_field(news, "error"));
		}
		json_decref(news);
		if (end)
			break;
	}
	if (json)
		print_account_json(&account);
	else
		print_account(&account, text_field(hello, "peer"));
	return account.received ? XT_EXIT_OK : XT_EXIT_UNREACHABLE;
}

static json_t *make_request(const struct xt_args *args)
{
	uint64_t asked, size, interval, timeout;

	if (!xt_args_number(args, COUNT, 0, 1000000000, 5, &asked) ||
	    !xt_args_number(args, SIZE, 0, 65507, 56, &size) ||
	    !xt_args_seconds(args, INTERVAL, 1, 86400000, 1000, &interval) ||
	    !xt_args_seconds(args, TIMEOUT, 1, 86400000, 5000, &timeout))
		return NULL;
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}", "do", "ping", "peer", args->operands[1],
			 "count", (json_int_t)asked, "size", (json_int_t)size, "interval_ms",
			 (json_int_t)interval, "timeout_ms", (json_int_t)timeout);
}

int xt_cmd_ping(const struct xt_args *args)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	struct xt_client *client;
	json_t *request = make_request(args), *hello = NULL;
	int status, rc;

	if (!request)
		return XT_EXIT_USAGE;
	status = xt_query_open(&client, args->operands[0], NULL, false);
	if (status != XT_EXIT_OK) {
		json_decref(request);
		return status;
	}
	client_fd = xt_client_fd(client);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = xt_client_request(client, request, 5000, &hello);
	if (rc == XT_E_NOPEER) {
		status = xt_fail(XT_EXIT_UNREACHABLE, "%s %s: %s", args->operands[0],
				 args->operands[1], text_field(hello, "error"));
	} else if (rc < 0) {
		status = xt_fail(rc == XT_E_INVALID ? XT_EXIT_USAGE : XT_EXIT_FAILURE, "%s: %s",
				 args->operands[0],
				 hello ? text_field(hello, "error") : xt_strerror(rc));
	} else {
		status = follow(client, hello, args->given[JSON]);
	}
	json_decref(hello);
	client_fd = -1;
	xt_client_close(client);
	return status;
}
