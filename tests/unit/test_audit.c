/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit.c - the log's writer and its verifier against each other: every byte of a log counts.
 */
#include "observe/audit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/fs.h"
#include "observe/audit_read.h"

enum { RECORDS = 12 };
#define SEGMENT "00000000000000000001.jsonl"

struct fixture {
	char path[64];
	int root;
	struct audit_key key;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;

	(void)snprintf(f->path, sizeof(f->path), "/tmp/kennel-audit-XXXXXX");
	assert_true(sodium_init() >= 0);
	assert_non_null(mkdtemp(f->path));
	f->root = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(audit_key_load(f->root, &f->key, &e), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct err e;

	(void)close(f->root);
	assert_int_equal(fs_remove_tree(AT_FDCWD, f->path, &e), 0);
	free(f);
	return 0;
}

static struct audit_record record(unsigned int i)
{
	struct audit_record r = { .abi = AUDIT_ABI, .class = AUDIT_DURABLE };

	(void)snprintf(r.event, sizeof(r.event), "cap.done");
	(void)snprintf(r.plugin, sizeof(r.plugin), "plugin-%u", i % 3);
	(void)snprintf(r.object, sizeof(r.object), "Folder/n\"ote %u.md", i);
	(void)snprintf(r.detail, sizeof(r.detail), "control \x01, bad \xff, and \"seq\":99 inside");
	return r;
}

static void write_log(struct fixture *f, unsigned int n, bool checkpoint)
{
	struct audit_log l;
	struct err e = { 0 };

	assert_int_equal(audit_log_open(f->root, "default", &l, &e), 0);
	for (unsigned int i = 0; i < n; i++) {
		struct audit_record r = record(i);
		uint64_t before = l.seq, seq = 0;

		assert_int_equal(audit_log_append(&l, &r, &seq, &e), 0);
		assert_int_equal(seq, before + 1);
	}
	assert_int_equal(audit_log_sync(&l, &e), 0);
	if (checkpoint)
		assert_int_equal(audit_log_checkpoint(&l, &f->key, &e), 0);
	audit_log_close(&l);
}

static int verify(struct fixture *f, struct audit_verdict *v, struct err *e)
{
	int dir = openat(f->root, "default", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = audit_verify(dir, "default", f->key.public, v, e);

	(void)close(dir);
	return r;
}

static int open_file(struct fixture *f, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "default/%s", name);
	return openat(f->root, path, O_RDWR | O_CLOEXEC);
}

static void an_untouched_log_is_intact(void **state)
{
	struct audit_verdict v;
	struct err e = { 0 };

	write_log(*state, RECORDS, true);
	assert_int_equal(verify(*state, &v, &e), 0);
	assert_int_equal(v.records, RECORDS);
	assert_int_equal(v.covered, RECORDS);
}

static void the_chain_goes_on_across_restarts(void **state)
{
	struct audit_verdict v;
	struct err e = { 0 };

	for (int i = 0; i < 3; i++)
		write_log(*state, 4, true);
	assert_int_equal(verify(*state, &v, &e), 0);
	assert_int_equal(v.records, 12);
	assert_int_equal(v.checkpoints, 3);
}

/* One changed byte, anywhere: tampered, and the number of the record that holds it. */
static void every_changed_byte_is_found_and_numbered(void **state)
{
	struct fixture *f = *state;
	struct buffer b = { 0 };
	struct err e = { 0 };
	uint64_t line = 1;
	int fd;

	write_log(f, RECORDS, true);
	fd = open_file(f, SEGMENT);
	assert_int_equal(fs_read_fd(fd, 1 << 20, &b, &e), 0);
	for (size_t i = 0; i < b.len; i++) {
		struct audit_verdict v;
		uint8_t flipped = b.p[i] ^ 1;

		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
		assert_int_equal(verify(f, &v, &e), -1);
		assert_int_equal(pwrite(fd, &b.p[i], 1, (off_t)i), 1);
		/* The very last newline: what follows no whole line is torn, below a checkpoint
		 * tampered. */
		assert_int_equal(e.code, ERR_AUDIT_TAMPERED);
		if (v.bad_record != line)
			fail_msg("byte %zu of record %llu: record %llu was accused", i,
				 (unsigned long long)line, (unsigned long long)v.bad_record);
		line += b.p[i] == '\n';
	}
	buffer_free_p(&b);
	(void)close(fd);
}

static void a_cut_log_is_tampered_below_a_checkpoint_and_torn_above(void **state)
{
	struct fixture *f = *state;
	struct audit_verdict v;
	struct err e = { 0 };
	struct stat st;
	int fd;

	write_log(f, RECORDS, true);
	fd = open_file(f, SEGMENT);
	assert_int_equal(fstat(fd, &st), 0);
	write_log(f, 1, false);
	assert_int_equal(ftruncate(fd, st.st_size + 10), 0);
	assert_int_equal(verify(f, &v, &e), -1);
	assert_int_equal(e.code, ERR_AUDIT_TORN);
	assert_int_equal(ftruncate(fd, st.st_size - 10), 0);
	assert_int_equal(verify(f, &v, &e), -1);
	assert_int_equal(e.code, ERR_AUDIT_TAMPERED);
	(void)close(fd);
}

static void a_torn_line_is_kept_aside_and_named(void **state)
{
	struct fixture *f = *state;
	struct audit_verdict v;
	struct err e = { 0 };
	struct stat st;
	int fd;

	write_log(f, 3, true);
	fd = open_file(f, SEGMENT);
	assert_int_equal(lseek(fd, 0, SEEK_END) > 0, 1);
	assert_int_equal(write(fd, "{\"_type\":\"ken", 13), 13);
	(void)close(fd);
	write_log(f, 1, true);
	assert_int_equal(verify(f, &v, &e), 0);
	assert_int_equal(v.records, 5); /* three, log.recovered, one */
	assert_int_equal(fstatat(f->root, "default/torn-00000000000000000004", &st, 0), 0);
	assert_int_equal(st.st_size, 13);
}

static void a_checkpoint_of_another_key_or_form_is_refused(void **state)
{
	struct fixture *f = *state;
	struct audit_verdict v;
	struct err e = { 0 };
	uint8_t byte;
	int fd;

	write_log(f, 3, true);
	fd = open_file(f, AUDIT_CHECKPOINTS);
	for (off_t i = 0; pread(fd, &byte, 1, i) == 1; i++) {
		uint8_t flipped = byte ^ 1;

		assert_int_equal(pwrite(fd, &flipped, 1, i), 1);
		assert_int_equal(verify(f, &v, &e), -1);
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	assert_int_equal(verify(f, &v, &e), 0);
	(void)close(fd);
	f->key.public[0] ^= 1;
	assert_int_equal(verify(f, &v, &e), -1);
}

/* The file size limit stands for a full disk: the write fails half way through. */
static void a_failed_write_is_final_and_leaves_whole_lines(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, tight;
	struct audit_log l;
	struct audit_verdict v;
	struct audit_record r = record(1);
	struct err e = { 0 };

	write_log(f, 3, true);
	assert_int_equal(audit_log_open(f->root, "default", &l, &e), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = (struct rlimit){ .rlim_cur = (rlim_t)l.size_bytes + 20, .rlim_max = old.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(audit_log_append(&l, &r, NULL, &e), -1);
	assert_int_equal(e.code, ERR_AUDIT);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(audit_log_append(&l, &r, NULL, &e), -1);
	audit_log_close(&l);
	assert_int_equal(verify(f, &v, &e), 0);
	assert_int_equal(v.records, 3);
}

static void a_long_text_is_shortened_and_pinned_by_its_digest(void **state)
{
	struct fixture *f = *state;
	struct audit_log l;
	struct audit_record r = record(1);
	struct buffer b = { 0 };
	struct err e = { 0 };
	int fd;

	memset(r.detail, 1, sizeof(r.detail) - 1);
	memset(r.object, 2, sizeof(r.object) - 1);
	assert_int_equal(audit_log_open(f->root, "default", &l, &e), 0);
	assert_int_equal(audit_log_append(&l, &r, NULL, &e), 0);
	audit_log_close(&l);
	fd = open_file(f, SEGMENT);
	assert_int_equal(fs_read_fd(fd, AUDIT_LINE_MAX, &b, &e), 0);
	assert_non_null(strstr((char *)b.p, "\"len\":1023,\"sha256\":"));
	buffer_free_p(&b);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_untouched_log_is_intact, setup, teardown),
		cmocka_unit_test_setup_teardown(the_chain_goes_on_across_restarts, setup, teardown),
		cmocka_unit_test_setup_teardown(every_changed_byte_is_found_and_numbered, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_cut_log_is_tampered_below_a_checkpoint_and_torn_above, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_line_is_kept_aside_and_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_checkpoint_of_another_key_or_form_is_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_write_is_final_and_leaves_whole_lines,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_text_is_shortened_and_pinned_by_its_digest,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
