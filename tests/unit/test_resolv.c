/* SPDX-License-Identifier: MIT */
/* layers: host core crypto packet base */
/* Blocks in a resolv.conf: the text with them, and that removing them restores it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "host/resolv.h"
#include "seed.h"
#include "test_main.h"

static char *words[] = {"10.7.0.53", "corp.example", "fd07::53", "lab.example"};

static struct xt_dns sorted(size_t n)
{
	struct xt_dns dns;

	assert_int_equal(xt_dns_sort(&dns, words, n), 0);
	return dns;
}

static char *add(const char *text, const char *name, const struct xt_dns *dns)
{
	char *out;
	size_t len;

	assert_int_equal(xt_resolv_add(&out, &len, text, strlen(text), false, name, dns), 0);
	assert_int_equal(strlen(out), len);
	return out;
}

static char *removed(const char *text, const char *name, bool expect)
{
	char *out;
	size_t len;
	bool found, made;

	assert_int_equal(xt_resolv_remove(&out, &len, text, strlen(text), name, &found, &made), 0);
	assert_int_equal(found, expect);
	out[len] = '\0'; /* out has room for it */
	return out;
}

static void addresses_are_servers_domains_are_domains_and_other_words_are_left_out(void **state)
{
	char *mixed[] = {"1.1.1.1",    "fe80::1%eth0", "10.0.0.300", "a.b",	  "127",
			 "1.1.1.1:53", "https://a.b",  "corp",	     "9.9.9.9/32"};
	struct xt_dns dns;

	(void)state;
	assert_int_equal(xt_dns_sort(&dns, mixed, 9), 0);
	assert_int_equal(dns.n_servers, 2);
	assert_string_equal(dns.servers[1], "fe80::1%eth0");
	assert_int_equal(dns.n_domains, 2);
	assert_string_equal(dns.domains[0], "a.b");
	assert_string_equal(dns.domains[1], "corp");
	xt_dns_clear(&dns);
}

static void servers_come_first_and_domains_last(void **state)
{
	struct xt_dns dns = sorted(4);
	char *text = add("# by hand\nnameserver 192.0.2.1\nsearch old.example\n", "left", &dns);

	(void)state;
	assert_string_equal(text, "# xtunnel left begin\n"
				  "nameserver 10.7.0.53\n"
				  "nameserver fd07::53\n"
				  "nameserver 10.7.0.53\n"
				  "# xtunnel left end\n"
				  "# by hand\nnameserver 192.0.2.1\nsearch old.example\n"
				  "# xtunnel left begin\n"
				  "search corp.example lab.example\n"
				  "# xtunnel left end\n");
	free(text);
	xt_dns_clear(&dns);
}

static void removal_restores_the_text_to_the_byte(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n",
	    "nameserver 192.0.2.1",
	    "nameserver 192.0.2.1\n",
	    "a\n\n\n",
	    "\n\nb",
	    "a\r\n",
	    "# xtunnel right begin\nnameserver 1\n# xtunnel right end\n"};
	(void)state;
	for (size_t n = 1; n <= 4; n++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			struct xt_dns dns = sorted(n);
			char *text = add(texts[i], "left", &dns);
			char *twice = add(text, "left", &dns);
			char *back = removed(text, "left", true);

			assert_string_equal(twice, text);
			assert_string_equal(back, texts[i]);
			free(text);
			free(twice);
			free(back);
			xt_dns_clear(&dns);
		}
	}
}

static void two_interfaces_are_added_and_removed_in_any_order(void **state)
{
	struct xt_dns dns = sorted(4);
	static const char start[] = "nameserver 192.0.2.1";
	char *one = add(start, "left", &dns), *two = add(one, "left2", &dns);
	char *a = removed(two, "left2", true), *b = removed(two, "left", true);
	char *rest = removed(b, "left2", true);

	(void)state;
	assert_string_equal(a, one);
	assert_null(strstr(b, "xtunnel left begin"));
	assert_non_null(strstr(b, "xtunnel left2 begin"));
	/* the line end that was added stays, since another block follows it */
	assert_string_equal(rest, "nameserver 192.0.2.1\n");
	free(one);
	free(two);
	free(a);
	free(b);
	free(rest);
	xt_dns_clear(&dns);
}

static void changes_by_other_programs_stay(void **state)
{
	char *text = removed("# dhcp was here\n"
			     "# xtunnel left begin\nnameserver 10.7.0.53\n# xtunnel left end\n"
			     "nameserver 192.0.2.9\n"
			     "# xtunnel left begin (the line before got its end)\nsearch a\n"
			     "# xtunnel left end\n"
			     "options rotate\n",
			     "left", true);

	(void)state;
	assert_string_equal(text, "# dhcp was here\nnameserver 192.0.2.9\noptions rotate\n");
	free(text);
	/* of a block whose end line is missing only the marked line is removed */
	text = removed("# xtunnel left begin\nnameserver 10.7.0.53\nnameserver 192.0.2.1\n"
		       "# xtunnel left begin\nsearch a\n# xtunnel left end\n",
		       "left", true);
	assert_string_equal(text, "nameserver 10.7.0.53\nnameserver 192.0.2.1\n");
	free(text);
	text = removed("nameserver 192.0.2.1\n# xtunnel left end", "left", true);
	assert_string_equal(text, "nameserver 192.0.2.1\n");
	free(text);
	text = removed("nameserver 192.0.2.1\n# xtunnel leftover begin\n", "left", false);
	assert_string_equal(text, "nameserver 192.0.2.1\n# xtunnel leftover begin\n");
	free(text);
}

/* Lines of markers and others in any order: never more than the text, never a crash, and a second
 * removal finds nothing. */
static void any_text_is_handled(void **state)
{
	static const char *const lines[] = {"# xtunnel left begin\n",
					    "# xtunnel left end\n",
					    "nameserver 192.0.2.1\n",
					    "\n",
					    "x",
					    "# xtunnel left begin (the line before got its end)\n",
					    "# xtunnel left begin"};
	uint64_t seed = xt_seed();

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[512] = "", *once, *again;
		char *out;
		size_t len, n = xt_pick(&seed, 9);
		bool found, made;

		for (size_t k = 0; k < n; k++)
			strcat(text, lines[xt_below(&seed, 7)]);
		char *copy =
		    malloc(strlen(text)); /* exact size: the sanitizer sees a read past the end */
		memcpy(copy, text, strlen(text));
		assert_int_equal(
		    xt_resolv_remove(&out, &len, copy, strlen(text), "left", &found, &made), 0);
		assert_true(len <= strlen(text));
		free(copy);
		once = strndup(out, len);
		free(out);
		assert_int_equal(
		    xt_resolv_remove(&again, &len, once, strlen(once), "left", &found, &made), 0);
		assert_true(len <= strlen(once));
		free(again);
		free(once);
	}
}

static void file_is(const char *path, const char *expect)
{
	char text[1000];
	FILE *file = fopen(path, "r");

	if (!expect) {
		assert_null(file);
		return;
	}
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expect);
}

static void a_file_is_written_in_place_and_a_created_one_is_removed(void **state)
{
	char dir[] = "/tmp/resolv-XXXXXX", path[64], link[64];
	struct xt_dns dns = sorted(1);
	struct stat before, after;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(xt_resolv_file_unset(path, "left"), 0);
	umask(077);
	assert_int_equal(xt_resolv_file_set(path, "left", &dns), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0644);
	assert_int_equal(xt_resolv_file_unset(path, "left"), 0);
	file_is(path, NULL);

	file = fopen(path, "w");
	fputs("nameserver 192.0.2.1\n", file);
	fclose(file);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(xt_resolv_file_set(link, "left", &dns), 0);
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(xt_resolv_file_unset(link, "left"), 0);
	file_is(path, "nameserver 192.0.2.1\n");
	assert_int_equal(truncate(path, XT_RESOLV_MAX + 1), 0);
	assert_int_equal(xt_resolv_file_set(path, "left", &dns), -EFBIG);
	assert_int_equal(xt_resolv_file_set(dir, "left", &dns), -EISDIR);
	unlink(link);
	unlink(path);
	rmdir(dir);
	xt_dns_clear(&dns);
}

/* /etc/resolv.conf is readable, and so lockable, by every user. */
static void a_lock_held_by_another_user_delays_the_change_by_a_second_at_most(void **state)
{
	char path[] = "/tmp/resolv-XXXXXX";
	struct xt_dns dns = sorted(1);
	struct timespec begin, end;
	int fd = mkstemp(path), other = open(path, O_RDONLY);

	(void)state;
	assert_int_equal(flock(other, LOCK_EX), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(xt_resolv_file_set(path, "left", &dns), 0);
	assert_int_equal(xt_resolv_file_unset(path, "left"), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 10);
	close(other);
	close(fd);
	unlink(path);
	xt_dns_clear(&dns);
}

TEST_MAIN(cmocka_unit_test(addresses_are_servers_domains_are_domains_and_other_words_are_left_out),
	  cmocka_unit_test(servers_come_first_and_domains_last),
	  cmocka_unit_test(removal_restores_the_text_to_the_byte),
	  cmocka_unit_test(two_interfaces_are_added_and_removed_in_any_order),
	  cmocka_unit_test(changes_by_other_programs_stay), cmocka_unit_test(any_text_is_handled),
	  cmocka_unit_test(a_file_is_written_in_place_and_a_created_one_is_removed),
	  cmocka_unit_test(a_lock_held_by_another_user_delays_the_change_by_a_second_at_most))
