/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* Values and configurations as bytes of a message: lossless, and refused when a byte is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "conf_files.h"
#include "config/conf_write.h"
#include "host/conf_wire.h"
#include "test_main.h"

#define BUF XT_SECBUF_INIT(XT_SECBUF_MAX)

static struct xt_wire_in wire_in(const struct xt_secbuf *buf, size_t len)
{
	return XT_WIRE_IN((const uint8_t *)buf->p, len);
}

/* --- numbers --- */

static void numbers_come_back(void **state)
{
	struct xt_secbuf buf = BUF;
	struct xt_wire out = {.out = &buf}, in = {0};
	struct xt_wire_in bytes;
	uint8_t a = 0xa5;
	uint16_t b = 0xfedc;
	uint32_t c = 0x89abcdef;
	uint64_t d = 0x0123456789abcdef;
	bool e = true;
	int f = -5;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct xt_wire *w = i ? &in : &out;

		bytes = wire_in(&buf, buf.len);
		in.in = &bytes;
		xt_wire_u8(w, &a);
		xt_wire_u16(w, &b);
		xt_wire_u32(w, &c);
		xt_wire_u64(w, &d);
		xt_wire_bool(w, &e);
		xt_wire_int(w, &f);
		assert_int_equal(xt_wire_finish(w), 0);
		assert_true(a == 0xa5 && b == 0xfedc && c == 0x89abcdef);
		assert_true(d == 0x0123456789abcdef && e && f == -5);
		a = 0, b = 0, c = 0, d = 0, e = false, f = 0;
	}
	assert_memory_equal(buf.p, "\xa5\xfe\xdc\x89\xab\xcd\xef", 7);
	xt_secbuf_clear(&buf);
}

static int read_bool(const char *bytes, size_t len)
{
	struct xt_wire_in in = XT_WIRE_IN((const uint8_t *)bytes, len);
	struct xt_wire w = {.in = &in};
	bool v = true;

	xt_wire_bool(&w, &v);
	return xt_wire_finish(&w);
}

static void what_is_wrong_is_refused_and_stays_so(void **state)
{
	struct xt_wire_in in = XT_WIRE_IN((const uint8_t *)"\0\2\1\1\1\1\1\1", 8);
	struct xt_wire w = {.in = &in};
	uint64_t d = 7;
	uint16_t b = 0;
	uint32_t c = 9;

	(void)state;
	assert_int_equal(read_bool("\0", 1), 0);
	assert_int_equal(read_bool("\1", 1), 0);
	assert_int_equal(read_bool("\2", 1), XT_E_INVALID);
	assert_int_equal(read_bool("", 0), XT_E_INVALID);
	assert_int_equal(read_bool("\1\0", 2), XT_E_INVALID);
	xt_wire_u16(&w, &b);
	assert_int_equal(b, 2);
	xt_wire_u64(&w, &d); /* two bytes too few */
	assert_int_equal(d, 0);
	xt_wire_u32(&w, &c); /* would fit */
	assert_int_equal(c, 0);
	assert_int_equal(xt_wire_finish(&w), XT_E_INVALID);
}

/* --- counts, strings, addresses --- */

static void a_count_is_held_against_the_bytes_that_are_left(void **state)
{
	static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
	struct xt_wire_in in = XT_WIRE_IN(bytes, sizeof(bytes));
	struct xt_wire w = {.in = &in};
	size_t n = 3;

	(void)state;
	assert_null(xt_wire_array(&w, NULL, &n, 1 << 20, 1));
	assert_int_equal(n, 0);
	assert_int_equal(in.error, XT_E_INVALID);
}

static int read_string(const char *bytes, size_t len, size_t max, bool line)
{
	struct xt_wire_in in = XT_WIRE_IN((const uint8_t *)bytes, len);
	struct xt_wire w = {.in = &in};
	char *v = NULL;
	int rc;

	(line ? xt_wire_line : xt_wire_string)(&w, &v, max);
	rc = xt_wire_finish(&w);
	if (rc == 0 && v)
		assert_int_equal(strlen(v) + 5, len);
	free(v);
	return rc;
}

static void strings_have_no_nul_and_lines_no_end(void **state)
{
	(void)state;
	assert_int_equal(read_string("\0", 1, 9, true), 0);
	assert_int_equal(read_string("\1\0\0\0\0", 5, 9, true), 0);
	assert_int_equal(read_string("\1\0\0\0\3abc", 8, 3, true), 0);
	assert_int_equal(read_string("\1\0\0\0\3abc", 8, 2, true), XT_E_INVALID);
	assert_int_equal(read_string("\1\0\0\0\4abc", 8, 9, true), XT_E_INVALID);
	assert_int_equal(read_string("\1\xff\xff\xff\xff\x61\x62\x63", 8, SIZE_MAX, true),
			 XT_E_INVALID);
	assert_int_equal(read_string("\1\0\0\0\3a\0c", 8, 9, false), XT_E_INVALID);
	assert_int_equal(read_string("\1\0\0\0\3a\nc", 8, 9, false), 0);
	assert_int_equal(read_string("\1\0\0\0\3a\nc", 8, 9, true), XT_E_INVALID);
}

static int read_cidr(const char *bytes, size_t len, struct xt_cidr *out)
{
	struct xt_wire_in in = XT_WIRE_IN((const uint8_t *)bytes, len);
	struct xt_wire w = {.in = &in};

	xt_wire_cidr(&w, out);
	return xt_wire_finish(&w);
}

static void addresses_have_the_bytes_of_their_family(void **state)
{
	struct xt_cidr cidr;

	(void)state;
	memset(&cidr, 0xff, sizeof(cidr));
	assert_int_equal(read_cidr("\4\xa\7\0\1\x18", 6, &cidr), 0);
	assert_memory_equal(&cidr, (&(struct xt_cidr){{4, {10, 7, 0, 1}}, 24}), sizeof(cidr));
	assert_int_equal(read_cidr("\4\xa\7\0\1\x21", 6, &cidr), XT_E_INVALID);
	assert_int_equal(read_cidr("\5\xa\7\0\1\x18", 6, &cidr), XT_E_INVALID);
	assert_int_equal(read_cidr("\0\1", 2, &cidr), XT_E_INVALID);
	assert_int_equal(read_cidr("\0\0", 2, &cidr), 0);
	assert_int_equal(read_cidr("\6\1\2\3\4\5\6\7\x8\1\2\3\4\5\6\7\x8\x80", 18, &cidr), 0);
}

static void descriptors_are_exactly_those_of_the_message(void **state)
{
	struct xt_secbuf buf = BUF;
	struct xt_wire out = {.out = &buf};
	int a = 7, none = -1, b = 9;

	(void)state;
	xt_wire_fd(&out, &a);
	xt_wire_fd(&out, &none);
	xt_wire_fd(&out, &b);
	assert_int_equal(out.n_fds, 2);
	for (size_t n = 0; n <= 3; n++) {
		struct xt_wire_in in = wire_in(&buf, buf.len);
		struct xt_wire w = {.in = &in, .fds = {17, 19, 21}, .n_fds = n};
		int v[3];

		for (int i = 0; i < 3; i++)
			xt_wire_fd(&w, &v[i]);
		assert_int_equal(xt_wire_finish(&w), n == 2 ? 0 : XT_E_INVALID);
		assert_int_equal(v[0], n > 0 ? 17 : -1);
		assert_int_equal(v[1], -1);
		assert_int_equal(v[2], n > 1 ? 19 : -1);
	}
	xt_secbuf_clear(&buf);
}

/* --- configurations --- */

static void same_text(const struct xt_conf *a, const struct xt_conf *b)
{
	char *x, *y;
	size_t x_len, y_len;

	assert_int_equal(xt_conf_write(a, &x, &x_len), 0);
	assert_int_equal(xt_conf_write(b, &y, &y_len), 0);
	assert_int_equal(x_len, y_len);
	assert_memory_equal(x, y, x_len);
	free(x);
	free(y);
}

/* Truncated anywhere it is refused; with a byte changed it is refused or a configuration that
 * writes no line of its own making. */
static void damage(const struct xt_secbuf *buf)
{
	struct xt_conf conf;
	size_t step = 1 + buf->len / 97;

	for (size_t len = 0; len < buf->len; len += step) {
		struct xt_wire_in in = wire_in(buf, len);

		assert_int_equal(xt_conf_decode(&conf, &in), XT_E_INVALID);
		assert_null(conf.peers);
	}
	for (size_t at = 0; at < buf->len; at += step) {
		struct xt_wire_in in = wire_in(buf, buf->len);
		char saved = buf->p[at];

		buf->p[at] ^= (char)0x81;
		(void)xt_conf_decode(&conf, &in);
		xt_conf_clear(&conf);
		buf->p[at] = saved;
	}
}

static unsigned n_passed;

static void pass(const struct xt_conf *conf)
{
	struct xt_secbuf first = BUF, second = BUF;
	struct xt_wire_in in;
	struct xt_conf copy;

	assert_int_equal(xt_conf_encode(&first, conf), 0);
	in = wire_in(&first, first.len);
	assert_int_equal(xt_conf_decode(&copy, &in), 0);
	assert_int_equal(in.len, 0);
	same_text(conf, &copy);
	assert_int_equal(xt_conf_encode(&second, &copy), 0);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.p, second.p, first.len);
	damage(&first);
	xt_conf_clear(&copy);
	xt_secbuf_clear(&first);
	xt_secbuf_clear(&second);
	n_passed++;
}

static void file_pass(const char *path, const char *text, size_t len)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf conf;

	(void)path;
	if (xt_conf_parse(&conf, "wg0", text, len, &diagnostics) == 0)
		pass(&conf);
	conf_clear(&conf, &diagnostics);
}

static void every_configuration_comes_back_whole(void **state)
{
	DIR *d = opendir(XT_VECTORS "/../fuzz/corpus/conf");
	struct dirent *entry;

	(void)state;
	conf_each(XT_VECTORS "/conf/good", file_pass);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		char path[1024];
		size_t len;
		char *text;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), XT_VECTORS "/../fuzz/corpus/conf/%s", entry->d_name);
		text = conf_read(path, &len);
		file_pass(path, text, len);
		free(text);
	}
	closedir(d);
	assert_true(n_passed > 20);
}

/* What no file of the tests has: each member with a value. */
static void every_member_comes_back(void **state)
{
	static const char text[] =
	    "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
	    "Address = 10.7.0.1/24, 10.8.0.1\nAddress = fd00::1/64\nDNS = 10.7.0.53, lan\n"
	    "ListenPort = 51820\nFwMark = 0x55\nMTU = 1380\nTable = 1234\nSaveConfig = true\n"
	    "PreUp = a\nPostUp = b %i; c\nPreDown = d\nPostDown = e\nPostDown = f\n"
	    "#: Echo = both\n#: EchoAddresses = 10.7.0.0/24\n#: EchoRate = 7/s\n#: Threads = 2\n"
	    "#: Aead = sodium\n#: Offload = off\n#: LogLevel = verbose\n#: Owner = a:b\n#: Sandbox = strict\n#: User = u\n"
	    "[Peer]\n#: Name = x\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
	    "PresharedKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
	    "AllowedIPs = 10.9.0.0/16, fd09::/16, 0.0.0.0\nPersistentKeepalive = 25\n"
	    "Endpoint = a.example:1, [fe80::1%3]:2, 192.0.2.9:3\n#: EndpointHold = 60\n"
	    "#: ProbeAddress = 10.9.0.1\n#: Critical = yes\n";
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_secbuf buf = BUF;
	struct xt_wire_in in;
	struct xt_conf conf, copy;

	(void)state;
	if (xt_conf_parse(&conf, "wg0", text, sizeof(text) - 1, &diagnostics) < 0)
		fail_msg("%s", xt_conf_diagnostics_print(&diagnostics, "text"));
	conf.path = strdup("/etc/a\nb.conf");
	conf.private_key_file = strdup("/k");
	conf.private_key_command = strdup("pass show key");
	conf.command_key.b[0] = 7;
	conf.peers[0].psk_file = strdup("/p");
	pass(&conf);
	assert_int_equal(xt_conf_encode(&buf, &conf), 0);
	in = wire_in(&buf, buf.len);
	assert_int_equal(xt_conf_decode(&copy, &in), 0);
	assert_string_equal(copy.path, conf.path);
	assert_ptr_equal(copy.aead, conf.aead);
	assert_int_equal(copy.log_level, conf.log_level);
	assert_int_equal(copy.post_down.v[1].line, conf.post_down.v[1].line);
	assert_int_equal(copy.address_places[1].line, conf.address_places[1].line);
	assert_int_equal(copy.address_places[1].bare, conf.address_places[1].bare);
	assert_memory_equal(&copy.private_key, &conf.private_key, 32);
	assert_int_equal(copy.peers[0].allowed_lines[2], conf.peers[0].allowed_lines[2]);
	assert_string_equal(copy.peers[0].endpoints_more[0].host, "fe80::1%3");
	assert_string_equal(copy.peers[0].psk_file, "/p");
	xt_secbuf_clear(&buf);
	xt_conf_clear(&copy);
	conf_clear(&conf, &diagnostics);
}

static void a_line_end_in_a_value_is_refused(void **state)
{
	struct xt_conf conf = {.dns = (char *[]){"a\nPostUp = x"}, .n_dns = 1}, copy;
	struct xt_secbuf buf = BUF;
	struct xt_wire_in in;

	(void)state;
	assert_int_equal(xt_conf_encode(&buf, &conf), 0);
	in = wire_in(&buf, buf.len);
	assert_int_equal(xt_conf_decode(&copy, &in), XT_E_INVALID);
	assert_int_equal(copy.n_dns, 0);
	xt_secbuf_clear(&buf);
}

TEST_MAIN(cmocka_unit_test(numbers_come_back),
	  cmocka_unit_test(what_is_wrong_is_refused_and_stays_so),
	  cmocka_unit_test(a_count_is_held_against_the_bytes_that_are_left),
	  cmocka_unit_test(strings_have_no_nul_and_lines_no_end),
	  cmocka_unit_test(addresses_have_the_bytes_of_their_family),
	  cmocka_unit_test(descriptors_are_exactly_those_of_the_message),
	  cmocka_unit_test(every_configuration_comes_back_whole),
	  cmocka_unit_test(every_member_comes_back),
	  cmocka_unit_test(a_line_end_in_a_value_is_refused))
