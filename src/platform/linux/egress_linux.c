/* SPDX-License-Identifier: MIT */
/* Ask the kernel for the route of a path, and remember the answer in a direct-mapped table. */
#include "platform/linux/egress_linux.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "platform/link/link_returns.h"
#include "platform/linux/nl_linux.h"
#include "platform/linux/route_way_linux.h"

#define LOOPBACK 1 /* the index of `lo` in every namespace */
#define ENTRIES	 1024

/* generation  of the routing when it was judged; 0: the entry is empty
 * egress      where its datagrams leave; link 0: there is no route */
struct entry {
	struct xt_path path;
	uint32_t generation;
	enum xt_egress_use use;
	struct xt_route_way egress;
	struct xt_path replacement;
};

struct xt_egress_cache {
	struct xt_link_returns returns;
	struct xt_nl nl;
	uint32_t generation; /* never 0 */
	struct entry entries[ENTRIES];
};

int xt_egress_cache_new(struct xt_egress_cache **out)
{
	struct xt_egress_cache *cache = calloc(1, sizeof(*cache));
	int rc;

	if (!cache)
		return XT_E_NOMEM;
	rc = xt_nl_open(&cache->nl);
	if (rc < 0) {
		free(cache);
		return rc;
	}
	cache->generation = 1;
	*out = cache;
	return 0;
}

void xt_egress_cache_free(struct xt_egress_cache *cache)
{
	if (!cache)
		return;
	xt_nl_close(&cache->nl);
	free(cache);
}

void xt_egress_expire(struct xt_egress_cache *cache)
{
	if (++cache->generation == 0)
		cache->generation = 1;
}

/* As xt_route_way, with the mark of fd. */
static int egress_query(struct xt_egress_cache *cache, int fd, const struct xt_endpoint *remote,
			const struct xt_ip *source, struct xt_route_way *out)
{
	uint32_t mark = 0;
	socklen_t len = sizeof(mark);

	(void)getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len);
	return xt_route_way(&cache->nl, remote, source, mark, out);
}

/* The state of a dump of addresses: where wanted is, and what may replace it.
 * rank  of best, 0: none was found */
struct choice {
	const struct xt_route_way *egress;
	const struct xt_ip *wanted;
	unsigned avoid;
	bool on_tunnel, elsewhere; /* wanted is an address of the tunnel, of another interface */
	bool on_egress;		   /* of the link that is left by, or of loopback */
	unsigned rank;
	struct xt_path *best;
};

/* An address of the link that is left by comes first. A link-local one serves hosts on that link,
 * so behind a gateway any other address is better. */
static unsigned address_rank(const struct choice *choice, const struct ifaddrmsg *msg,
			     const struct xt_ip *ip)
{
	bool here = msg->ifa_index == choice->egress->link;
	bool far = choice->egress->gateway.family != 0;

	if (msg->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED))
		return 0;
	if (xt_ip_is_link_local(ip) && ip->family == 6)
		return !here ? 0 : far ? 1 : 3;
	if (msg->ifa_scope >= RT_SCOPE_LINK)
		return 0;
	return here ? 4 : 2;
}

static void address_judge(struct choice *choice, const struct ifaddrmsg *msg,
			  const struct xt_ip *ip)
{
	bool wanted = xt_ip_equal(ip, choice->wanted);
	unsigned rank;

	if (msg->ifa_index == choice->avoid) {
		choice->on_tunnel |= wanted;
		return;
	}
	choice->elsewhere |= wanted;
	choice->on_egress |=
	    wanted && (msg->ifa_index == choice->egress->link || msg->ifa_index == LOOPBACK);
	rank = address_rank(choice, msg, ip);
	if (rank <= choice->rank || !choice->best)
		return;
	choice->rank = rank;
	choice->best->local = *ip;
	choice->best->ifindex = choice->egress->link;
}

static int address_seen(const struct nlmsghdr *nlh, void *data)
{
	struct choice *choice = data;
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFA_LOCAL + 1];
	struct xt_ip ip;

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*msg), attrs, XT_LEN(attrs));
	if (xt_nl_get_ip(&ip, msg->ifa_family,
			 attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS]) &&
	    ip.family == choice->wanted->family)
		address_judge(choice, msg, &ip);
	return MNL_CB_OK;
}

static int addresses_query(struct xt_egress_cache *cache, struct choice *choice)
{
	struct nlmsghdr *nlh =
	    xt_nl_begin(&cache->nl, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);

	msg->ifa_family = xt_nl_family(choice->wanted);
	return xt_nl_request(&cache->nl, address_seen, choice);
}

/* The kernel's own choice, or what replaces it. */
static enum xt_egress_use choice_judge(struct xt_egress_cache *cache, int fd, unsigned avoid,
				       struct entry *entry)
{
	struct choice choice = {.egress = &entry->egress,
				.wanted = &entry->egress.source,
				.avoid = avoid,
				.best = &entry->replacement};

	entry->replacement = entry->path;
	if (egress_query(cache, fd, &entry->path.remote, NULL, &entry->egress) < 0)
		return XT_EGRESS_AS_IS;
	/* Out by the tunnel itself: a loop, which the TUN end recognises. */
	if (!avoid || entry->egress.link == avoid || !entry->egress.source.family)
		return XT_EGRESS_AS_IS;
	if (addresses_query(cache, &choice) < 0 || !choice.on_tunnel || choice.elsewhere)
		return XT_EGRESS_AS_IS;
	if (!choice.rank)
		return XT_EGRESS_NONE;
	entry->egress.source = entry->replacement.local;
	return XT_EGRESS_REPLACE;
}

/* A pinned address holds while the route leaves by the link that datagrams to it came by. It also
 * holds when it is an address of the link that the route leaves by now, or of loopback, which is
 * bound to no link. */
static bool pin_holds(struct xt_egress_cache *cache, int fd, unsigned avoid,
		      const struct xt_path *path, struct xt_route_way *egress)
{
	struct choice choice = {.egress = egress, .wanted = &path->local, .avoid = avoid};

	if (egress_query(cache, fd, &path->remote, &path->local, egress) < 0)
		return false;
	egress->source = path->local;
	if (addresses_query(cache, &choice) < 0)
		return true;
	if (choice.on_tunnel && !choice.elsewhere)
		return false;
	return !path->ifindex || egress->link == path->ifindex || choice.on_egress;
}

static void entry_judge(struct xt_egress_cache *cache, int fd, unsigned avoid, struct entry *entry)
{
	bool pinned = entry->path.local.family == entry->path.remote.ip.family;
	struct xt_route_way egress;

	entry->generation = cache->generation;
	if (pinned && pin_holds(cache, fd, avoid, &entry->path, &egress)) {
		entry->use = XT_EGRESS_AS_IS;
		entry->egress = egress;
		return;
	}
	entry->use = choice_judge(cache, fd, avoid, entry);
	if (pinned && entry->use == XT_EGRESS_AS_IS)
		entry->use = XT_EGRESS_UNPIN;
}

static const struct entry *entry_find(struct xt_egress_cache *cache, int fd, unsigned avoid,
				      const struct xt_path *path)
{
	struct entry *entry = &cache->entries[xt_hash(path, sizeof(*path)) % ENTRIES];

	/* The cache's generation is never 0, that of an entry without a path. */
	if (entry->generation == cache->generation &&
	    memcmp(&entry->path, path, sizeof(*path)) == 0)
		return entry;
	entry->path = *path;
	entry_judge(cache, fd, avoid, entry);
	return entry;
}

enum xt_egress_use xt_egress_judge(struct xt_egress_cache *cache, int fd, unsigned avoid,
				   const struct xt_path *path, struct xt_path *replacement)
{
	const struct entry *entry = entry_find(cache, fd, avoid, path);

	*replacement = entry->replacement;
	return entry->use;
}

void xt_egress_link_returned(struct xt_egress_cache *cache, unsigned link)
{
	xt_link_returned(&cache->returns, link);
}

uint64_t xt_egress_way(struct xt_egress_cache *cache, int fd, unsigned avoid,
		       const struct xt_path *path)
{
	const struct entry *entry = entry_find(cache, fd, avoid, path);

	const struct xt_route_way *egress = &entry->egress;
	struct {
		uint32_t link, returns;
		struct xt_ip source, gateway;
		uint8_t zero[2]; /* in place of padding */
	} key = {.link = egress->link,
		 .returns = xt_link_returned_n(&cache->returns, egress->link)};

	if (!egress->link || entry->use == XT_EGRESS_NONE)
		return XT_WAY_NONE;
	key.source = egress->source;
	key.gateway = egress->gateway;
	return XT_MAX(xt_hash(&key, sizeof(key)), XT_WAY_NONE + 1);
}

void xt_egress_source(struct xt_egress_cache *cache, int fd, unsigned avoid,
		      const struct xt_path *path, struct xt_ip *out)
{
	const struct entry *entry = entry_find(cache, fd, avoid, path);

	if (entry->egress.source.family)
		*out = entry->egress.source;
}
