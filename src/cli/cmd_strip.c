/* SPDX-License-Identifier: MIT */
/* strip: print a configuration file without the keys that wg(8) does not know. */
#include <stdio.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/term.h"
#include "config/conf_write.h"

const char xt_text_strip[] =
    "\nPrints what wg(8) reads: the lines of the file without the keys of wg-quick(8) and those that\n"
    "only xtunnel knows. PrivateKeyFile and PresharedKeyFile become the keys that the files hold, and\n"
    "of several endpoints the first stays. So the output holds keys. Nothing needs to run.\n"
    "PrivateKeyCommand is not run: of such a file the output has no PrivateKey, which is said.\n"
    "The exit status is 4 when the file has an error, which is printed with its place.\n";

int xt_cmd_strip(const struct xt_args *args)
{
	struct xt_conf conf;
	struct xt_secbuf text;
	char *out = NULL;
	size_t len;
	int status = xt_conf_open_text(&conf, args->operands[0], &text, stderr);

	if (conf.private_key_command)
		xt_message("PrivateKeyCommand is not run by strip: the output has no private key");
	if (status == XT_EXIT_OK && xt_conf_strip(&conf, text.p, text.len, &out, &len) < 0)
		status = xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(XT_E_NOMEM));
	if (out) {
		setvbuf(stdout, NULL, _IONBF, 0);  /* keep no copy of the keys in a buffer */
		(void)fwrite(out, 1, len, stdout); /* main says when it failed */
		xt_wipe(out, len);
		free(out);
	}
	xt_secbuf_clear(&text);
	xt_conf_clear(&conf);
	return status;
}
