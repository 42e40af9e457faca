/* SPDX-License-Identifier: MIT */
/* Names that this host defines: of routing tables and of services. */
#include "config/conf_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "config/conf_diagnostic.h"

#define TABLES_MAX (1u << 20)

/* A line is "NUMBER NAME"; # begins a comment. The last line with the name counts, as with ip(8),
 * whose table is filled in the order of the lines. */
bool xt_table_number_in(const char *text, size_t len, const char *name, uint32_t *number)
{
	const char *end = text + len;
	bool found = false;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);
		char line[256], digits[32], word[128];
		uint64_t value;

		snprintf(line, sizeof(line), "%.*s", (int)XT_MIN(n, sizeof(line) - 1), text);
		text += newline ? n + 1 : n;
		line[strcspn(line, "#")] = '\0';
		if (sscanf(line, "%31s %127s", digits, word) != 2 || strcmp(word, name) != 0 ||
		    !xt_number(&value, digits, UINT32_MAX, true))
			continue;
		*number = (uint32_t)value;
		found = true;
	}
	return found;
}

static bool file_find_table(const char *path, const char *name, uint32_t *number)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct xt_secbuf text = XT_SECBUF_INIT(TABLES_MAX);
	size_t room;
	ssize_t n = 1;
	bool found;

	if (fd < 0)
		return false;
	while (n > 0 && xt_secbuf_room(&text, &room) == 0) {
		n = read(fd, text.p + text.len, room);
		if (n > 0)
			xt_secbuf_added(&text, (size_t)n);
	}
	close(fd);
	found = text.len > 0 && xt_table_number_in(text.p, text.len, name, number);
	xt_secbuf_clear(&text);
	return found;
}

/* The files DIR/rt_tables and DIR/rt_tables.d/NAME.conf. */
static bool directory_find_table(const char *directory, const char *name, uint32_t *number)
{
	char path[512];
	struct dirent *entry;
	bool found;
	DIR *more;

	snprintf(path, sizeof(path), "%s/rt_tables", directory);
	found = file_find_table(path, name, number);
	snprintf(path, sizeof(path), "%s/rt_tables.d", directory);
	more = opendir(path);
	while (more && (entry = readdir(more)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len < 6 ||
		    strcmp(entry->d_name + len - 5, ".conf") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/rt_tables.d/%s", directory, entry->d_name);
		found |= file_find_table(path, name, number);
	}
	if (more)
		closedir(more);
	return found;
}

/* Newer versions of iproute2 keep their defaults below /usr; /etc goes before. */
static bool table_find(const char *name, uint32_t *number)
{
	static const char *const places[] = {"/etc/iproute2", "/usr/share/iproute2",
					     "/usr/lib/iproute2"};

	for (size_t i = 0; i < XT_LEN(places); i++)
		if (directory_find_table(places[i], name, number))
			return true;
	return false;
}

/* wg(8) asks for a UDP service. */
static bool service_find(const char *name, uint16_t *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_family = AF_INET}, *list = NULL;
	bool found = getaddrinfo(NULL, name, &hints, &list) == 0 && list;

	if (found)
		*port = ntohs(((const struct sockaddr_in *)(const void *)list->ai_addr)->sin_port);
	if (list)
		freeaddrinfo(list);
	return found && *port != 0;
}

static bool peer_find_services(struct xt_conf_peer *peer)
{
	bool found =
	    !*peer->endpoint_service || service_find(peer->endpoint_service, &peer->endpoint_port);

	for (size_t i = 0; i < peer->n_endpoints_more; i++) {
		struct xt_conf_endpoint *entry = &peer->endpoints_more[i];

		found &= !*entry->service || service_find(entry->service, &entry->port);
	}
	return found;
}

int xt_conf_resolve_names(struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics)
{
	bool known = true;
	int rc = 0;

	if (*conf->table_name && !table_find(conf->table_name, &conf->table_number)) {
		known = false;
		rc = xt_conf_diagnostics_add(
		    diagnostics, XT_LINT_SYNTAX, conf->table_line, 1,
		    "Table: no routing table of this name in /etc/iproute2/rt_tables; "
		    "expected auto, off, a name or a number");
	}
	if (*conf->table_name && conf->table_number == 0)
		conf->table_number = XT_TABLE_MAIN;
	for (size_t i = 0; i < conf->n_peers && rc == 0; i++) {
		if (peer_find_services(&conf->peers[i]))
			continue;
		known = false;
		rc = xt_conf_diagnostics_add(
		    diagnostics, XT_LINT_SYNTAX, conf->peers[i].endpoint_line, 1,
		    "Endpoint: no UDP service of this name in /etc/services; expected a port number "
		    "from 1 to 65535 after the colon");
	}
	if (rc < 0)
		return rc;
	return known ? 0 : XT_E_SYNTAX;
}
