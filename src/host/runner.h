/* SPDX-License-Identifier: MIT */
/* What the monitor and the runner of an instance send to each other, and what the runner accepts.
 *
 * The runner is forked before any lock is taken, so that hooks and programs have the rights that
 * they always had. It runs hook N of the configuration file that it read itself, a few programs
 * with words that it checks, and nothing else: no message holds a command. Each request is answered
 * once by a message of its own kind and serial number (host/channel_uv.h), except where it says so.
 * Both ends are one program: structures are in the memory's form. */
#ifndef XT_HOST_RUNNER_H
#define XT_HOST_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xtunnel/types.h>

/* The comment names the data of the request, then that of the answer. */
enum xt_runner_kind {
	/* The interface's name, 16 bytes; not answered. Before the first hook or program: a TUN
	 * device may have another name than the file. */
	XT_RUNNER_NAME = 1,
	/* xt_runner_hook -> xt_runner_text, then the command's text without NUL, to be printed
	 * before it runs; empty: the list has no such hook. */
	XT_RUNNER_HOOK_TEXT,
	/* xt_runner_hook -> struct xt_hooks_result; -ERANGE: no such hook. */
	XT_RUNNER_HOOK,
	/* xt_runner_command, the words, the input -> struct xt_command_result; -EPERM: not such a
	 * program or such words. */
	XT_RUNNER_COMMAND,
	/* End the hook or program of this serial number, which is answered as always; not
	 * answered. */
	XT_RUNNER_CANCEL,
	/* Read the configuration file again -> int: 0, -errno, XT_E_*; after an error the hooks are
	 * those of before. */
	XT_RUNNER_READ,
	/* Standard output and error are /dev/null from now on; not answered. */
	XT_RUNNER_DETACH,
	/* Read the configuration file, and run its PrivateKeyCommand -> xt_runner_key. The hooks
	 * are not changed by that. */
	XT_RUNNER_KEY,
	XT_RUNNER_KINDS,
};

/* list: an enum xt_hook_list. index: in it. capture: 0 or 1, of XT_RUNNER_HOOK. */
struct xt_runner_hook {
	uint32_t list, index, capture;
};
/* line: of the hook in its file. */
struct xt_runner_text {
	uint32_t line;
};
/* n_words  words follow, each with its NUL, of words_len bytes together
 * the rest of the message is the standard input */
struct xt_runner_command {
	uint32_t n_words, words_len;
};

/* error  0; -errno or XT_E_*, and text says why, "" if the error does */
struct xt_runner_key {
	int32_t error;
	char text[164];
	struct xt_private key;
};

#define XT_RUNNER_MESSAGE_MAX (4u << 20)
#define XT_RUNNER_TEXT_MAX    (64u << 10) /* of a command that is printed; the rest is cut off */
#define XT_RUNNER_WORDS_MAX   256
#define XT_RUNNER_TASKS_MAX   16 /* at once; one more is answered with -EBUSY */

/* The runner may run these words with that input for the interface: nft with the rules of its table
 * alone (host/firewall.h), resolvconf, resolvectl and scutil with the interface, addresses and
 * domains. */
bool xt_runner_command_ok(const char *interface, const char *const *words, size_t n,
			  const char *input, size_t len);

#endif
