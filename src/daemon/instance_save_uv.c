/* SaveConfig and `save`: what is in force goes into the file that the instance was started with. */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "daemon/instance_uv.h"
#include "base/message.h"
#include "config/conf_write.h"

static int conf_update(struct xt_instance *instance, struct xt_conf *file)
{
	struct xt_link_address *addresses = NULL;
	struct xt_report *report = NULL;
	struct xt_conf_force force = {.mtu = xt_tunnel_tun(instance->tunnel)->mtu,
				      .own_mark = xt_host_chosen_mark(instance->host)};
	int rc = xt_tunnel_report(instance->tunnel, &report);

	if (rc == 0)
		rc = xt_link_addresses(xt_tunnel_tun(instance->tunnel)->name, &addresses,
				       &force.n_addresses);
	force.report = report;
	force.addresses = addresses;
	if (rc == 0)
		rc = xt_conf_update(file, &force);
	free(addresses);
	xt_report_free(report);
	return rc;
}

static int file_replace(const char *path, const struct xt_conf *file)
{
	char *text;
	size_t len;
	int rc = xt_conf_write(file, &text, &len);

	if (rc < 0)
		return rc;
	rc = xt_conf_replace(path, text, len);
	xt_wipe(text, len);
	free(text);
	return rc;
}

int xt_instance_save(struct xt_instance *instance, bool unasked)
{
	const char *path = instance->conf->path;
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf file = {0};
	int rc = -ENOENT;

	/* Hooks and the like may have been edited meanwhile: they stay as they stand there. */
	if (path)
		rc = xt_conf_load(&file, path, &diagnostics);
	if (rc == 0 && unasked && !file.save_config) {
		xt_conf_diagnostics_clear(&diagnostics);
		xt_conf_clear(&file);
		return 0;
	}
	if (rc == 0)
		rc = conf_update(instance, &file);
	if (rc == 0)
		rc = file_replace(path, &file);
	if (rc == XT_E_SYNTAX)
		xt_message("%s: %s has errors now: it was not replaced (xtunnel check %s)",
			   instance->conf->name, path, path);
	else if (rc < 0)
		xt_message("%s: %s was not replaced: %s", instance->conf->name,
			   path ? path : "a file", xt_strerror(rc));
	xt_conf_diagnostics_clear(&diagnostics);
	xt_conf_clear(&file);
	return rc;
}

void xt_instance_save_at_end(struct xt_instance *instance)
{
	if (instance->conf->save_config)
		(void)xt_instance_save(instance, true);
	instance->post(instance, XT_INSTANCE_DONE);
}
