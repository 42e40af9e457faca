/* SPDX-License-Identifier: MIT */
/* The addresses of this host by getifaddrs, its instances by their control sockets, and those of
 * other programs by the sockets of wg(8). Nothing is printed: a user without rights sees less. */
#include "cli/check_host.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/size.h"
#include "base/text.h"
#include "cli/networks.h"
#include "crypto/dh.h"
#include "daemon/rundir.h"
#include "ipc/client.h"
#include "ipc/uapi_client.h"

#define SILENCE_MS 2000 /* an instance that does not answer is left out */

static void *array_grow(void *v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 16;
	void *grown;

	if (n < *cap)
		return v;
	grown = xt_items_resize(v, more, size);
	if (grown)
		*cap = more;
	return grown;
}

static int addresses_read(struct xt_lint_host *out)
{
	struct ifaddrs *all;
	int rc = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (struct ifaddrs *at = all; at && rc == 0; at = at->ifa_next) {
		struct xt_lint_address *v, address = {0};

		if (!xt_networks_address(&address.cidr, at))
			continue;
		snprintf(address.interface, sizeof(address.interface), "%s", at->ifa_name);
		xt_text_clean(address.interface);
		v = array_grow(out->addresses, out->n_addresses, &out->cap_addresses, sizeof(*v));
		if (v) {
			out->addresses = v;
			v[out->n_addresses++] = address;
		} else {
			rc = XT_E_NOMEM;
		}
	}
	freeifaddrs(all);
	return rc;
}

static int instance_add_network(struct xt_lint_instance *instance, size_t *cap, const char *text)
{
	struct xt_cidr cidr, *v;

	if (!text || xt_cidr_parse(&cidr, text) < 0)
		return 0;
	v = array_grow(instance->networks, instance->n_networks, cap, sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	xt_cidr_mask(&cidr);
	instance->networks = v;
	v[instance->n_networks++] = cidr;
	return 0;
}

/* From the answer to `show`. */
static int instance_read_status(struct xt_lint_instance *instance, const json_t *status)
{
	const char *key = json_string_value(json_object_get(status, "public_key"));
	json_int_t port = json_integer_value(json_object_get(status, "listen_port"));
	size_t cap = 0, i, j;
	const json_t *peer, *network;
	int rc = 0;

	instance->port = port > 0 && port <= 65535 ? (uint16_t)port : 0;
	instance->has_key = key && xt_key_from_base64(instance->key.b, key, strlen(key));
	json_array_foreach(json_object_get(status, "peers"), i, peer)
	    json_array_foreach(json_object_get(peer, "allowed_ips"), j, network) if (rc == 0) rc =
		instance_add_network(instance, &cap, json_string_value(network));
	return rc;
}

/* From a reply to wg(8): lines "key=value". */
static int instance_read_uapi(struct xt_lint_instance *instance, char *text)
{
	struct xt_private private_key;
	size_t cap = 0;
	uint64_t number;
	int rc = 0;

	for (char *rest = text, *line; rc == 0 && (line = strsep(&rest, "\n"));) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "listen_port") == 0 && xt_number(&number, value, 65535, false))
			instance->port = (uint16_t)number;
		else if (strcmp(line, "allowed_ip") == 0)
			rc = instance_add_network(instance, &cap, value);
		else if (strcmp(line, "private_key") == 0 &&
			 xt_key_from_hex(private_key.b, value, strlen(value))) {
			xt_dh_clamp(&private_key);
			xt_dh_public(&instance->key, &private_key);
			xt_wipe(&private_key, sizeof(private_key));
			instance->has_key = true;
		}
	}
	return rc;
}

static struct xt_lint_instance *instance_new(struct xt_lint_host *out, const char *name)
{
	struct xt_lint_instance *v =
	    array_grow(out->instances, out->n_instances, &out->cap_instances, sizeof(*v));

	if (!v)
		return NULL;
	out->instances = v;
	v = &v[out->n_instances++];
	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%s", name);
	xt_text_clean(v->name);
	return v;
}

static int instance_ask_control(struct xt_lint_host *out, const char *name)
{
	struct xt_lint_instance *instance;
	struct xt_client *client;
	char path[XT_RUNSOCK_MAX];
	json_t *status = NULL;
	int rc;

	if (!xt_rundir_find(path, name) || xt_client_open(&client, path) < 0)
		return 0;
	rc = xt_client_request(client, json_pack("{s:s}", "do", "show"), SILENCE_MS, &status);
	xt_client_close(client);
	if (rc == 0) {
		instance = instance_new(out, name);
		rc = instance ? instance_read_status(instance, status) : XT_E_NOMEM;
	}
	json_decref(status);
	return rc == XT_E_NOMEM ? rc : 0;
}

static int instance_ask_uapi(struct xt_lint_host *out, const char *name)
{
	struct xt_lint_instance *instance;
	struct xt_secbuf reply = {0};
	char path[XT_RUNSOCK_MAX];
	int rc;

	for (size_t i = 0; i < out->n_instances; i++)
		if (strcmp(out->instances[i].name, name) == 0)
			return 0;
	if (!xt_rundir_socket(path, XT_UAPI_DIR, name))
		return 0;
	rc = xt_uapi_client_get(path, &reply);
	if (rc == 0 && reply.p) {
		instance = instance_new(out, name);
		rc = instance ? instance_read_uapi(instance, reply.p) : XT_E_NOMEM;
	}
	xt_secbuf_clear(&reply);
	return rc == XT_E_NOMEM ? rc : 0;
}

int xt_check_host_read(struct xt_lint_host *out)
{
	char **names;
	size_t n;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = addresses_read(out);
	if (xt_rundir_list(&names, &n) == 0) {
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = instance_ask_control(out, names[i]);
		xt_rundir_list_free(names, n);
	}
	if (xt_rundir_trusted(XT_UAPI_DIR) && xt_rundir_list_in(XT_UAPI_DIR, &names, &n) == 0) {
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = instance_ask_uapi(out, names[i]);
		xt_rundir_list_free(names, n);
	}
	return rc;
}

void xt_check_host_clear(struct xt_lint_host *host)
{
	for (size_t i = 0; i < host->n_instances; i++)
		free(host->instances[i].networks);
	free(host->instances);
	free(host->addresses);
	memset(host, 0, sizeof(*host));
}
