/* The state of one xt_conf_parse, and the table of keys. */
#ifndef XT_CONFIG_CONF_READER_H
#define XT_CONFIG_CONF_READER_H

#include "config/conf.h"
#include "config/conf_lex.h"

enum xt_conf_section { XT_SECTION_NONE, XT_SECTION_INTERFACE, XT_SECTION_PEER };
enum xt_conf_repeat { XT_KEY_MANY, XT_KEY_LAST, XT_KEY_ONCE, XT_KEY_OURS };
enum xt_conf_key_id {
#define X(id, section, key, repeat, parser, since) XT_KEY_##id,
#include "config/keys.def"
#undef X
	XT_KEYS
};

struct xt_conf_reader {
	struct xt_conf *conf;
	struct xt_conf_diagnostics *notes;
	enum xt_conf_section section;
	struct xt_conf_peer *peer; /* the last, while in its section */
	size_t cap_peers;
	const struct xt_lex_line *line;
	unsigned seen[XT_KEYS]; /* line of the key in this section */
	unsigned bad_section;	/* its keys are not judged */
	size_t errors;
	int failed; /* XT_E_NOMEM */
};

struct xt_conf_key {
	const char *key, *since;
	enum xt_conf_section section;
	enum xt_conf_repeat repeat;
	void (*parse)(struct xt_conf_reader *r, const struct xt_lex_line *line);
};
extern const struct xt_conf_key xt_conf_keys[XT_KEYS];

void xt_reader_error(struct xt_conf_reader *r, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void xt_reader_warn(struct xt_conf_reader *r, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "Key: sentence", when there is one; true: there was none. */
bool xt_reader_judge(struct xt_conf_reader *r, unsigned column, const char *sentence);

/* A larger array with the old items in it, the old one wiped and freed; NULL: no memory, and the
 * old one is as it was. Room for n + 1; sizes double. */
void *xt_reader_grow(struct xt_conf_reader *r, void *old, size_t n, size_t size);

#define X(id, section, key, repeat, parser, since)                                                 \
	void xt_key_##parser(struct xt_conf_reader *r, const struct xt_lex_line *line);
#include "config/keys.def"
#undef X

#endif
