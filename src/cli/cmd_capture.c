/* SPDX-License-Identifier: MIT */
/* capture: the packets of a running instance, as lines or for Wireshark. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/capture_output.h"
#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "ipc/pcapng.h"
#include "ipc/socket.h"

enum { WRITE, OUTER, SECRETS, SEGMENTS, COUNT };
const struct xt_option xt_capture_options[] = {
    {'w', "write", "FILE", "write pcapng to FILE, which only its owner can read; - is stdout"},
    {0, "outer", NULL, "datagrams too, on an interface of their own"},
    {0, "secrets", NULL, "with the keys that open the datagrams, from a fresh handshake on"},
    {0, "segments", NULL, "packets as they are in datagrams, no super-packets"},
    {'c', "count", "N", "end after N packets"},
    {0},
};
const char xt_text_capture[] =
    "\nWithout -w every packet is a line on standard output. PEER is a Name, a public key or what it\n"
    "begins with, or an inner address; what names no peer is the beginning of FILTER. FILTER is an\n"
    "expression of pcap-filter(7), such as `icmp or tcp port 443`; it takes libpcap.\n"
    "Packets that were dropped are shown too, with the reason. --secrets implies --outer: it starts\n"
    "a handshake with every peer that has a session, and leaves out datagrams of sessions from\n"
    "before, which nothing opens. A file with secrets lets its reader open these datagrams.\n"
    "A slow reader loses packets, and never slows the tunnel: the last line counts them.\n"
    "Ctrl-C ends the capture, with a complete file.\n";

#define BUFFER (2 * (size_t)XT_PCAPNG_BLOCK_MAX)

static int client_fd = -1;
static volatile int interrupts;

/* The instance ends the stream when it sees the end of this side. */
static void capture_finish(int number)
{
	(void)number;
	interrupts++;
	if (client_fd >= 0)
		xt_socket_finish(client_fd, false);
}

/* A descriptor; negative: an enum xt_exit, negated, with the reason printed. */
static int output_open(const struct xt_args *args)
{
	const char *path = args->value[WRITE];
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0) {
		if (isatty(STDOUT_FILENO))
			return -xt_fail(XT_EXIT_USAGE, "capture: packets are not for a terminal: "
						       "-w FILE, or leave -w - out for lines");
		return STDOUT_FILENO;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return -xt_fail(XT_EXIT_FAILURE, "%s: %s", path, strerror(errno));
	if (args->given[SECRETS] && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) && fchmod(fd, 0600) < 0) {
		close(fd);
		return -xt_fail(XT_EXIT_FAILURE, "%s: others can read it: not for secrets", path);
	}
	return fd;
}

static json_t *request_make(const struct xt_args *args, const char *peer)
{
	json_t *request =
	    json_pack("{s:s,s:b,s:b,s:b}", "do", "capture", "outer", args->given[OUTER], "secrets",
		      args->given[SECRETS], "segments", args->given[SEGMENTS]);

	if (peer)
		json_object_set_new(request, "peer", json_string(peer));
	return request;
}

/* no_peer: why the first word is no peer; NULL: it is one, and the filter begins behind it. */
static int filter_failed(const char *word, int error, const char *message, const char *no_peer)
{
	if (error == XT_E_UNSUPPORTED && no_peer)
		return xt_fail(XT_EXIT_USAGE, "%.60s: %s; and without libpcap there are no filters",
			       word, no_peer);
	if (error == XT_E_UNSUPPORTED)
		return xt_fail(XT_EXIT_FAILURE, "capture: a filter needs libpcap, which is not "
						"installed here (Debian: libpcap0.8)");
	if (error == XT_E_SYNTAX && no_peer)
		return xt_fail(XT_EXIT_USAGE, "%.60s: %s; nor is it a filter: %s", word, no_peer,
			       message);
	if (error == XT_E_SYNTAX)
		return xt_fail(XT_EXIT_USAGE, "capture: the filter: %s", message);
	return xt_fail(XT_EXIT_FAILURE, "capture: %s", xt_strerror(error));
}

/* answer may be NULL. */
static int request_failed(const char *name, const json_t *answer, int error)
{
	const char *sentence = json_string_value(json_object_get(answer, "error"));

	if (!sentence || error == -EPROTONOSUPPORT)
		return xt_query_answer_failed(name, answer, error);
	return xt_fail(XT_EXIT_FAILURE, "%s: %s", name, sentence);
}

/* Ask for the capture. The first word after the name is the peer, or else the filter begins there.
 * enum xt_exit; *words: of the filter. */
static int capture_request(struct xt_client **client, const struct xt_args *args, const char *name,
			   struct xt_capture_filter **filter)
{
	const char *word = args->n > 1 ? args->operands[1] : NULL;
	char message[256], no_peer[120] = "";
	json_t *answer = NULL;
	int at = word ? 2 : 1, status = xt_query_open(client, name, NULL, false), rc;

	if (status != XT_EXIT_OK)
		return status;
	if (word && !xt_text_is_printable(word))
		return xt_fail(XT_EXIT_USAGE, "capture: PEER or FILTER is not printable text");
	rc = xt_client_request(*client, request_make(args, word), XT_SOCKET_SILENCE_MS, &answer);
	if (rc == XT_E_NOPEER) {
		const char *why = json_string_value(json_object_get(answer, "error"));

		snprintf(no_peer, sizeof(no_peer), "%s", why ? why : xt_strerror(rc));
		at = 1;
	}
	if (args->n > at) {
		int error =
		    xt_capture_filter_new(filter, args->operands + at, args->n - at, message);

		if (error && (!rc || rc == XT_E_NOPEER)) {
			json_decref(answer);
			return filter_failed(args->operands[at], error, message,
					     *no_peer ? no_peer : NULL);
		}
	}
	if (rc == XT_E_NOPEER) {
		json_decref(answer);
		rc = xt_client_request(*client, request_make(args, NULL), XT_SOCKET_SILENCE_MS,
				       &answer);
	}
	if (rc < 0)
		status = request_failed(name, answer, rc);
	json_decref(answer);
	return status;
}

/* 0: the end of the stream; -errno, XT_E_SYNTAX. */
static int stream_follow(struct xt_client *client, struct xt_capture_output *output)
{
	uint8_t *bytes = malloc(BUFFER);
	size_t len = 0;
	int rc = bytes ? 0 : XT_E_NOMEM;

	while (rc == 0) {
		ssize_t n = xt_client_read(client, bytes + len, BUFFER - len);
		bool ends = output->complete;
		int taken;

		if (n == 0)
			break;
		if (n < 0) {
			rc = n == -EINTR && interrupts < 2 ? 0 : (int)n;
			continue;
		}
		len += (size_t)n;
		taken = xt_capture_output_take(output, bytes, len);
		if (taken < 0) {
			rc = taken;
			break;
		}
		len -= (size_t)taken;
		memmove(bytes, bytes + taken, len);
		if (output->complete && !ends)
			xt_socket_finish(xt_client_fd(client), false);
	}
	if (bytes)
		xt_wipe(bytes, BUFFER);
	free(bytes);
	return rc;
}

static int capture_follow(struct xt_client *client, struct xt_capture_output *output,
			  const char *name, const char *path)
{
	int rc;

	xt_message("%s: capturing%s%s; Ctrl-C ends it", name, path ? " to " : "",
		   !path		    ? ""
		   : strcmp(path, "-") == 0 ? "standard output"
					    : path);
	rc = stream_follow(client, output);
	if (rc == -EPIPE || rc == -EINTR) /* the reader has seen enough */
		return XT_EXIT_OK;
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s: %s", path && rc != XT_E_SYNTAX ? path : name,
			       xt_strerror(rc));
	xt_message("%" PRIu64 " packet%s captured, %" PRIu64 " dropped by the instance",
		   output->packets, output->packets == 1 ? "" : "s", output->dropped);
	if (output->over)
		return XT_EXIT_OK;
	return xt_fail(XT_EXIT_FAILURE, "%s: the instance has ended", name);
}

int xt_cmd_capture(const struct xt_args *args)
{
	const struct sigaction action = {.sa_handler = capture_finish};
	struct xt_capture_output output = {.fd = -1, .interrupts = &interrupts};
	struct xt_capture_filter *filter = NULL;
	struct xt_client *client = NULL;
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	int status;

	if (!xt_args_number(args, COUNT, 1, UINT64_MAX, 0, &output.most))
		return XT_EXIT_USAGE;
	if (args->given[SECRETS] && !args->given[WRITE])
		return xt_fail(XT_EXIT_USAGE, "capture: --secrets is of use in a file: -w FILE");
	status = capture_request(&client, args, name, &filter);
	if (status == XT_EXIT_OK && args->given[WRITE]) {
		output.fd = output_open(args);
		status = output.fd < 0 ? -output.fd : XT_EXIT_OK;
	}
	if (status == XT_EXIT_OK) {
		output.filter = filter;
		client_fd = xt_client_fd(client);
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		status = capture_follow(client, &output, name, args->value[WRITE]);
		client_fd = -1;
	}
	if (output.fd > STDERR_FILENO && close(output.fd) < 0 && status == XT_EXIT_OK)
		status = xt_fail(XT_EXIT_FAILURE, "%s: %s", args->value[WRITE], strerror(errno));
	xt_client_close(client);
	xt_capture_filter_free(filter);
	return status;
}
