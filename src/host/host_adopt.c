/* SPDX-License-Identifier: MIT */
/* What is set in the host goes from one process to another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "host/handover.h"
#include "host/host_impl.h"

void xt_host_init(struct xt_host *host, uv_loop_t *uv, const struct xt_host_options *options)
{
	host->uv = uv;
	host->runner = options->runner;
	host->conf = options->conf;
	memcpy(host->name, options->conf->name, sizeof(host->name));
	snprintf(host->run_dir, sizeof(host->run_dir), "%s",
		 options->run_dir ? options->run_dir : "");
}

int xt_host_adopt(struct xt_host **out, uv_loop_t *uv, const struct xt_host_options *options,
		  const struct xt_host_adoption *from, int state_file)
{
	struct xt_host *host = calloc(1, sizeof(*host));
	int rc = 0;

	if (!host)
		return XT_E_NOMEM;
	xt_host_init(host, uv, options);
	host->state = from->state;
	host->dns_way = from->dns_way;
	host->without_ipv6 = from->without_ipv6;
	if (state_file >= 0)
		rc = xt_state_adopt(&host->file, host->run_dir, host->name, state_file);
	if (rc < 0) {
		close(state_file);
		free(host);
		return rc;
	}
	*out = host;
	return 0;
}

int xt_host_adoption(const struct xt_host *host, struct xt_host_adoption *out)
{
	out->state = host->state;
	out->dns_way = host->dns_way;
	out->without_ipv6 = host->without_ipv6;
	return host->file ? xt_state_fd(host->file) : -1;
}

void xt_host_release(struct xt_host *host)
{
	if (!host)
		return;
	xt_state_close(host->file, false);
	free(host);
}
