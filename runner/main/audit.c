/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - kennel-audit: the only process that can write the log; and, as "kennel-audit verify
 * DIR", the reader that checks one. Owns: clients, group commit, checkpoints.  Must not know: JSON,
 * plugins.
 *
 * One turn of the loop takes every record that waits, writes them, syncs each log once, and only
 * then acknowledges: callers that wait together share one fdatasync(2). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/record.h"
#include "observe/audit.h"
#include "observe/audit_read.h"
#include "proto/audit_link.h"

enum { CLIENTS_MAX = TENANTS_MAX + 4, ACKS_MAX = 512, SOON_MS = 50, CHECKPOINT_IDLE_MS = 1000 };

struct client {
	int fd;
	bool any_tenant;
	char tenant[NAME_MAX_BYTES];
};

struct pending_ack {
	int fd;
	struct audit_log *log;
	struct audit_ack ack;
	bool durable;
};

struct writer_state {
	int dir;
	struct audit_key key;
	struct audit_log logs[TENANTS_MAX + 1];
	size_t log_count;
	struct client clients[CLIENTS_MAX];
	size_t client_count;
	struct pending_ack acks[ACKS_MAX];
	size_t ack_count;
	int64_t oldest_unsynced_ms; /* 0: everything is on disk */
	int64_t last_record_ms;	    /* 0: every log ends in a checkpoint */
};

static struct audit_log *find_log(struct writer_state *s, const char *name, struct err *e)
{
	for (size_t i = 0; i < s->log_count; i++)
		if (!strcmp(s->logs[i].name, name))
			return &s->logs[i];
	if (s->log_count == countof(s->logs)) {
		(void)err_set(e, ERR_FULL, "more than %zu logs", countof(s->logs));
		return NULL;
	}
	if (audit_log_open(s->dir, name, &s->logs[s->log_count], e) < 0)
		return NULL;
	return &s->logs[s->log_count++];
}

static bool record_is_valid(const struct audit_record *r)
{
	return r->abi == AUDIT_ABI && (r->class == AUDIT_DURABLE || r->class == AUDIT_SOON) &&
	       str_ends_inside(r->tenant, sizeof(r->tenant)) &&
	       str_ends_inside(r->event, sizeof(r->event)) &&
	       str_ends_inside(r->plugin, sizeof(r->plugin)) &&
	       str_ends_inside(r->bundle, sizeof(r->bundle)) &&
	       str_ends_inside(r->instance, sizeof(r->instance)) &&
	       str_ends_inside(r->method, sizeof(r->method)) &&
	       str_ends_inside(r->cap, sizeof(r->cap)) &&
	       str_ends_inside(r->object, sizeof(r->object)) &&
	       str_ends_inside(r->result, sizeof(r->result)) &&
	       str_ends_inside(r->detail, sizeof(r->detail)) && r->event[0];
}

static int take_record(struct writer_state *s, const struct client *c, const struct audit_record *r,
		       struct pending_ack *ret, struct err *e)
{
	const char *name = r->tenant[0] ? r->tenant : AUDIT_HOST_LOG;

	if (!record_is_valid(r))
		return err_set(e, ERR_PROTOCOL, "malformed record");
	if (!c->any_tenant && strcmp(c->tenant, name) != 0)
		return err_set(e, ERR_REFUSED, "a client of tenant %s wrote for %s", c->tenant,
			       name);
	ret->log = find_log(s, name, e);
	if (!ret->log)
		return -1;
	ret->durable = r->class == AUDIT_DURABLE;
	s->last_record_ms = clock_mono_ms();
	if (!s->oldest_unsynced_ms)
		s->oldest_unsynced_ms = s->last_record_ms;
	return audit_log_append(ret->log, r, &ret->ack.seq, e);
}

/* Takes what waits; false: the client is gone or broke the protocol. */
static bool drain_client(struct writer_state *s, const struct client *c)
{
	while (s->ack_count < ACKS_MAX) {
		struct pending_ack *a = &s->acks[s->ack_count];
		struct audit_record r;
		struct err e = { 0 };
		long n = record_recv(c->fd, &r, sizeof(r), NULL, MSG_DONTWAIT, &e);

		if (n == RECORD_AGAIN)
			return true;
		if (n != (long)sizeof(r))
			return false;
		*a = (struct pending_ack){ .fd = c->fd,
					   .ack = { .abi = AUDIT_ABI, .serial = r.serial } };
		if (take_record(s, c, &r, a, &e) < 0) {
			a->ack.result = -1;
			log_err(LOG_ERROR, "audit record refused", &e);
		}
		s->ack_count++;
	}
	return true;
}

static void sync_logs(struct writer_state *s, bool all)
{
	struct err e = { 0 };

	for (size_t i = 0; i < s->ack_count; i++)
		if (s->acks[i].durable && s->acks[i].log && audit_log_sync(s->acks[i].log, &e) < 0)
			s->acks[i].ack.result = -1;
	for (size_t i = 0; all && i < s->log_count; i++)
		(void)audit_log_sync(&s->logs[i], &e);
	if (e.code)
		log_err(LOG_ERROR, "audit log failed", &e);
	s->oldest_unsynced_ms = 0;
	for (size_t i = 0; i < s->log_count; i++)
		if (s->logs[i].unsynced && !s->logs[i].failed)
			s->oldest_unsynced_ms = clock_mono_ms();
}

static void send_acks(struct writer_state *s)
{
	for (size_t i = 0; i < s->ack_count; i++)
		(void)record_send(s->acks[i].fd, &s->acks[i].ack, sizeof(s->acks[i].ack), NULL,
				  MSG_DONTWAIT, NULL);
	s->ack_count = 0;
}

static void checkpoint_logs(struct writer_state *s, uint64_t behind)
{
	struct err e = { 0 };

	for (size_t i = 0; i < s->log_count; i++)
		if (s->logs[i].seq - s->logs[i].checkpointed >= behind &&
		    audit_log_checkpoint(&s->logs[i], &s->key, &e) < 0)
			log_err(LOG_ERROR, "audit checkpoint failed", &e);
}

static bool take_client(struct writer_state *s)
{
	struct record_fds fds = { 0 };
	struct audit_client hello;
	struct err e = { 0 };
	long n = record_recv(AUDIT_ADMIN_FD, &hello, sizeof(hello), &fds, MSG_DONTWAIT, &e);
	struct client *c = &s->clients[s->client_count];

	if (n == RECORD_AGAIN)
		return true;
	if (n != (long)sizeof(hello) || fds.count != 1 || hello.abi != AUDIT_ABI ||
	    !str_ends_inside(hello.tenant, sizeof(hello.tenant)) ||
	    s->client_count == CLIENTS_MAX) {
		record_fds_close(&fds);
		return false;
	}
	*c = (struct client){ .fd = fds.fd[0], .any_tenant = hello.any_tenant == 1 };
	(void)copy_str(c->tenant, sizeof(c->tenant), hello.tenant);
	s->client_count++;
	return true;
}

static int wait_ms(const struct writer_state *s)
{
	int64_t now = clock_mono_ms();
	int64_t wait = s->last_record_ms ? s->last_record_ms + CHECKPOINT_IDLE_MS - now : -1;

	if (s->oldest_unsynced_ms && (wait < 0 || s->oldest_unsynced_ms + SOON_MS - now < wait))
		wait = s->oldest_unsynced_ms + SOON_MS - now;
	if (s->last_record_ms || s->oldest_unsynced_ms)
		return wait < 0 ? 0 : (int)wait;
	return -1;
}

static void drop_client(struct writer_state *s, size_t i)
{
	fd_close_p(&s->clients[i].fd);
	s->clients[i] = s->clients[--s->client_count];
}

/* false: the launcher is gone or asked to end. */
static bool turn(struct writer_state *s, int signals)
{
	struct pollfd p[CLIENTS_MAX + 2] = { { .fd = AUDIT_ADMIN_FD, .events = POLLIN },
					     { .fd = signals, .events = POLLIN } };
	size_t n = s->client_count;
	int64_t now;

	for (size_t i = 0; i < n; i++)
		p[2 + i] = (struct pollfd){ .fd = s->clients[i].fd, .events = POLLIN };
	if (poll(p, n + 2, wait_ms(s)) < 0 && errno != EINTR)
		return false;
	for (size_t i = n; i-- > 0;) {
		int fd = s->clients[i].fd;

		if (p[2 + i].revents && !drain_client(s, &s->clients[i])) {
			for (size_t a = 0; a < s->ack_count; a++)
				if (s->acks[a].fd == fd)
					s->acks[a].fd = -1;
			drop_client(s, i);
		}
	}
	now = clock_mono_ms();
	sync_logs(s, s->oldest_unsynced_ms && now - s->oldest_unsynced_ms >= SOON_MS);
	send_acks(s);
	checkpoint_logs(s, AUDIT_CHECKPOINT_EVERY);
	if (s->last_record_ms && now - s->last_record_ms >= CHECKPOINT_IDLE_MS) {
		checkpoint_logs(s, 1);
		s->last_record_ms = 0;
	}
	if (p[0].revents && !take_client(s))
		return false;
	return !p[1].revents;
}

static int serve(struct err *e)
{
	static struct writer_state s; /* large; one a process */
	struct landlock_rule rule = { .fd = AUDIT_LOG_FD,
				      .access = LANDLOCK_READ | LANDLOCK_WRITE };
	sigset_t set;
	int signals;

	s.dir = AUDIT_LOG_FD;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "sigprocmask");
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(e, "signalfd");
	if (confine_enter(SECCOMP_AUDIT, &rule, 1, e) < 0 || audit_key_load(s.dir, &s.key, e) < 0)
		return -1;
	while (turn(&s, signals))
		;
	/* What callers sent before the end is still theirs. */
	for (size_t i = s.client_count; i-- > 0;)
		(void)drain_client(&s, &s.clients[i]);
	sync_logs(&s, true);
	send_acks(&s);
	checkpoint_logs(&s, 1);
	sodium_memzero(&s.key, sizeof(s.key));
	return 0;
}

/* ---- verify ---- */

static void print_verdict(const char *log, const struct audit_verdict *v, int r,
			  const struct err *e, bool json)
{
	static const char *const words[] = { "intact", "tampered", "torn", "unverifiable" };
	int word = r == 0			   ? 0
		   : e->code == ERR_AUDIT_TAMPERED ? 1
		   : e->code == ERR_AUDIT_TORN	   ? 2
						   : 3;

	if (json) {
		(void)printf("{\"log\":\"%s\",\"verdict\":\"%s\",\"records\":%llu,\"covered\":%llu,"
			     "\"checkpoints\":%llu,\"badRecord\":%llu}\n",
			     log, words[word], (unsigned long long)v->records,
			     (unsigned long long)v->covered, (unsigned long long)v->checkpoints,
			     (unsigned long long)v->bad_record);
		return;
	}
	(void)printf("%s: %s, %llu records", log, words[word], (unsigned long long)v->records);
	if (r == 0)
		(void)printf(", %llu of them under %llu signed checkpoints\n",
			     (unsigned long long)v->covered, (unsigned long long)v->checkpoints);
	else
		(void)printf(": %s\n", e->text);
}

static int load_public(int dir, uint8_t ret[32], struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };

	if (fs_read_file(dir, AUDIT_PUBKEY_FILE, 64, &b, e) < 0) {
		e->code = ERR_AUDIT_UNVERIFIABLE;
		return -1;
	}
	return hex_decode((char *)b.p, ret, 32)
		       ? 0
		       : err_set(e, ERR_AUDIT_UNVERIFIABLE, "%s is no key", AUDIT_PUBKEY_FILE);
}

static int verify_log(int dir, const char *name, bool json, struct err *e)
{
	struct audit_verdict v = { 0 };
	uint8_t public_key[32];
	CLEANUP_FD int log = -1;
	int r;

	if (load_public(dir, public_key, e) < 0)
		return -1;
	log = fs_open_dir(dir, name, false, 0, e);
	if (log < 0) {
		e->code = ERR_AUDIT_UNVERIFIABLE;
		return -1;
	}
	r = audit_verify(log, name, public_key, &v, e);
	print_verdict(name, &v, r, e, json);
	return r;
}

static int verify_all(const char *path, const char *only, bool json)
{
	CLEANUP(closedir_p) DIR *d = opendir(path);
	struct err worst = { 0 };
	size_t logs = 0;

	if (!d) {
		(void)fprintf(stderr, "kennel-audit: E_IO: %s: %s\n", path, strerror(errno));
		return err_exit_status(ERR_AUDIT_UNVERIFIABLE);
	}
	for (struct dirent *de; (de = readdir(d));) {
		struct err e = { 0 };

		if (de->d_type != DT_DIR || !name_is_valid(de->d_name) ||
		    (only && strcmp(only, de->d_name) != 0))
			continue;
		logs++;
		if (verify_log(dirfd(d), de->d_name, json, &e) < 0 &&
		    (!worst.code || e.code == ERR_AUDIT_TAMPERED))
			worst = e;
	}
	if (!logs) {
		(void)fprintf(stderr, "kennel-audit: E_NOT_FOUND: no log%s%s in %s\n",
			      only ? " " : "", only ? only : "", path);
		return err_exit_status(ERR_AUDIT_UNVERIFIABLE);
	}
	return err_exit_status(worst.code);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	bool json = argc > 3 && !strcmp(argv[argc - 1], "--json");

	log_init("audit", LOG_INFO);
	if (sodium_init() < 0)
		return 125;
	if (argc >= 3 && !strcmp(argv[1], "verify"))
		return verify_all(argv[2], argc - json > 3 ? argv[3] : NULL, json);
	if (argc != 1) {
		(void)fprintf(stderr,
			      "usage: kennel-audit verify DIR [LOG] [--json]\n"
			      "(without arguments it is the log writer that kenneld starts)\n");
		return 2;
	}
	if (serve(&e) < 0) {
		log_err(LOG_ERROR, "audit writer cannot go on", &e);
		return err_exit_status(e.code);
	}
	return 0;
}
