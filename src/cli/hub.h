/* SPDX-License-Identifier: MIT */
/* A configuration file that a verb changes in place: open, change the text, write and reload, all
 * or nothing. What fails is printed on stderr. */
#ifndef XT_CLI_HUB_H
#define XT_CLI_HUB_H

#include "config/conf.h"
#include "config/conf_edit.h"

/* conf      what is in force of the file
 * disabled  its disabled peers
 * lock      descriptor of the file; other verbs that change it wait */
struct xt_hub {
	struct xt_conf conf, disabled;
	struct xt_secbuf text;
	struct xt_edit edit;
	int lock;
};

/* Load, check and lock the file of NAME|FILE. write: it is going to be changed. XT_EXIT_OK or
 * another enum xt_exit. The caller closes hub in every case. */
int xt_hub_open(struct xt_hub *hub, const char *word, bool write);
void xt_hub_close(struct xt_hub *hub);

/* The peer of that Name or public key; *disabled: it is. NULL: none, or several, which is
 * printed. */
const struct xt_conf_peer *xt_hub_peer(const struct xt_hub *hub, const char *word, bool *disabled);
/* Has a peer, disabled or not, this Name? */
bool xt_hub_has_name(const struct xt_hub *hub, const char *name);

/* Would xt_hub_commit refuse text? Changes nothing. enum xt_exit. */
int xt_hub_judge(const struct xt_hub *hub, const struct xt_secbuf *text);
/* Replace the file by text, which is checked before, and reload the instance that runs with it.
 * When that fails, file and instance are as before. Signals that would end the program wait.
 * finish, if not NULL, is the last step; it returns false and prints why it failed.
 * enum xt_exit. */
typedef bool xt_hub_finish(void *ctx);
int xt_hub_commit(struct xt_hub *hub, const struct xt_secbuf *text, xt_hub_finish *finish,
		  void *ctx);
/* The same for the file of a key that the configuration names, as PrivateKeyFile: path as it stands
 * there. */
int xt_hub_commit_key(struct xt_hub *hub, const char *path, const uint8_t key[32],
		      xt_hub_finish *finish, void *ctx);

#endif
