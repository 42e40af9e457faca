/* SPDX-License-Identifier: MIT */
/* What the host says when it does not send a datagram. */
#include <errno.h>
#include <stddef.h>

#include "ipc/why_impl.h"

static const struct xt_why_errno errnos[] = {
    {ENETUNREACH, "no route", "no route (ENETUNREACH)"},
    {EHOSTUNREACH, "no route", "no route to the host (EHOSTUNREACH)"},
    {EADDRNOTAVAIL, "source", "the source address is not this host's (EADDRNOTAVAIL)"},
    {EINVAL, "source", "the source address or the route is refused (EINVAL)"},
    {EPERM, "not permitted", "not permitted (EPERM)"},
    {EACCES, "prohibited", "prohibited (EACCES)"},
    {ENETDOWN, "link", "the link is down (ENETDOWN)"},
    {ENODEV, "link", "the link has gone (ENODEV)"},
    {ENXIO, "link", "the link has gone (ENXIO)"},
    {EMSGSIZE, "size", "the datagram is too large (EMSGSIZE)"},
    {ENOBUFS, "memory", "no room (ENOBUFS)"},
    {ENOMEM, "memory", "no memory (ENOMEM)"},
    {EAFNOSUPPORT, "family", "no such address family (EAFNOSUPPORT)"},
    {0, "other", "error"},
};

const struct xt_why_errno *xt_why_errno(int number)
{
	size_t i = 0;

	while (errnos[i].number && errnos[i].number != number)
		i++;
	return &errnos[i];
}
