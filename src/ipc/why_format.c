/* SPDX-License-Identifier: MIT */
/* How values are written in sentences. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/print_text.h"
#include "ipc/why_impl.h"

bool xt_why_put(char *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(buf, XT_WHY_VALUE, format, args);
	va_end(args);
	return true;
}

bool xt_why_put_count(char *buf, uint64_t n, const char *noun)
{
	return xt_why_put(buf, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

bool xt_why_put_duration(char *buf, uint64_t ns)
{
	uint64_t s = ns / XT_WHY_SECOND;
	size_t used = 0;

	if (ns == XT_NEVER)
		return false;
	if (!s)
		return xt_why_put(buf, "less than 1 second");
	for (size_t i = 0; i < XT_TIME_UNITS; i++) {
		uint64_t n = s / xt_time_units[i].seconds;

		s %= xt_time_units[i].seconds;
		if (n)
			used += (size_t)snprintf(buf + used, XT_WHY_VALUE - used,
						 "%s%" PRIu64 " %s%s", used ? ", " : "", n,
						 xt_time_units[i].name, n == 1 ? "" : "s");
	}
	return true;
}

bool xt_why_put_key(char *buf, const struct xt_public *key)
{
	xt_key_to_base64(buf, key->b);
	return true;
}

bool xt_why_put_ip(char *buf, const struct xt_ip *ip)
{
	if (!ip->family)
		return false;
	xt_ip_print(ip, buf);
	return true;
}

bool xt_why_put_endpoint(char *buf, const struct xt_endpoint *endpoint)
{
	if (!endpoint->ip.family)
		return false;
	xt_endpoint_print_named(endpoint, buf);
	return true;
}
