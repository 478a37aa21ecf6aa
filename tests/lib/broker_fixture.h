/* SPDX-License-Identifier: Apache-2.0 */
/* broker_fixture.h - a vault in a folder, a policy, and an audit writer on the other end of its
 * socket. */
#ifndef KENNEL_TESTS_BROKER_FIXTURE_H
#define KENNEL_TESTS_BROKER_FIXTURE_H

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/record.h"
#include "policy/policy.h"
#include "proto/audit_link.h"

#define FIXTURE_UNUSED __attribute__((unused))

/* ---- folders ---- */

struct folders {
	char path[64];
	int top, vault, state;
};

FIXTURE_UNUSED static void folders_make(struct folders *f)
{
	struct err e;

	(void)snprintf(f->path, sizeof(f->path), "/tmp/kennel-broker-XXXXXX");
	assert_true(sodium_init() >= 0);
	assert_non_null(mkdtemp(f->path));
	f->top = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->top >= 0);
	f->vault = fs_open_dir(f->top, "vault", true, 0700, &e);
	f->state = fs_open_dir(f->top, "state", true, 0700, &e);
	assert_true(f->vault >= 0 && f->state >= 0);
}

FIXTURE_UNUSED static void folders_remove(struct folders *f)
{
	fd_close_p(&f->vault);
	fd_close_p(&f->state);
	fd_close_p(&f->top);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(fs_remove_tree(AT_FDCWD, f->path, NULL), 0);
}

/* Makes the folders on the way. */
FIXTURE_UNUSED static void put_note_n(const struct folders *f, const char *path, const void *text,
				      size_t n)
{
	char copy[VAULT_PATH_MAX];
	CLEANUP_FD int fd = -1;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = copy; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdirat(f->vault, copy, 0700);
		*slash = '/';
	}
	fd = openat(f->vault, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, n), 0);
}

FIXTURE_UNUSED static void put_note(const struct folders *f, const char *path, const char *text)
{
	put_note_n(f, path, text, strlen(text));
}

/* NUL-terminated; the caller frees. */
FIXTURE_UNUSED static char *get_note(const struct folders *f, const char *path)
{
	struct buffer b = { 0 };

	assert_int_equal(fs_read_file(f->vault, path, NOTE_MAX, &b, NULL), 0);
	return (char *)b.p;
}

/* ---- policy ---- */

FIXTURE_UNUSED static void policy_make(struct policy *p, const char *plugin,
				       permission_set permissions)
{
	memset(p, 0, sizeof(*p));
	p->abi = POLICY_ABI;
	p->runtime = RUNTIME_WASM;
	(void)snprintf(p->plugin, sizeof(p->plugin), "%s", plugin);
	(void)snprintf(p->version, sizeof(p->version), "1.0.0");
	(void)snprintf(p->tenant, sizeof(p->tenant), "default");
	memset(p->bundle_id, 0xab, sizeof(p->bundle_id));
	memset(p->signer, 0xcd, sizeof(p->signer));
	p->permissions = permissions;
	p->events = EVENT_BIT(EVENT_NOTE_SAVE) | EVENT_BIT(EVENT_COMMAND_PALETTE);
	p->limits = (struct limits){ .memory_bytes = 64u << 20,
				     .cpu_percent = 100,
				     .tasks = 16,
				     .event_timeout_ms = 30000,
				     .calls_per_second = 1000,
				     .io_bytes = 64u << 20,
				     .freeze_after_ms = 600000,
				     .stop_after_ms = 600000,
				     .instances = 1 };
	p->restart = (struct restart_rule){ .policy = RESTART_NEVER, .max = 1, .within_ms = 1000 };
}

/* The same rule on both sides: asked and granted. */
FIXTURE_UNUSED static void policy_scope(struct policy *p, enum permission perm, const char *glob,
					bool deny)
{
	struct scope_rule r = { .permission = (uint8_t)perm, .deny = deny };

	(void)snprintf(r.glob, sizeof(r.glob), "%s", glob);
	p->asked_scopes[p->asked_scope_count++] = r;
	p->granted_scopes[p->granted_scope_count++] = r;
}

/* ---- audit writer ---- */

enum { AUDIT_KEPT_MAX = 4096 };

struct audit_peer {
	int ends[2]; /* 0 is the writer's */
	pthread_t thread;
	pthread_mutex_t lock;
	bool refuse; /* says no to every record */
	size_t count;
	struct audit_record kept[AUDIT_KEPT_MAX];
};

FIXTURE_UNUSED static void *audit_main(void *arg)
{
	struct audit_peer *a = arg;
	struct audit_record r;

	while (record_recv(a->ends[0], &r, sizeof(r), NULL, 0, NULL) == (long)sizeof(r)) {
		struct audit_ack ack = { .abi = AUDIT_ABI, .serial = r.serial };

		(void)pthread_mutex_lock(&a->lock);
		if (a->refuse)
			ack.result = -1;
		else if (a->count < AUDIT_KEPT_MAX)
			a->kept[a->count++] = r;
		(void)pthread_mutex_unlock(&a->lock);
		if (record_send(a->ends[0], &ack, sizeof(ack), NULL, 0, NULL) < 0)
			break;
	}
	return NULL;
}

FIXTURE_UNUSED static struct audit_peer *audit_start(void)
{
	struct audit_peer *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	assert_int_equal(record_pair(a->ends, NULL), 0);
	assert_int_equal(pthread_mutex_init(&a->lock, NULL), 0);
	assert_int_equal(pthread_create(&a->thread, NULL, audit_main, a), 0);
	return a;
}

FIXTURE_UNUSED static void audit_refuse(struct audit_peer *a, bool refuse)
{
	(void)pthread_mutex_lock(&a->lock);
	a->refuse = refuse;
	(void)pthread_mutex_unlock(&a->lock);
}

/* Records of this event ("" any) and result ("" any), since the last audit_forget. */
FIXTURE_UNUSED static size_t audit_count(struct audit_peer *a, const char *event,
					 const char *result)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->count; i++)
		n += (!event[0] || !strcmp(a->kept[i].event, event)) &&
		     (!result[0] || !strcmp(a->kept[i].result, result));
	(void)pthread_mutex_unlock(&a->lock);
	return n;
}

FIXTURE_UNUSED static struct audit_record audit_last(struct audit_peer *a)
{
	struct audit_record r = { 0 };

	(void)pthread_mutex_lock(&a->lock);
	if (a->count)
		r = a->kept[a->count - 1];
	(void)pthread_mutex_unlock(&a->lock);
	return r;
}

FIXTURE_UNUSED static void audit_forget(struct audit_peer *a)
{
	(void)pthread_mutex_lock(&a->lock);
	a->count = 0;
	(void)pthread_mutex_unlock(&a->lock);
}

FIXTURE_UNUSED static void audit_stop(struct audit_peer *a)
{
	(void)shutdown(a->ends[0], SHUT_RDWR);
	(void)pthread_join(a->thread, NULL);
	fd_close_p(&a->ends[0]);
	fd_close_p(&a->ends[1]);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

#endif
