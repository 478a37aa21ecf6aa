/* SPDX-License-Identifier: Apache-2.0 */
/* drive.c - one installation by the supervisor's own code and the real loader, without a host: to
 * be killed at any point. The log's writer is a child that says yes; the compiler is a copy.
 *
 * usage: store-drive STATE install LOADER KEY BUNDLE...   one after the other, in ms each
 *        store-drive STATE verify    as at a start: what a crash left is swept, then all is hashed;
 *                                    "PLUGIN VERSION COUNTER KEPT" each, "dirty: ..." and 1 if not
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/record.h"
#include "policy/policy.h"
#include "proto/audit_link.h"
#include "proto/request.h"
#include "supervise/filetree.h"
#include "supervise/settle.h"
#include "supervise/supervisor.h"
#include "supervise/sweep.h"
#include "tests/crash/mark.h"

static void die(const char *what, const struct err *e)
{
	(void)fprintf(stderr, "drive: %s: %s: %s\n", what, err_name(e->code), e->text);
	exit(1);
}

/* ---- the parts ---- */

static void acknowledge(int fd)
{
	static struct audit_record r;
	uint64_t serial = 0;

	while (record_recv(fd, &r, sizeof(r), NULL, 0, NULL) > 0) {
		struct audit_ack a = { .abi = AUDIT_ABI, .serial = ++serial };

		(void)record_send(fd, &a, sizeof(a), NULL, 0, NULL);
	}
	_exit(0);
}

static void start_log(void)
{
	struct err e = { 0 };
	int pair[2];

	if (record_pair(pair, &e) < 0)
		die("log", &e);
	if (fork() == 0) {
		(void)close(pair[0]);
		acknowledge(pair[1]);
	}
	(void)close(pair[1]);
	if (dup2(pair[0], SUPERVISOR_AUDIT_FD) < 0)
		exit(1);
	if (pair[0] != SUPERVISOR_AUDIT_FD)
		(void)close(pair[0]);
}

static struct supervisor *open_store(const char *path)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	struct sweep_report swept = { 0 };
	struct err e = { 0 };
	int state = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!s || state < 0)
		exit(1);
	s->scan_fd = -1;
	s->ceiling.tenant_count = 1;
	s->ceiling.plugin_uid_count = 100000;
	(void)copy_str(s->ceiling.tenants[0].name, NAME_MAX_BYTES, "default");
	s->events.cap = 8;
	if (store_open(state, &s->store, &e) < 0 ||
	    registry_load(s->store.registry, &s->registry, &e) < 0 || sweep_all(s, &swept, &e) < 0)
		die("open", &e);
	return s;
}

static pid_t start_loader(const char *program, const int fds[4])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (int i = 0; i < 4; i++) /* out of the way first */
		if (dup2(fds[i], 40 + i) < 0)
			_exit(1);
	for (int i = 0; i < 4; i++)
		if (dup2(40 + i, 3 + i) < 0)
			_exit(1);
	(void)close_range(7, ~0u, 0);
	(void)execl(program, program, "unpack", (char *)NULL);
	_exit(1);
}

static int take(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	char path[FILETREE_PATH_BYTES];

	switch (m->kind) {
	case LOADER_IDENTITY:
		j->identity = m->u.identity;
		return 0;
	case LOADER_MANIFEST:
		j->manifest = m->u.manifest;
		return 0;
	case LOADER_FILE:
		(void)snprintf(path, sizeof(path), "root/%s", m->u.file.path);
		return filetree_add(&j->tree, path, m->u.file.size_bytes, m->u.file.digest, e);
	case LOADER_DONE:
		j->done = m->u.done;
		return 1;
	case LOADER_REFUSED:
		*e = m->u.refused;
		return -1;
	default:
		return 0;
	}
}

static int load(struct admit_job *j, const char *program, const char *key, const char *bundle,
		struct err *e)
{
	static struct loader_msg m;
	int pair[2], fds[4], r = 0;
	pid_t pid;

	if (record_pair(pair, e) < 0)
		return -1;
	fds[0] = pair[1];
	fds[1] = open(bundle, O_RDONLY | O_CLOEXEC);
	fds[2] = open(key, O_RDONLY | O_CLOEXEC);
	fds[3] = j->staging_fd;
	pid = start_loader(program, fds);
	for (int i = 0; i < 3; i++)
		(void)close(fds[i]);
	while (r == 0)
		r = record_recv(pair[0], &m, sizeof(m), NULL, 0, NULL) <= 0
			    ? err_set(e, ERR_IO, "the loader ended without a word")
			    : take(j, &m, e);
	(void)close(pair[0]);
	(void)waitpid(pid, NULL, 0);
	return r;
}

static int compile(struct admit_job *j, struct err *e)
{
	const struct store_copy copy = { j->staging_fd, "root/main.wasm",
					 j->staging_fd, FILETREE_EXECUTABLE,
					 0555,		STORE_EXECUTABLE_MAX };

	if (mkdirat(j->staging_fd, "exec", 0755) < 0)
		return err_sys(e, "exec");
	return store_copy_file(&copy, &j->info.executable_bytes, e);
}

static void fill(struct admit_job *j)
{
	hex_encode(j->identity.bundle_id, DIGEST_BYTES, j->info.bundle);
	hex_encode(j->done.content_id, DIGEST_BYTES, j->info.content);
	hex_encode(j->identity.signers[0].fingerprint, DIGEST_BYTES, j->info.signer);
	j->info.counter = j->done.counter;
	j->info.installed_at = clock_wall_s();
}

static void install(struct supervisor *s, const char *loader, const char *key, const char *bundle)
{
	struct admit_job *j = calloc(1, sizeof(*j));
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct plugin *p;
	struct err e = { 0 };

	if (!j)
		exit(1);
	j->s = s;
	j->kind = ADMIT_INSTALL;
	j->tenant = &s->ceiling.tenants[0];
	if (store_stage(&s->store, j->staging, &j->staging_fd, &e) < 0 ||
	    load(j, loader, key, bundle, &e) < 0 || compile(j, &e) < 0)
		die("load", &e);
	fill(j);
	if (settle_install(j, &p, &result, &e) < 0)
		die("settle", &e);
	(void)close(j->staging_fd);
	store_unstage(&s->store, j->staging);
	filetree_free_p(&j->tree);
	free(j);
}

/* ---- what it looks like afterwards ---- */

static int count_name(void *arg, const char *name, struct err *e)
{
	unsigned int *n = arg;

	(void)name;
	(void)e;
	(*n)++;
	return 0;
}

static void dirty(const char *plugin, const struct err *e)
{
	(void)printf("dirty: %s: %s: %s\n", plugin, err_name(e->code), e->text);
	exit(1);
}

static unsigned int check_entry(struct supervisor *s, const struct registry_entry *g)
{
	const char *const kept[] = { g->bundle, g->previous, g->older, g->pending };
	struct err e = { 0 };
	unsigned int n = 0;
	char at[DIGEST_HEX_BYTES];

	for (size_t i = 0; i < countof(kept); i++) {
		CLEANUP_FD int dir = -1;
		struct install_info info;
		struct manifest m;

		if (!kept[i][0])
			continue;
		n++;
		dir = store_open_bundle(&s->store, g->plugin, kept[i], &e);
		if (dir < 0 ||
		    store_read_install(&s->store, g->plugin, kept[i], &info, &m, &e) < 0 ||
		    filetree_check(dir, true, NULL, &e) < 0)
			dirty(g->plugin, &e);
	}
	store_read_current(&s->store, g->plugin, at);
	if (strcmp(at, g->bundle) != 0) {
		(void)err_set(&e, ERR_STORE_CHANGED, "current points elsewhere");
		dirty(g->plugin, &e);
	}
	return n;
}

static void verify(struct supervisor *s)
{
	unsigned int staged = 0, lying = 0;
	struct err e = { 0 };

	if (store_each(s->store.staging, count_name, &staged, &e) < 0)
		dirty("staging", &e);
	if (staged) {
		(void)err_set(&e, ERR_STORE_CHANGED, "%u leftovers", staged);
		dirty("staging", &e);
	}
	for (uint32_t i = 0; i < s->registry.count; i++) {
		const struct registry_entry *g = &s->registry.entries[i];
		CLEANUP_FD int dir = fs_open_dir(s->store.store, g->plugin, false, 0, &e);
		unsigned int kept = check_entry(s, g);

		lying = 0;
		if (dir < 0 || store_each(dir, count_name, &lying, &e) < 0)
			dirty(g->plugin, &e);
		if (lying != kept + 1) { /* and "current" */
			(void)err_set(&e, ERR_STORE_CHANGED, "%u names, %u versions", lying, kept);
			dirty(g->plugin, &e);
		}
		(void)printf("%s %s %llu %u\n", g->plugin, g->version,
			     (unsigned long long)g->counter, kept);
	}
	lying = 0;
	if (store_each(s->store.store, count_name, &lying, &e) < 0 || lying != s->registry.count) {
		(void)err_set(&e, ERR_STORE_CHANGED, "%u folders, %u plugins", lying,
			      s->registry.count);
		dirty("store", &e);
	}
}

int main(int argc, char **argv)
{
	struct supervisor *s;

	if (argc < 3 || sodium_init() < 0)
		return 2;
	for (int fd = 3; fd < 12; fd++) /* numbers that have a meaning stay free of other things */
		(void)fcntl(open("/dev/null", O_RDWR | O_CLOEXEC), F_GETFD);
	(void)syscall(CRASH_MARK);
	if (!strcmp(argv[2], "verify")) {
		verify(open_store(argv[1]));
		return 0;
	}
	if (argc < 6 || strcmp(argv[2], "install") != 0)
		return 2;
	start_log();
	s = open_store(argv[1]);
	for (int i = 5; i < argc; i++) {
		int64_t from = clock_mono_ns();

		install(s, argv[3], argv[4], argv[i]);
		(void)printf("%lld\n", (long long)(clock_mono_ns() - from) / 1000);
	}
	return 0;
}
