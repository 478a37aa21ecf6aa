/* SPDX-License-Identifier: Apache-2.0 */
/* broker_play.h - a running broker in a thread; the test plays supervisor and plugins. */
#ifndef KENNEL_TESTS_BROKER_PLAY_H
#define KENNEL_TESTS_BROKER_PLAY_H

#include <poll.h>
#include <signal.h>

#include "base/frame.h"
#include "proto/broker_link.h"
#include "proto/hostapi.h"
#include "broker/broker.h"
#include "tests/lib/broker_fixture.h"

enum { WAIT_MS = 15000, QUIET_MS = 150 };

struct fixture {
	struct folders f;
	struct audit_peer *audit;
	int link[2]; /* 0 is ours */
	struct broker *b;
	pthread_t thread;
	int result;
};

struct plugin {
	uint64_t id;
	int wire, out, err;
	int64_t next_id;
};

/* ---- supervisor ---- */

FIXTURE_UNUSED static bool recv_msg(struct fixture *x, struct broker_msg *m, int timeout_ms)
{
	struct pollfd p = { .fd = x->link[0], .events = POLLIN };
	long n;

	if (poll(&p, 1, timeout_ms) != 1)
		return false;
	n = record_recv(x->link[0], m, sizeof(*m), NULL, 0, NULL);
	if (n <= 0)
		return false;
	assert_int_equal(m->abi, BROKER_ABI);
	assert_int_equal(n, broker_msg_size(m->kind));
	return true;
}

/* The next record of this kind; log lines and finished events in between are passed over when
 * asked. */
FIXTURE_UNUSED static struct broker_msg want(struct fixture *x, uint32_t kind)
{
	struct broker_msg m;

	for (;;) {
		if (!recv_msg(x, &m, WAIT_MS))
			fail_msg("no record of kind %u", kind);
		if (m.kind == kind)
			return m;
		if (m.kind == BROKER_VIOLATION)
			fail_msg("violation: %s", m.u.fault.error.text);
	}
}

FIXTURE_UNUSED static void want_quiet(struct fixture *x)
{
	struct broker_msg m;

	if (recv_msg(x, &m, QUIET_MS))
		fail_msg("a record of kind %u", m.kind);
}

FIXTURE_UNUSED static void send_msg(struct fixture *x, struct broker_msg *m,
				    const struct record_fds *fds)
{
	m->abi = BROKER_ABI;
	assert_int_equal(record_send(x->link[0], m, broker_msg_size(m->kind), fds, 0, NULL), 0);
}

FIXTURE_UNUSED static void *broker_main(void *arg)
{
	struct fixture *x = arg;
	struct err e;

	x->result = broker_run(x->b, &e);
	return NULL;
}

FIXTURE_UNUSED static int play_setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct broker_fds fds;

	folders_make(&x->f);
	put_note(&x->f, "In/a.md", "A note about Topic.\n");
	put_note(&x->f, "In/Topic.md", "# Topic\n");
	put_note(&x->f, "Out/o.md", "out\n");
	x->audit = audit_start();
	assert_int_equal(record_pair(x->link, NULL), 0);
	fds = (struct broker_fds){ .link = x->link[1],
				   .audit = x->audit->ends[1],
				   .vault = x->f.vault,
				   .state = x->f.state };
	assert_int_equal(broker_new("default", &fds, &x->b, NULL), 0);
	assert_int_equal(pthread_create(&x->thread, NULL, broker_main, x), 0);
	(void)want(x, BROKER_READY);
	*state = x;
	return 0;
}

FIXTURE_UNUSED static int play_teardown(void **state)
{
	struct fixture *x = *state;

	fd_close_p(&x->link[0]);
	(void)pthread_join(x->thread, NULL);
	broker_free_p(&x->b);
	fd_close_p(&x->link[1]);
	audit_stop(x->audit);
	folders_remove(&x->f);
	free(x);
	return 0;
}

FIXTURE_UNUSED static void detach(struct fixture *x, struct plugin *pl)
{
	struct broker_msg m = { .kind = BROKER_DETACH, .u.instance = { .id = pl->id } };

	send_msg(x, &m, NULL);
	fd_close_p(&pl->wire);
	fd_close_p(&pl->out);
	fd_close_p(&pl->err);
}

FIXTURE_UNUSED static struct broker_stats stats(struct fixture *x, uint64_t id)
{
	struct broker_msg m = { .kind = BROKER_STATS, .u.instance = { .id = id } };

	send_msg(x, &m, NULL);
	return want(x, BROKER_PLUGIN_STATS).u.stats;
}

/* ---- plugin ---- */

FIXTURE_UNUSED static void policy_in(struct policy *p, const char *name)
{
	policy_make(p, name, PERM_BIT(PERM_READ_NOTES) | PERM_BIT(PERM_WRITE_LINKS));
	policy_scope(p, PERM_READ_NOTES, "In/**", false);
	policy_scope(p, PERM_WRITE_LINKS, "In/**", false);
}

FIXTURE_UNUSED static struct plugin attach(struct fixture *x, uint64_t id,
					   const struct policy *policy)
{
	struct broker_msg *m = calloc(1, sizeof(*m));
	CLEANUP(free_p) struct broker_msg *owner = m;
	struct plugin pl = { .id = id, .next_id = 1 };
	int wire[2], out[2], err[2];
	struct record_fds fds;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	m->kind = BROKER_ATTACH;
	m->u.attach.id = id;
	m->u.attach.policy = *policy;
	fds = (struct record_fds){ .fd = { wire[0], out[0], err[0] }, .count = 3 };
	send_msg(x, m, &fds);
	record_fds_close(&fds);
	pl.wire = wire[1];
	pl.out = out[1];
	pl.err = err[1];
	return pl;
}

FIXTURE_UNUSED static void put(const struct plugin *pl, const char *text)
{
	assert_int_equal(frame_write_blocking(pl->wire, text, strlen(text), -1, NULL), 0);
}

/* The next message, or NULL at the end of the wire. */
FIXTURE_UNUSED static json_t *get(const struct plugin *pl)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct pollfd p = { .fd = pl->wire, .events = POLLIN };
	json_t *j = NULL;

	if (poll(&p, 1, WAIT_MS) != 1)
		fail_msg("the broker says nothing");
	if (frame_read_blocking(pl->wire, WIRE_FRAME_MAX, &b, NULL) < 0)
		return NULL;
	assert_int_equal(json_parse((char *)b.p, b.len, 64, 100000, &j, NULL), 0);
	return j;
}

FIXTURE_UNUSED static const char *str(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

FIXTURE_UNUSED static json_int_t num(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* A request of the host must come: its id. ret_params may be NULL. */
FIXTURE_UNUSED static json_int_t want_request(const struct plugin *pl, const char *method,
					      json_t **ret_params)
{
	json_t *j = get(pl);
	json_int_t id;

	assert_non_null(j);
	assert_string_equal(str(j, "method"), method);
	id = num(j, "id");
	if (ret_params)
		*ret_params = json_incref(json_object_get(j, "params"));
	json_decref(j);
	return id;
}

FIXTURE_UNUSED static void answer(const struct plugin *pl, json_int_t id, const char *result)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":%s}",
		       (long long)id, result);
	put(pl, text);
}

FIXTURE_UNUSED static struct plugin greet(struct fixture *x, uint64_t id,
					  const struct policy *policy)
{
	struct plugin pl = attach(x, id, policy);

	answer(&pl, want_request(&pl, "initialize", NULL), "{\"ready\":true}");
	assert_int_equal(want(x, BROKER_UP).u.instance.id, id);
	return pl;
}

/* A call and its answer; the caller frees. */
FIXTURE_UNUSED static json_t *call(struct plugin *pl, const char *method, const char *params)
{
	CLEANUP(free_p) char *text = NULL;
	json_int_t id = pl->next_id++;
	json_t *j;

	assert_true(asprintf(&text,
			     "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\",\"params\":%s}",
			     (long long)id, method, params) > 0);
	put(pl, text);
	j = get(pl);
	assert_non_null(j);
	assert_int_equal(num(j, "id"), id);
	return j;
}

#endif
