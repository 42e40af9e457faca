/* SPDX-License-Identifier: MIT */
/* A configuration file as data: a superset of wg-quick(8)'s. Parsing is pure: bytes in, struct
 * xt_conf or a list of errors out. Files that it names (PrivateKeyFile …) are read by conf_load. */
#ifndef XT_CONFIG_CONF_H
#define XT_CONFIG_CONF_H

#include <xtunnel/change.h>
#include <xtunnel/error.h>

#include "base/log.h"
#include "base/secbuf.h"
#include "platform/link.h"

enum xt_echo_mode { XT_ECHO_OFF = 0, XT_ECHO_HOST = 1, XT_ECHO_PEER = 2, XT_ECHO_BOTH = 3 };
/* What a diagnostic is about: a row of lint.def. Its severity is the code's. */
enum xt_lint {
#define X(id, word, severity, meaning, remedy) XT_LINT_##id,
#include "config/lint.def"
#undef X
	XT_LINTS
};
enum xt_severity { XT_SEVERITY_ERROR, XT_SEVERITY_WARNING, XT_SEVERITY_HINT };
const char *xt_lint_word(enum xt_lint code);
enum xt_severity xt_lint_severity(enum xt_lint code);
const char *xt_severity_word(enum xt_severity severity);

enum xt_table { XT_TABLE_AUTO, XT_TABLE_OFF, XT_TABLE_NUMBER };
#define XT_TABLE_MAIN 254u

/* One entry of Endpoint.
 * host     NULL: none; literal address or name
 * service  the port's name as written, "" for a number */
struct xt_conf_endpoint {
	char *host;
	uint16_t port;
	char service[33];
};
#define XT_CONF_ENDPOINTS_MAX 8
#define XT_ENDPOINT_HOLD_S    300 /* the default of EndpointHold */

/* The first entry of Endpoint, which is all that wg(8) knows, has members of its own; see
 * xt_conf_endpoint. */
struct xt_conf_peer {
	unsigned line; /* of its [Peer] */
	struct xt_public key;
	struct xt_psk psk;
	bool has_psk; /* from the file itself or from psk_file */
	char *psk_file;
	char name[XT_NAME_MAX + 1];
	struct xt_cidr *allowed; /* as written, host bits zeroed */
	unsigned *allowed_lines; /* the line of each */
	size_t n_allowed;
	char *endpoint_host; /* NULL: none; literal address or name */
	uint16_t endpoint_port;
	char endpoint_service[33];		 /* the port's name as written, "" for a number */
	struct xt_conf_endpoint *endpoints_more; /* the other entries */
	size_t n_endpoints_more;
	uint32_t endpoint_hold_s; /* 0: the default */
	uint16_t keepalive_s;
	bool has_keepalive;
	unsigned endpoint_line, psk_line, probe_line, key_line;
	unsigned
	    bare; /* which of allowed, from 1, looks like a network and has no length; 0: none */
	struct xt_ip probe_address; /* family 0: chosen */
	bool critical, has_critical;
};

/* bare: without a prefix length */
struct xt_conf_place {
	unsigned line;
	bool bare;
};

struct xt_conf_hook {
	char *command;
	unsigned line;
};
struct xt_conf_hooks {
	struct xt_conf_hook *v;
	size_t n;
};

/* Whether the instance gives up rights. ON: as far as this host allows. STRICT: all, or it does
 * not start. */
enum xt_sandbox_mode { XT_SANDBOX_MODE_ON, XT_SANDBOX_MODE_OFF, XT_SANDBOX_MODE_STRICT };
/* "on", "off" or "strict". false: another word; *out is unchanged. */
bool xt_sandbox_mode_parse(enum xt_sandbox_mode *out, const char *word);
const char *xt_sandbox_mode_text(enum xt_sandbox_mode mode);

struct xt_conf {
	char name[16]; /* interface name, from the file's or given */
	char *path;    /* of the file; NULL for text */
	bool has_key;
	struct xt_private private_key;
	char *private_key_file;
	char *private_key_command;    /* as written; see host/key_command.h, which sets the key */
	struct xt_public command_key; /* of the key that it printed; zeros: it did not run */
	bool has_port;
	uint16_t listen_port;
	uint32_t fwmark;
	struct xt_link_address *addresses;
	size_t n_addresses;
	struct xt_conf_place *address_places; /* of each, as parsed */
	uint32_t mtu; /* 0: automatic, and the path's MTU to each peer is searched for */
	enum xt_table table;
	uint32_t table_number;
	char table_name[64]; /* as written, "" for a number */
	char **dns;
	size_t n_dns;
	unsigned interface_line; /* of the first [Interface]; 0: there is none */
	unsigned dns_line, save_line, key_line, address_line, mtu_line, table_line, echo_line,
	    echo_addresses_line, port_line;
	bool save_config;
	struct xt_conf_hooks pre_up, post_up, pre_down, post_down;
	enum xt_echo_mode echo;
	struct xt_cidr *echo_addresses; /* n 0: the defaults of each mode */
	size_t n_echo_addresses;
	uint32_t echo_rate; /* per second and source, 0: no limit */
	const char *aead;   /* a backend's name; NULL: auto */
	uint32_t threads;   /* that encrypt, 0: auto */
	bool offload_off;
	bool has_log_level;
	enum xt_log_level log_level;
	enum xt_sandbox_mode sandbox;
	char *user; /* of the process that moves packets; NULL: chosen at the start */
	char *owner_user, *owner_group;
	struct xt_conf_peer *peers;
	size_t n_peers;
};

/* An error or warning with its place; line and column count from 1 (0: the file as a whole). */
#define XT_CONF_DIAGNOSTIC_TEXT 240
struct xt_conf_diagnostic {
	enum xt_lint code;
	bool warning;
	unsigned line, column;
	char text[XT_CONF_DIAGNOSTIC_TEXT];
};
/* each   how many of one code are kept; 0: XT_CONF_ERRORS_MAX errors and as many warnings
 * count  of each code, kept or not */
struct xt_conf_diagnostics {
	struct xt_conf_diagnostic *v;
	size_t n, cap, each;
	size_t count[XT_LINTS];
};

/* Parse text and append what is found to diagnostics. 0; XT_E_SYNTAX with at least one error among
 * them and at most XT_CONF_ERRORS_MAX; XT_E_NOMEM. name: the interface (NULL: not known). out is
 * cleared on error. Names of routing tables and services have no number yet, see xt_conf_load. */
int xt_conf_parse(struct xt_conf *out, const char *name, const char *text, size_t len,
		  struct xt_conf_diagnostics *diagnostics);
/* Find, read and parse a file, read its key files (not run its PrivateKeyCommand), warn about file
 * modes. An argument with a '/' or a final ".conf" is a path; any other is a NAME, which stands
 * for /etc/xtunnel/NAME.conf or else /etc/wireguard/NAME.conf. out->path is set as soon as the
 * file was found, also on error (xt_conf_clear frees it). XT_E_SYNTAX or -errno with a diagnostic;
 * XT_E_NOMEM. */
int xt_conf_load(struct xt_conf *out, const char *name_or_path,
		 struct xt_conf_diagnostics *diagnostics);
/* The same, and the text of the file, which holds keys: the caller clears it in every case. */
int xt_conf_load_text(struct xt_conf *out, const char *name_or_path, struct xt_secbuf *text,
		      struct xt_conf_diagnostics *diagnostics);
/* The same for a running instance, which must not wait: a FIFO, also as a key file, is refused with
 * -EINVAL (XT_E_SYNTAX for a key file). */
int xt_conf_reload(struct xt_conf *out, const char *path, struct xt_conf_diagnostics *diagnostics);
/* The same with the text of the file, as xt_conf_load_text. */
int xt_conf_reload_text(struct xt_conf *out, const char *path, struct xt_secbuf *text,
			struct xt_conf_diagnostics *diagnostics);
/* Append what `run` and `up` refuse, and contradictions. 0; XT_E_SYNTAX with an error among them;
 * XT_E_NOMEM. */
int xt_conf_check(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics);
/* For a configuration with hooks or a PrivateKeyCommand, as root: append an error, with the chmod
 * that mends it, for its file, each key file and each directory on the way to them that others may
 * write (a directory with the sticky bit apart), and a warning where a group may. 0; XT_E_SYNTAX
 * with an error among them; XT_E_NOMEM. */
int xt_conf_trust(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics);
void xt_conf_wipe_keys(struct xt_conf *conf); /* the private one, and pre-shared ones */
void xt_conf_clear(struct xt_conf *conf);     /* wipes; conf may be zeroed */
void xt_conf_diagnostics_clear(struct xt_conf_diagnostics *diagnostics);
/* Lines "file:line:column: error: text", to be freed; NULL: no memory. */
char *xt_conf_diagnostics_print(const struct xt_conf_diagnostics *diagnostics, const char *file);

/* The device's part as a change that replaces all peers. Of Endpoint it has the first entry, unless
 * that is a name: the list is given to the device after it. XT_E_NOMEM. */
int xt_conf_change(const struct xt_conf *conf, struct xt_change *out);
/* The public key of the interface. false: the file has no private key. */
bool xt_conf_public_key(struct xt_public *out, const struct xt_conf *conf);
/* The first entry of the peer's Endpoint. false: it has none, or one with a host name. */
bool xt_conf_endpoint(struct xt_endpoint *out, const struct xt_conf_peer *peer);

/* Entry i of Endpoint, from 0; the strings stay the peer's. */
struct xt_conf_endpoint xt_conf_endpoint_at(const struct xt_conf_peer *peer, size_t i);
size_t xt_conf_endpoints(const struct xt_conf_peer *peer); /* how many there are */
/* Is any of them a name? */
bool xt_conf_endpoint_named(const struct xt_conf_peer *peer);
/* The address and port of an entry. false: its host is a name. */
bool xt_conf_endpoint_literal(struct xt_endpoint *out, const struct xt_conf_endpoint *entry);

/* No diagnostic quotes the file: a misplaced line end may have put a key anywhere. */
#define XT_CONF_ERRORS_MAX 20
#define XT_CONF_FILE_MAX   (64u << 20) /* 100,000 peers are 10 to 20 MB */

/* A word of DNS, or the host of an Endpoint. OTHER is accepted with a warning and of no use. */
enum xt_conf_word { XT_WORD_ADDRESS, XT_WORD_DOMAIN, XT_WORD_OTHER };
enum xt_conf_word xt_conf_word(const char *word);

/* An argument with a '/' or a final ".conf", which stands for a file and not for a NAME. */
bool xt_conf_is_path(const char *word);
/* The file that word stands for, as with xt_conf_load; to be freed. NULL: no memory. */
char *xt_conf_path(const char *word);
/* The interface's name of the file at path; cut to cap - 1 bytes, and perhaps not valid. */
void xt_conf_path_name(const char *path, char *out, size_t cap);
/* "all" or "default": names under which the kernel keeps settings, so no interface has them. */
bool xt_conf_name_reserved(const char *name);
bool xt_conf_name_valid(const char *name); /* [a-zA-Z0-9_=+.-]{1,15}, not "." or "..", not -… */

#endif
