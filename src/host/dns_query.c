/* SPDX-License-Identifier: MIT */
/* A stub resolver of A and AAAA over UDP (RFC 1035), for look-ups beside the tunnel. A truncated
 * answer is used as far as it goes: one address is enough. */
#include "host/dns_query.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/fd.h"
#include "platform/random.h"

#define TYPE_A	  1u
#define TYPE_AAAA 28u
#define HEADER	  12u
#define TRIES	  2
#define WAIT_MS	  1000
#define STRAY_MAX 16 /* datagrams that answer something else */
#define FILE_MAX  (256u << 10)

void xt_dns_servers_parse(struct xt_dns_servers *out, const char *text)
{
	out->n = 0;
	for (; text && *text; text = strchr(text, '\n')) {
		struct xt_endpoint server = {.port = 53};
		char word[64];

		text += *text == '\n';
		if (sscanf(text, "nameserver %63s", word) == 1 &&
		    xt_ip_parse(&server.ip, word) == 0 && out->n < XT_DNS_SERVERS)
			out->v[out->n++] = server;
	}
}

/* malloc'ed; NULL: it cannot be read. */
static char *file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = fd < 0 ? NULL : malloc(FILE_MAX);
	size_t len = 0;
	ssize_t n = 1;

	while (text && n > 0 && len < FILE_MAX - 1) {
		n = read(fd, text + len, FILE_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (text)
		text[len] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static void servers_read(struct xt_dns_servers *out, const char *path)
{
	char *text = file_read(path);

	xt_dns_servers_parse(out, text);
	free(text);
}

void xt_dns_servers_read(struct xt_dns_servers *out)
{
	static const uint8_t resolved[4] = {127, 0, 0, 53};
	struct xt_dns_servers upstream;

	servers_read(out, "/etc/resolv.conf");
	if (out->n == 0 || out->v[0].ip.family != 4 || memcmp(out->v[0].ip.b, resolved, 4) != 0)
		return;
	servers_read(&upstream, "/run/systemd/resolve/resolv.conf");
	if (upstream.n)
		*out = upstream;
}

size_t xt_dns_hosts_find(const char *text, const char *host, unsigned families,
			 struct xt_endpoint *v, size_t max)
{
	size_t n = 0;

	for (; text && *text && n < max; text = strchr(text, '\n')) {
		char line[512], *rest, *word;
		struct xt_endpoint found = {0};

		text += *text == '\n';
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "#\n"), text);
		word = strtok_r(line, " \t\r", &rest);
		if (!word || xt_ip_parse(&found.ip, word) < 0 ||
		    !(families & (found.ip.family == 4 ? 1u : 2u)))
			continue;
		while ((word = strtok_r(NULL, " \t\r", &rest)))
			if (strcasecmp(word, host) == 0) {
				v[n++] = found;
				break;
			}
	}
	return n;
}

size_t xt_dns_question(uint8_t out[XT_DNS_MESSAGE], uint16_t id, const char *host, uint16_t type)
{
	size_t at = HEADER;

	memset(out, 0, HEADER);
	xt_be16_put(out, id);
	out[2] = 1; /* recursion desired */
	out[5] = 1; /* one question */
	while (*host) {
		size_t len = strcspn(host, ".");

		if (len == 0 || len > 63 || at + len + 6 > HEADER + 255)
			return 0;
		out[at++] = (uint8_t)len;
		memcpy(out + at, host, len);
		at += len;
		host += len + (host[len] == '.');
	}
	if (at == HEADER)
		return 0;
	out[at++] = 0;
	xt_be16_put(out + at, type);
	xt_be16_put(out + at + 2, 1); /* IN */
	return at + 4;
}

/* The end of the name at the given place; 0: malformed. */
static size_t name_end(const uint8_t *answer, size_t len, size_t at)
{
	while (at < len) {
		if (answer[at] == 0)
			return at + 1;
		if (answer[at] >= 0xc0) /* a pointer ends it */
			return at + 2 <= len ? at + 2 : 0;
		at += 1u + answer[at];
	}
	return 0;
}

int xt_dns_answer(const uint8_t *answer, size_t len, const uint8_t *question, size_t question_len,
		  struct xt_endpoint *v, size_t max)
{
	uint16_t type = (uint16_t)(question[question_len - 4] << 8 | question[question_len - 3]);
	size_t at = question_len, wanted = type == TYPE_A ? 4 : 16, n = 0;

	/* The same number and question, and a response without error or "no such name". */
	if (len < question_len || memcmp(answer, question, 2) != 0 || !(answer[2] & 0x80) ||
	    ((answer[3] & 15) != 0 && (answer[3] & 15) != 3) ||
	    strncasecmp((const char *)answer + HEADER, (const char *)question + HEADER,
			strlen((const char *)question + HEADER)) != 0 ||
	    memcmp(answer + question_len - 5, question + question_len - 5, 5) != 0)
		return -1;
	for (unsigned records = (unsigned)(answer[6] << 8 | answer[7]); records > 0; records--) {
		size_t data;

		at = name_end(answer, len, at);
		if (at == 0 || at + 10 > len)
			break; /* truncated */
		data = (size_t)(answer[at + 8] << 8 | answer[at + 9]);
		if (at + 10 + data > len)
			break;
		if ((answer[at] << 8 | answer[at + 1]) == type && data == wanted && n < max) {
			memset(&v[n], 0, sizeof(v[n]));
			v[n].ip.family = type == TYPE_A ? 4 : 6;
			memcpy(v[n++].ip.b, answer + at + 10, wanted);
		}
		at += 10 + data;
	}
	return (int)n;
}

/* Of a connected socket the kernel drops what others send. */
int xt_dns_server_open(const struct xt_endpoint *server, uint32_t mark)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(server->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(server->port)};
	bool v4 = server->ip.family == 4;
	int fd = xt_fd_socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, false);

	memcpy(&in.sin_addr, server->ip.b, 4);
	memcpy(&in6.sin6_addr, server->ip.b, 16);
	/* Without the right to mark it is a question like any other. */
	if (fd >= 0 && mark)
		(void)xt_fd_mark(fd, mark);
	if (fd >= 0 && connect(fd, v4 ? (const void *)&in : (const void *)&in6,
			       v4 ? sizeof(in) : sizeof(in6)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The addresses of one type, sorted in behind the first n of v. -1: no answer. */
static int server_ask(int fd, const char *host, uint16_t type, struct xt_endpoint *v, size_t max)
{
	uint8_t question[XT_DNS_MESSAGE], answer[1500];
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint16_t id = 0;
	size_t len;

	if (!xt_random_bytes(&id, sizeof(id)))
		return -1;
	len = xt_dns_question(question, id, host, type);
	if (len == 0 || send(fd, question, len, MSG_NOSIGNAL) < 0)
		return -1;
	for (int stray = 0; stray < STRAY_MAX && poll(&wait, 1, WAIT_MS) > 0; stray++) {
		ssize_t got = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		int n = got < 0 ? -1 : xt_dns_answer(answer, (size_t)got, question, len, v, max);

		if (n >= 0)
			return n;
		if (got < 0)
			return -1; /* refused, or no route */
	}
	return -1;
}

/* false: the server did not answer. */
static bool server_query(int fd, const char *host, unsigned families, struct xt_endpoint *v,
			 size_t max, size_t *n)
{
	int six = 0, four = 0;

	*n = 0;
	if (families & 2)
		six = server_ask(fd, host, TYPE_AAAA, v, max);
	if (six > 0)
		*n = (size_t)six;
	if (families & 1)
		four = server_ask(fd, host, TYPE_A, v + *n, max - *n);
	if (four > 0)
		*n += (size_t)four;
	return six >= 0 || four >= 0;
}

size_t xt_dns_query_sockets(const int *fds, size_t n_fds, const char *host, unsigned families,
			    struct xt_endpoint *v, size_t max)
{
	char *hosts = file_read("/etc/hosts");
	size_t n = xt_dns_hosts_find(hosts, host, families, v, max);

	free(hosts);
	for (int try = 0; n == 0 && try < TRIES; try++)
		for (size_t i = 0; i < n_fds; i++)
			if (server_query(fds[i], host, families, v, max, &n))
				return n;
	return n;
}

size_t xt_dns_query(const struct xt_dns_servers *servers, uint32_t mark, const char *host,
		    unsigned families, struct xt_endpoint *v, size_t max)
{
	int fds[XT_DNS_SERVERS] = {-1};
	size_t n_fds = 0, n;

	for (size_t i = 0; i < servers->n; i++) {
		fds[n_fds] = xt_dns_server_open(&servers->v[i], mark);
		n_fds += fds[n_fds] >= 0;
	}
	n = xt_dns_query_sockets(fds, n_fds, host, families, v, max);
	while (n_fds > 0)
		close(fds[--n_fds]);
	return n;
}
