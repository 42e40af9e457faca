/* SPDX-License-Identifier: MIT */
/* Host is compared because a page of another site may have its name resolved to this host: its
 * scripts would read what only local users may. */
#include "exporter/http_rules.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

static bool name_is(const char *name, size_t len, const char *wanted)
{
	return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

static bool name_is_of(const char *name, size_t len, const char *list)
{
	while (list && *list) {
		size_t n = strcspn(list, ",");

		if (n && n == len && strncasecmp(name, list, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* Length of the host without brackets and port; *name is moved behind a bracket. 0: not a host. */
static size_t host_name(const char **name)
{
	const char *end;
	size_t len;

	if (**name == '[') {
		end = strchr(++*name, ']');
		if (!end || (end[1] && end[1] != ':'))
			return 0;
		len = (size_t)(end - *name);
		end++;
	} else {
		len = strcspn(*name, ":");
		end = *name + len;
	}
	if (*end == ':' && (end[1] == '\0' || end[1 + strspn(end + 1, "0123456789")] != '\0'))
		return 0;
	return len;
}

static int host_judge(const struct xt_http_rules *rules, const struct xt_http_request *request)
{
	const char *name = request->host;
	size_t len;

	if (request->n_hosts != 1 || !name)
		return 400;
	len = host_name(&name);
	if (len == 0)
		return 400;
	if (name_is(name, len, "localhost") || name_is(name, len, "127.0.0.1") ||
	    name_is(name, len, "::1") || (rules->address && name_is(name, len, rules->address)) ||
	    name_is_of(name, len, rules->hosts))
		return 0;
	return 403;
}

int xt_http_judge(const struct xt_http_rules *rules, const struct xt_http_request *request,
		  enum xt_http_route *route)
{
	static const struct {
		const char *path;
		enum xt_http_route route;
	} routes[] = {{"/metrics", XT_HTTP_METRICS},
		      {"/healthz", XT_HTTP_HEALTH},
		      {"/status.json", XT_HTTP_STATUS},
		      {"/", XT_HTTP_PAGE}};
	int code = host_judge(rules, request);

	if (code)
		return code;
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return 405;
	if (request->body)
		return 413;
	for (size_t i = 0; i < XT_LEN(routes); i++) {
		if (strcmp(request->path, routes[i].path) != 0)
			continue;
		*route = routes[i].route;
		return 0;
	}
	return 404;
}

const char *xt_http_refusal(int code)
{
	switch (code) {
	case 400:
		return "one Host is needed\n";
	case 403:
		return "this Host is not served here; `xtunnel exporter --host NAME` serves it\n";
	case 405:
		return "GET and HEAD only\n";
	case 413:
		return "no body is taken\n";
	case 404:
		return "there are /, /metrics, /healthz and /status.json\n";
	default:
		return "the running instances cannot be listed\n";
	}
}

enum xt_metrics_format xt_http_format(const char *accept)
{
	return accept && strstr(accept, "application/openmetrics-text") ? XT_METRICS_OPENMETRICS
									: XT_METRICS_TEXT;
}
