/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - the control socket. Callers are local users that may command the host anyway (root,
 * and the supervisor's own); bounds hold all the same, so that one of them cannot stop the others.
 */
#include "supervise/control.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/loop.h"
#include "proto/control.h"
#include "proto/request.h"
#include "supervise/methods.h"
#include "supervise/supervisor.h"

#define CLIENT_OUT_MAX (2u * CONTROL_FRAME_MAX)
enum { REQUESTS_A_TURN = 4096 };

static void drop_client(struct control_client *c)
{
	int fd = c->conn.fd;

	loop_remove(&c->source);
	frame_free_p(&c->conn);
	fd_close_p(&fd);
	*c = (struct control_client){ .s = c->s };
}

static struct control_client *find_client(struct supervisor *s, struct control_ref who)
{
	for (size_t i = 0; who.client && i < CONTROL_CLIENTS_MAX; i++)
		if (s->control.clients[i].id == who.client)
			return &s->control.clients[i];
	return NULL;
}

/* ---- out ---- */

/* A client that does not read is dropped, not waited for. */
static void send_text(struct control_client *c, const char *text, size_t n)
{
	struct err e = { 0 };

	if (frame_send(&c->conn, text, n, &e) < 0 ||
	    loop_set_events(c->source, EPOLLIN | (frame_wants_write(&c->conn) ? EPOLLOUT : 0u),
			    &e) < 0)
		drop_client(c);
}

static void send_json(struct control_client *c, json_t *message)
{
	size_t n = 0;
	CLEANUP(free_p) char *text = message ? json_print(message, &n) : NULL;

	json_decref(message);
	if (text)
		send_text(c, text, n);
	else
		drop_client(c);
}

void control_answer(struct supervisor *s, struct control_ref who, json_t *result)
{
	struct control_client *c = find_client(s, who);

	if (!c) {
		json_decref(result);
		return;
	}
	send_json(c, json_pack("{s:s, s:I, s:o}", "jsonrpc", "2.0", "id", who.id, "result",
			       result ? result : json_object()));
}

void control_refuse(struct supervisor *s, struct control_ref who, const struct err *why)
{
	struct control_client *c = find_client(s, who);
	json_t *error;

	if (!c)
		return;
	error = json_pack("{s:i, s:s, s:{s:s}}", "code", 1, "message",
			  utf8_is_valid(why->text, strlen(why->text)) ? why->text : "(unreadable)",
			  "data", "name", err_name(why->code));
	send_json(c, json_pack("{s:s, s:I, s:o}", "jsonrpc", "2.0", "id", who.id, "error", error));
}

void control_progress(struct supervisor *s, struct control_ref who, json_t *params)
{
	struct control_client *c = find_client(s, who);

	if (!c) {
		json_decref(params);
		return;
	}
	send_json(c, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", "progress", "params",
			       params));
}

bool control_filter_takes(const struct control_filter *f, const char *tenant, const char *plugin)
{
	return (!f->tenant[0] || !strcmp(f->tenant, tenant)) &&
	       (!f->plugin[0] || !strcmp(f->plugin, plugin));
}

bool control_filter_takes_item(const struct control_filter *f, const json_t *item)
{
	const char *tenant = json_string_value(json_object_get(item, "tenant"));
	const char *plugin = json_string_value(json_object_get(item, "plugin"));

	return control_filter_takes(f, tenant ? tenant : "", plugin ? plugin : "");
}

void control_publish(struct supervisor *s, enum control_follow kind, const json_t *item)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *c = &s->control.clients[i];

		if (!c->id || !(c->filter.follow & kind) ||
		    !control_filter_takes_item(&c->filter, item))
			continue;
		send_json(c, json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", "progress",
				       "params", item));
	}
}

int control_set_filter(struct supervisor *s, struct control_ref who, const struct control_filter *f,
		       struct err *e)
{
	struct control_client *c = find_client(s, who);

	if (!c)
		return err_set(e, ERR_STATE, "the caller left");
	c->filter = *f;
	return 0;
}

/* ---- in ---- */

static const struct control_method *find_method(const char *name)
{
	size_t n;
	const struct control_method *m = methods_table(&n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(m[i].name, name))
			return &m[i];
	return NULL;
}

static void call(struct supervisor *s, struct control_ref who, const char *name,
		 const json_t *params, int *fd)
{
	struct control_request q = { .s = s, .who = who, .params = params, .fd = *fd };
	const struct control_method *m = find_method(name);
	struct err e = { 0 };
	int r;

	*fd = -1;
	r = m ? m->handler(&q, &e) : err_set(&e, ERR_USAGE, "no method %.60s", name);
	fd_close_p(&q.fd);
	if (r == CONTROL_DONE)
		control_answer(s, who, take_ptr(q.result));
	else if (r < 0)
		control_refuse(s, who, &e);
	json_decref(q.result);
}

/* One request. false: this is not our protocol; the client goes. */
static bool take_request(struct control_client *c, const uint8_t *body, size_t n)
{
	CLEANUP(json_decref_p) json_t *q = NULL;
	CLEANUP(json_decref_p) json_t *none = json_object();
	const json_t *id, *params;
	const char *name;
	int fd = -1;

	if (json_parse((const char *)body, n, JSON_DEPTH_WIRE, JSON_NODES_MAX, &q, NULL) < 0)
		return false;
	id = json_object_get(q, "id");
	name = json_string_value(json_object_get(q, "method"));
	params = json_object_get(q, "params");
	if (!json_is_integer(id) || !name || (params && !json_is_object(params)) || !none)
		return false;
	if (c->conn.fds.count > 0) {
		fd = take_fd(c->conn.fds.fd[0]);
		record_fds_close(&c->conn.fds);
	}
	call(c->s, (struct control_ref){ c->id, json_integer_value(id) }, name,
	     params ? params : none, &fd);
	return true;
}

/* A request may drop its own client (or all): it is looked up again after each. */
static void take_requests(struct supervisor *s, struct control_ref who)
{
	struct control_client *c = find_client(s, who);

	for (unsigned int i = 0; c && i < REQUESTS_A_TURN; i++) {
		CLEANUP(free_p) uint8_t *copy = NULL;
		const uint8_t *body;
		size_t n;
		int r = frame_next(&c->conn, &body, &n, NULL);

		if (r == 0)
			break;
		copy = r < 0 ? NULL : malloc(n + 1);
		if (!copy) {
			drop_client(c);
			return;
		}
		memcpy(copy, body, n);
		frame_consume(&c->conn);
		if (!take_request(c, copy, n)) {
			drop_client(c);
			return;
		}
		c = find_client(s, who);
	}
	if (c && c->conn.eof)
		drop_client(c);
}

static void on_client(void *arg, uint32_t events)
{
	struct control_client *c = arg;
	struct err e = { 0 };

	if (!c->id)
		return;
	if (events & EPOLLOUT) {
		if (frame_flush(&c->conn, &e) < 0 ||
		    loop_set_events(c->source,
				    EPOLLIN | (frame_wants_write(&c->conn) ? EPOLLOUT : 0u),
				    &e) < 0) {
			drop_client(c);
			return;
		}
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	if (frame_fill(&c->conn, &e) < 0) {
		drop_client(c);
		return;
	}
	take_requests(c->s, (struct control_ref){ .client = c->id });
}

static bool may_command(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && n == sizeof(who) &&
	       (who.uid == 0 || who.uid == geteuid());
}

static void on_connection(void *arg, uint32_t events)
{
	struct supervisor *s = arg;
	CLEANUP_FD int fd =
		accept4(SUPERVISOR_CONTROL_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct control_client *c = NULL;
	struct err e = { 0 };

	(void)events;
	if (fd < 0 || !may_command(fd))
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX && !c; i++)
		if (!s->control.clients[i].id)
			c = &s->control.clients[i];
	if (!c)
		return; /* the caller sees the connection close, and tries again */
	*c = (struct control_client){ .s = s };
	frame_init(&c->conn, fd, CONTROL_FRAME_MAX, CLIENT_OUT_MAX);
	c->conn.take_fds = true;
	if (loop_add_fd(s->loop, &(struct loop_watch){ fd, EPOLLIN, on_client, c }, &c->source,
			&e) < 0)
		return;
	c->id = ++s->control.last_id;
	(void)take_fd(fd);
}

int control_open(struct supervisor *s, struct err *e)
{
	if (fd_set_nonblock(SUPERVISOR_CONTROL_FD) < 0)
		return err_sys(e, "control socket");
	return loop_add_fd(s->loop,
			   &(struct loop_watch){ SUPERVISOR_CONTROL_FD, EPOLLIN, on_connection, s },
			   &s->control.source, e);
}

void control_close(struct supervisor *s)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (s->control.clients[i].id)
			drop_client(&s->control.clients[i]);
	loop_remove(&s->control.source);
}
