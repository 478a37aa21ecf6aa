/* SPDX-License-Identifier: Apache-2.0 */
/* test_kennel_loader.c - the executable itself: confined, it answers in the promised order, and
 * unpacks what verifies. tests: runner/main/loader.c */
#include "proto/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/fs.h"
#include "base/record.h"
#include "base/spawn.h"
#include "tests/unit/bundle_sample.h"

enum { SKIPPED = 77 };
static char loader[4096];

struct talk {
	char kinds[64]; /* one letter a record; progress and files once in a row */
	struct loader_msg last[LOADER_REFUSED + 1];
	unsigned int files;
	int status;
};

static void note(struct talk *t, const struct loader_msg *m, long n)
{
	static const char letters[] = " IMFPCDR";
	size_t used = strlen(t->kinds);

	assert_int_equal(m->abi, LOADER_ABI);
	assert_int_equal(n, loader_msg_size(m->kind));
	t->last[m->kind] = *m;
	t->files += m->kind == LOADER_FILE;
	if (used == 0 || t->kinds[used - 1] != letters[m->kind])
		t->kinds[used] = letters[m->kind];
}

static const char *bounds; /* of the next runs; NULL: not given */

static void run(const char *job, int input, int trust, int staging, struct talk *ret)
{
	char *argv[] = { (char *)"kennel-loader", (char *)(uintptr_t)job,
			 bounds ? (char *)"0" : NULL, (char *)(uintptr_t)bounds, NULL };
	struct spawn s = { .path = loader,
			   .path_fd = -1,
			   .argv = argv,
			   .uid = (uid_t)-1,
			   .gid = (gid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1,
			   .fds_count = 7 };
	CLEANUP_FD int pidfd = -1;
	static struct loader_msg m;
	int ends[2], status;
	struct err e = { 0 };
	pid_t pid;
	long n;

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(record_pair(ends, &e), 0);
	s.fds[0] = s.fds[1] = -1;
	s.fds[2] = STDERR_FILENO;
	s.fds[3] = ends[1];
	s.fds[4] = input;
	s.fds[5] = trust;
	s.fds[6] = staging;
	assert_int_equal(spawn_program(&s, &pid, &pidfd, &e), 0);
	fd_close_p(&ends[1]);
	while ((n = record_recv(ends[0], &m, sizeof(m), NULL, 0, &e)) > 0)
		note(ret, &m, n);
	assert_int_equal(n, 0);
	fd_close_p(&ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status)); /* not killed by its filter */
	ret->status = WEXITSTATUS(status);
}

static int memory_file(const void *p, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, p, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

struct fixture {
	struct sample s;
	struct buffer bundle;
	char path[40];
	int folder, input, key;
};

static void replace_manifest(struct sample *s, const char *manifest)
{
	struct err e = { 0 };

	s->manifest = manifest;
	free(s->tree.files[0].bytes);
	s->tree.files[0].bytes = (uint8_t *)strdup(manifest);
	s->tree.files[0].n = strlen(manifest);
	assert_int_equal(sample_retoc(s, &e), 0);
}

/* The bundle of f->s as it is by now, and all that a loader is given with it. */
static void join(struct fixture *f)
{
	struct err e = { 0 };
	char public[SECRET_FILE_MAX];

	assert_int_equal(sample_join(&f->s, &f->bundle, &e), 0);
	secret_print_public(&f->s.key, public);
	f->key = memory_file(public, strlen(public));
	f->input = memory_file(f->bundle.p, f->bundle.len);
	(void)snprintf(f->path, sizeof(f->path), "/tmp/kennel-loader-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->folder = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->folder >= 0);
}

static void make(struct fixture *f, const char *manifest)
{
	struct err e = { 0 };

	assert_int_equal(sample_make(&f->s, &e), 0);
	if (manifest)
		replace_manifest(&f->s, manifest);
	join(f);
}

/* A program at src/deep/noise. */
static void make_native(struct fixture *f, bool executable)
{
	struct err e = { 0 };

	assert_int_equal(sample_make(&f->s, &e), 0);
	f->s.tree.native = true;
	f->s.tree.files[2].executable = executable;
	memcpy(f->s.tree.files[2].bytes, "\177ELF", 4);
	build_frames_free_p(&f->s.frames);
	assert_int_equal(build_pack_frames(&f->s.tree, &f->s.frames, &e), 0);
	replace_manifest(&f->s,
			 "{\"name\":\"sample\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\","
			 "\"entry\":\"src/deep/noise\",\"permissions\":[],\"runtime\":\"native\"}");
	join(f);
}

static void fixture_free_p(struct fixture *f)
{
	sample_free_p(&f->s);
	buffer_free_p(&f->bundle);
	fd_close_p(&f->folder);
	fd_close_p(&f->input);
	fd_close_p(&f->key);
	(void)fs_remove_tree(AT_FDCWD, f->path, NULL);
}

static void unpack_answers_in_order_and_leaves_the_tree(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	CLEANUP(buffer_free_p) struct buffer got = { 0 };
	static struct talk t;
	struct stat st;

	(void)state;
	make(&f, NULL);
	run("unpack", f.input, f.key, f.folder, &t);
	assert_string_equal(t.kinds, "IMFPD");
	assert_int_equal(t.status, 0);
	assert_int_equal(t.last[LOADER_IDENTITY].u.identity.trusted_count, 1);
	assert_memory_equal(t.last[LOADER_IDENTITY].u.identity.signers[0].fingerprint,
			    f.s.public.fingerprint, DIGEST_BYTES);
	assert_string_equal(t.last[LOADER_MANIFEST].u.manifest.name, "sample");
	assert_int_equal(t.last[LOADER_DONE].u.done.files, 4);
	assert_int_equal(t.last[LOADER_DONE].u.done.counter, 7);
	assert_int_equal(fs_read_file(f.folder, "root/src/deep/noise", 8192, &got, NULL), 0);
	assert_int_equal(got.len, f.s.tree.files[2].n);
	assert_memory_equal(got.p, f.s.tree.files[2].bytes, got.len);
	assert_int_equal(fstatat(f.folder, "root/manifest.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(fstatat(f.folder, "root/src", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0575);
}

static void verify_lists_the_files(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;

	(void)state;
	make(&f, NULL);
	run("verify", f.input, f.key, -1, &t);
	assert_string_equal(t.kinds, "IMFPD");
	assert_int_equal(t.files, 4);
	assert_string_equal(t.last[LOADER_FILE].u.file.path, "src/empty");
}

static void show_needs_no_key(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;

	(void)state;
	make(&f, NULL);
	run("show", f.input, -1, -1, &t);
	assert_string_equal(t.kinds, "IMFD");
	assert_int_equal(t.last[LOADER_IDENTITY].u.identity.trusted_count, 0);
	assert_int_equal(t.last[LOADER_IDENTITY].u.identity.signers[0].trusted, 0);
}

static void a_refusal_comes_last_and_leaves_nothing(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	CLEANUP_FD int damaged = -1;
	static struct talk t;

	(void)state;
	make(&f, NULL);
	f.bundle.p[f.bundle.len - 1] ^= 1;
	damaged = memory_file(f.bundle.p, f.bundle.len);
	run("unpack", damaged, f.key, f.folder, &t);
	assert_string_equal(t.kinds, "IMFR");
	assert_int_equal(t.last[LOADER_REFUSED].u.refused.code, ERR_FRAME_DIGEST);
	assert_int_equal(t.status, err_exit_status(ERR_FRAME_DIGEST));
	assert_int_equal(faccessat(f.folder, "root", F_OK, 0), -1);
}

static void without_a_trusted_key_nothing_is_parsed(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;

	(void)state;
	make(&f, NULL);
	run("unpack", f.input, -1, f.folder, &t);
	assert_string_equal(t.kinds, "R");
	assert_int_equal(t.last[LOADER_REFUSED].u.refused.code, ERR_USAGE);
	assert_int_equal(lseek(f.input, 0, SEEK_SET), 0);
	assert_int_equal(fs_write_atomic(f.folder, "unrelated", "x", 1, 0600, NULL), 0);
	run("verify", f.input, f.folder, -1, &t); /* a trust folder without trust files */
	assert_string_equal(t.kinds, "R");
	assert_int_equal(t.last[LOADER_REFUSED].u.refused.code, ERR_UNTRUSTED);
}

static void the_host_says_how_large_a_bundle_may_be(void **state)
{
	static const struct {
		const char *bounds;
		const char *kinds; /* "": it does not even begin */
	} rows[] = {
		{ "67108864,268435456,67108864,4096", "IMFPD" },
		{ "536870912,1073741824,536870912,4096", "IMFPD" },
		{ "65536,65536,65536,4", "IMFPD" }, /* it is smaller, and has four */
		{ "67108864,268435456,67108864,3", "IR" },
		{ "67108864,268435456,67108864,4097", "" },
		{ "536870913,268435456,67108864,4096", "" },
		{ "67108864,268435456,67108864", "" },
		{ "67108864,268435456,67108864,-1", "" },
		{ "67108864,,67108864,4096", "" },
		{ "", "" },
	};
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;

	(void)state;
	make(&f, NULL);
	for (size_t i = 0; i < countof(rows); i++) {
		bounds = rows[i].bounds;
		assert_int_equal(lseek(f.input, 0, SEEK_SET) | lseek(f.key, 0, SEEK_SET), 0);
		run("verify", f.input, f.key, -1, &t);
		bounds = NULL;
		if (strcmp(t.kinds, rows[i].kinds) != 0)
			fail_msg("%s: %s", rows[i].bounds, t.kinds);
		if (!rows[i].kinds[0])
			assert_int_equal(t.status, err_exit_status(ERR_USAGE));
	}
}

static const struct {
	const char *manifest;
	enum err_code expect;
} manifests[] = {
	{ "{\"name\":\"sample\"}", ERR_JSON_KEY },
	{ "{\"name\":\"sample\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"gone.wasm\","
	  "\"permissions\":[]}",
	  ERR_MANIFEST },
	{ "{\"name\":\"sample\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"main.wasm\","
	  "\"permissions\":[],\"signature\":\"self\"}",
	  ERR_MANIFEST_SIGNATURE },
	{ "{\"name\":\"sample\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"main.wasm\","
	  "\"permissions\":[\"rootShell\"]}",
	  ERR_PERMISSION_UNKNOWN },
	{ "{\"name\":\"sample\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"src/deep/noise\","
	  "\"permissions\":[],\"runtime\":\"native\"}",
	  ERR_NATIVE },
};

static void a_manifest_that_asks_wrongly_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(manifests); i++) {
		CLEANUP(fixture_free_p) struct fixture f = { 0 };
		static struct talk t;

		make(&f, manifests[i].manifest);
		run("unpack", f.input, f.key, f.folder, &t);
		if (strcmp(t.kinds, "IR") != 0 ||
		    t.last[LOADER_REFUSED].u.refused.code != manifests[i].expect)
			fail_msg("%s: expected %s, got %s: %s", manifests[i].manifest,
				 err_name(manifests[i].expect),
				 err_name(t.last[LOADER_REFUSED].u.refused.code),
				 t.last[LOADER_REFUSED].u.refused.text);
	}
}

/* The key file names no ceiling; whoever installs has one, and asks the operator besides. */
static void native_contents_keep_their_programs(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;
	struct stat st;

	(void)state;
	make_native(&f, true);
	run("unpack", f.input, f.key, f.folder, &t);
	if (strcmp(t.kinds, "IMFPD") != 0)
		fail_msg("%s: %s", t.kinds, t.last[LOADER_REFUSED].u.refused.text);
	assert_int_equal(t.last[LOADER_MANIFEST].u.manifest.native, 1);
	assert_int_equal(fstatat(f.folder, "root/src/deep/noise", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0555);
	assert_int_equal(fstatat(f.folder, "root/main.wasm", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
}

static int trust_folder(const struct fixture *f, const char *ceiling)
{
	char name[DIGEST_HEX_BYTES + 8], text[1024], public[SECRET_FILE_MAX];
	struct err e = { 0 };
	int dir;

	assert_int_equal(mkdirat(f->folder, "trust", 0755), 0);
	dir = openat(f->folder, "trust", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	secret_print_public(&f->s.key, public);
	hex_encode(f->s.public.fingerprint, DIGEST_BYTES, name);
	memcpy(name + DIGEST_HEX_BYTES - 1, ".json", sizeof(".json"));
	(void)snprintf(text, sizeof(text),
		       "{\"_type\":\"kennel.trust/1\",\"added\":1,\"ceiling\":%s,\"key\":\"%.56s\","
		       "\"label\":\"one\"}",
		       ceiling, strchr(public, '\n') + 1);
	assert_int_equal(fs_write_atomic(dir, name, text, strlen(text), 0640, &e), 0);
	return dir;
}

/* The first of the three who must say yes to machine code. */
static void a_key_without_native_ships_none(void **state)
{
	static const struct {
		const char *ceiling;
		enum err_code expect;
	} rows[] = {
		{ "{\"permissions\":[],\"runtimes\":[\"wasm\"],\"native\":false}", ERR_CEILING },
		{ "{\"permissions\":[],\"runtimes\":[\"wasm\"],\"native\":true}", ERR_CEILING },
		{ "{\"permissions\":[],\"runtimes\":[\"native\"],\"native\":false}", ERR_CEILING },
		{ "{\"permissions\":[],\"runtimes\":[\"native\"],\"native\":true}", ERR_OK },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		CLEANUP(fixture_free_p) struct fixture f = { 0 };
		CLEANUP_FD int trust = -1;
		static struct talk t;

		make_native(&f, true);
		trust = trust_folder(&f, rows[i].ceiling);
		run("verify", f.input, trust, -1, &t);
		if (t.last[LOADER_REFUSED].u.refused.code != rows[i].expect)
			fail_msg("%s: %s %s", rows[i].ceiling,
				 err_name(t.last[LOADER_REFUSED].u.refused.code),
				 t.last[LOADER_REFUSED].u.refused.text);
	}
}

static void a_program_that_cannot_be_run_is_refused(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;

	(void)state;
	make_native(&f, false);
	run("unpack", f.input, f.key, f.folder, &t);
	assert_string_equal(t.kinds, "IR");
	assert_int_equal(t.last[LOADER_REFUSED].u.refused.code, ERR_MANIFEST);
}

static void the_staging_folder_must_be_empty(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	static struct talk t;

	(void)state;
	make(&f, NULL);
	assert_int_equal(mkdirat(f.folder, "root", 0755), 0);
	run("unpack", f.input, f.key, f.folder, &t);
	assert_string_equal(t.kinds, "IMFR");
	assert_int_equal(t.last[LOADER_REFUSED].u.refused.code, ERR_EXISTS);
	assert_int_equal(faccessat(f.folder, "root", F_OK, 0), 0); /* not ours to remove */
}

static void a_bad_configuration_is_refused(void **state)
{
	CLEANUP_FD int input = memory_file("{\"_type\":\"other\"}", 17);
	static struct talk t;

	(void)state;
	run("config", input, -1, -1, &t);
	assert_string_equal(t.kinds, "R");
	assert_true(t.status != 0);
}

static void a_configuration_becomes_a_ceiling(void **state)
{
	static const char text[] =
		"{\"_type\":\"kennel.config/1\",\"state\":\"/srv/state\",\"images\":\"/srv/images\","
		"\"pluginUids\":{\"base\":200000,\"count\":1000},\"tenants\":{\"home\":"
		"{\"uid\":1000,\"gid\":1000,\"vault\":\"/srv/notes\",\"runtimes\":[\"wasm\"]}}}";
	CLEANUP_FD int input = memory_file(text, sizeof(text) - 1);
	static struct talk t;

	(void)state;
	run("config", input, -1, -1, &t);
	if (strcmp(t.kinds, "CD") != 0)
		fail_msg("%s: %s", t.kinds, t.last[LOADER_REFUSED].u.refused.text);
	assert_int_equal(t.last[LOADER_CEILING].u.ceiling.tenant_count, 1);
	assert_string_equal(t.last[LOADER_CEILING].u.ceiling.tenants[0].name, "home");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpack_answers_in_order_and_leaves_the_tree),
		cmocka_unit_test(verify_lists_the_files),
		cmocka_unit_test(the_host_says_how_large_a_bundle_may_be),
		cmocka_unit_test(show_needs_no_key),
		cmocka_unit_test(a_refusal_comes_last_and_leaves_nothing),
		cmocka_unit_test(without_a_trusted_key_nothing_is_parsed),
		cmocka_unit_test(a_manifest_that_asks_wrongly_is_refused),
		cmocka_unit_test(native_contents_keep_their_programs),
		cmocka_unit_test(a_key_without_native_ships_none),
		cmocka_unit_test(a_program_that_cannot_be_run_is_refused),
		cmocka_unit_test(the_staging_folder_must_be_empty),
		cmocka_unit_test(a_bad_configuration_is_refused),
		cmocka_unit_test(a_configuration_becomes_a_ceiling),
	};
	const char *build = getenv("KENNEL_BUILD");

	(void)snprintf(loader, sizeof(loader), "%s/kennel-loader", build ? build : "build");
	if (access(loader, X_OK) < 0) {
		(void)printf("skip: %s is not built\n", loader);
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
