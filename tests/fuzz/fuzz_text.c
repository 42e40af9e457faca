/* SPDX-License-Identifier: MIT */
/* layers: cli daemon host config tunnel platform ipc core crypto packet base */
/* parses: src/base/addr.c src/base/text.c src/config/newconf.c src/daemon/log_level.c
 * src/cli/args.c src/platform/posix/offload_posix.c */
/* Any words where a person or a program sets words: the command line, the environment, hosts of a
 * new tunnel, and the small parsers that all of these use. What was parsed is printed and parsed
 * again as the same. The first byte chooses; words end with a line end. */
#include "base/addr.h"
#include "base/message.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/args.h"
#include "config/newconf.h"
#include "daemon/log_level.h"
#include "daemon/plan.h"
#include "fuzz/input.h"

#define WORDS 12

static void output_drop(const char *text, size_t len)
{
	check(len && text[len - 1] == '\n');
}

static void keys_read(const char *text)
{
	uint8_t key[32], again[32];
	char base64[XT_KEY_BASE64], hex[XT_KEY_HEX];

	if (xt_key_from_base64(key, text, strlen(text))) {
		xt_key_to_base64(base64, key);
		check(strcmp(base64, text) == 0);
	}
	if (xt_key_from_hex(key, text, strlen(text))) {
		xt_key_to_hex(hex, key);
		check(strcasecmp(hex, text) == 0 && xt_key_from_hex(again, hex, 64) &&
		      memcmp(key, again, 32) == 0);
	}
}

static void address_read(const char *text)
{
	char buf[XT_ENDPOINT_TEXT];
	struct xt_ip ip, ip2;
	struct xt_cidr cidr, cidr2;
	struct xt_endpoint ep, ep2;
	uint64_t n;

	if (xt_ip_parse(&ip, text) == 0)
		check(xt_ip_parse(&ip2, xt_ip_print(&ip, buf)) == 0 && xt_ip_equal(&ip, &ip2));
	if (xt_cidr_parse(&cidr, text) == 0) {
		check(xt_cidr_parse(&cidr2, xt_cidr_print(&cidr, buf)) == 0);
		check(xt_ip_equal(&cidr.ip, &cidr2.ip) && cidr.bits == cidr2.bits);
		xt_cidr_mask(&cidr);
		check(xt_cidr_contains(&cidr, &cidr2.ip));
	}
	if (xt_endpoint_parse(&ep, text) == 0)
		check(xt_endpoint_parse(&ep2, xt_endpoint_print(&ep, buf)) == 0 &&
		      xt_endpoint_equal(&ep, &ep2));
	if (xt_number(&n, text, 1000000, true))
		check(n <= 1000000);
}

static void text_read(struct input *in)
{
	char *text = input_text(in, '\0');

	keys_read(text);
	address_read(text);
	(void)xt_conf_name_valid(text);
	(void)xt_conf_word(text);
	xt_text_clean(text);
	check(xt_text_is_printable(text));
	free(text);
}

static void new_read(struct input *in)
{
	char *a = input_text(in, '\n'), *b = input_text(in, '\n'), *net = input_text(in, '\n');
	char *text[2], label[64];
	struct xt_newconf new;
	int bad = 0;

	if (xt_newconf_init(&new, a, b, &bad) == 0 && !xt_newconf_address(&new, net)) {
		struct xt_conf_diagnostics diagnostics = {0};
		struct xt_conf conf;

		check(xt_newconf_text(&new, text) == 0);
		for (int i = 0; i < 2; i++) {
			xt_newconf_label(&new.end[i], label);
			check(xt_text_is_printable(label));
			/* Its own file is read without an error, whatever the hosts are. */
			check(xt_conf_parse(&conf, NULL, text[i], strlen(text[i]), &diagnostics) ==
			      0);
			xt_conf_clear(&conf);
			xt_conf_diagnostics_clear(&diagnostics);
			free(text[i]);
		}
	}
	check(bad == 0 || bad == 1);
	free(a);
	free(b);
	free(net);
}

static void environment_read(struct input *in)
{
	static const char *const names[] = {"LOG_LEVEL", "WG_LOG_LEVEL", "XT_OFFLOAD", "XT_URING",
					    "WG_THREADS"};
	struct xt_conf conf = {0};
	char why[200];

	for (size_t i = 0; i < XT_LEN(names); i++) {
		char *value = input_text(in, '\n');

		check((strcmp(value, "-") ? setenv(names[i], value, 1) : unsetenv(names[i])) == 0);
		free(value);
	}
	(void)xt_log_level_env(XT_LOG_WARNING);
	if (!xt_plan_environment(why, sizeof(why)))
		check(xt_text_is_printable(why));
	else
		check(xt_plan_threads(&conf) <= 1024);
	(void)xt_plan_offload_off(&conf);
	xt_log_set_level(XT_LOG_SILENT);
	for (size_t i = 0; i < XT_LEN(names); i++)
		unsetenv(names[i]);
}

static int verb_run(const struct xt_args *args)
{
	(void)args;
	return 0;
}

static void args_read(struct input *in)
{
	static const struct xt_option options[] = {{'t', "timeout", "SECONDS", "seconds"},
						   {'c', "count", "N", "how many"},
						   {0, "secrets", NULL, "a switch"},
						   {'o', "output", "[=FILE]", "may lack"},
						   {0}};
	static const struct xt_verb table[] = {
	    {"run", "NAME", 1, 1, "one", "", NULL, options, verb_run},
	    {"reload", "[NAME]", 0, 1, "perhaps one", "", NULL, NULL, verb_run},
	    {"capture", "NAME...", 1, -1, "many", "", NULL, options, verb_run},
	    {0}};
	char *words[WORDS + 2] = {(char *)"xtunnel"}, *argv[WORDS + 2], message[256] = "";
	struct xt_args args;
	enum xt_args_action action;
	uint64_t number;
	int n = 1;

	while (in->len && n <= WORDS)
		words[n++] = input_text(in, '\n');
	memcpy(argv, words, sizeof(argv)); /* the parser permutes them */
	action = xt_args_parse(&args, table, n, argv, message, sizeof(message));
	check(action != XT_ARGS_WRONG || *message);
	check(strlen(message) < sizeof(message));
	if (action == XT_ARGS_RUN && args.verb->options) {
		check(args.n >= args.verb->min);
		if (xt_args_number(&args, 1, 1, 1000, 5, &number))
			check(number >= 1 && number <= 1000);
		if (xt_args_seconds(&args, 0, 10, 60000, 500, &number))
			check(number >= 10 && number <= 60000);
	}
	while (n > 1)
		free(words[--n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};

	xt_output_set(output_drop);
	switch (input_byte(&in) % 4) {
	case 0:
		text_read(&in);
		break;
	case 1:
		new_read(&in);
		break;
	case 2:
		environment_read(&in);
		break;
	case 3:
		args_read(&in);
		break;
	}
	return 0;
}
