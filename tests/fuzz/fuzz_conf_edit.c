/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* parses: src/config/conf_write.c src/config/conf_strip.c src/config/conf_diff.c
 * src/config/conf_diff_keys.c src/config/conf_update.c src/config/conf_names.c */
/* Any two files, separated by a byte 0x1e: what is written of a file that `run` takes reads as the
 * same file, what `strip` prints is a file, the difference of a file to itself is empty, and that
 * to the other one can be applied to a device that runs the first. */
#include <xtunnel/xtunnel.h>

#include "config/conf_diff.h"
#include "config/conf_write.h"
#include "fuzz/input.h"

static bool conf_read(struct xt_conf *conf, const char *text, size_t len)
{
	struct xt_conf_diagnostics diagnostics = {0};
	bool read = xt_conf_parse(conf, "wg0", text, len, &diagnostics) == 0 &&
		    xt_conf_check(conf, &diagnostics) == 0;

	xt_conf_diagnostics_clear(&diagnostics);
	return read;
}

/* Writing what was written changes nothing. */
static void conf_rewrite(const struct xt_conf *conf)
{
	char *text, *again;
	size_t len, again_len;
	struct xt_conf copy;

	check(xt_conf_write(conf, &text, &len) == 0);
	check(conf_read(&copy, text, len));
	check(xt_conf_write(&copy, &again, &again_len) == 0);
	check(len == again_len && memcmp(text, again, len) == 0);
	xt_conf_clear(&copy);
	free(text);
	free(again);
}

static void conf_strip(const struct xt_conf *conf, const char *text, size_t len)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf copy;
	char *out;
	size_t out_len;

	for (size_t i = 0; i < conf->n_peers; i++)
		if (conf->peers[i].psk_file)
			return; /* the file would have to be read */
	if (conf->private_key_file)
		return;
	check(xt_conf_strip(conf, text, len, &out, &out_len) == 0);
	check(xt_conf_parse(&copy, "wg0", out, out_len, &diagnostics) == 0);
	xt_conf_clear(&copy);
	xt_conf_diagnostics_clear(&diagnostics);
	free(out);
}

static void random_fill(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	memset(buf, 7, n);
}

/* A device that runs the file; NULL: it takes it not. */
static struct xt_device *device_run(const struct xt_conf *conf, struct xt_time now)
{
	const struct xt_env env = {.random = random_fill};
	struct xt_device *device;
	struct xt_change change;

	check(xt_device_new(&device, &env) == 0);
	check(xt_conf_change(conf, &change) == 0);
	if (xt_device_apply(device, now, &change) != 0) {
		xt_device_free(device);
		device = NULL;
	}
	xt_change_clear(&change);
	return device;
}

static void confs_compare(struct xt_conf *conf, const struct xt_conf *other)
{
	const struct xt_time now = {1000000000, 1800000000000000000u};
	struct xt_device *device = device_run(conf, now);
	struct xt_report *report = NULL;
	struct xt_conf_running running = {.conf = conf};
	struct xt_conf_force force = {.mtu = 1420};
	struct xt_conf_diff diff;

	if (!device)
		return;
	check(xt_device_report(device, now, &report) == 0);
	running.report = report;
	check(xt_conf_diff(&diff, &running, other) == 0);
	(void)xt_conf_diff_refused(&diff);
	check(xt_device_apply(device, now, &diff.change) == 0);
	xt_conf_diff_clear(&diff);
	xt_report_free(report);
	check(xt_device_report(device, now, &report) == 0);
	force.report = report;
	force.addresses = conf->addresses;
	force.n_addresses = conf->n_addresses;
	if (xt_conf_update(conf, &force) == 0)
		conf_rewrite(conf);
	xt_report_free(report);
	xt_device_free(device);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	size_t first_len, other_len;
	const uint8_t *end = len ? memchr(data, 0x1e, len) : NULL;
	char *first = (char *)input_bytes(&in, end ? (size_t)(end - data) : len, &first_len);
	struct xt_conf conf, other;
	char *rest;

	(void)input_byte(&in);
	rest = (char *)input_bytes(&in, in.len, &other_len);
	if (conf_read(&conf, first, first_len)) {
		conf_rewrite(&conf);
		conf_strip(&conf, first, first_len);
		if (conf_read(&other, rest, other_len))
			confs_compare(&conf, &other);
		xt_conf_clear(&other);
	}
	xt_conf_clear(&conf);
	free(first);
	free(rest);
	return 0;
}
