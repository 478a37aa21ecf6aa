/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - the client side of the control socket. */
#include "proto/control.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/frame.h"
#include "base/limits.h"

static int connect_to(const char *run_dir, struct err *e)
{
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", run_dir, CONTROL_SOCKET);

	if (fd < 0)
		return err_sys(e, "socket");
	if (n < 0 || (size_t)n >= sizeof(a.sun_path))
		return err_set(e, ERR_USAGE, "run folder %s: path is too long for a socket",
			       run_dir);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, "connect to %s (is kenneld running? see 'kennel doctor')",
			       a.sun_path);
	return take_fd(fd);
}

static int answer_error(const json_t *error, struct err *e)
{
	const char *name =
		json_string_value(json_object_get(json_object_get(error, "data"), "name"));
	const char *text = json_string_value(json_object_get(error, "message"));
	int code = name ? err_code_from_name(name) : -1;

	return err_set(e, code > 0 ? (enum err_code)code : ERR_INTERNAL, "%s",
		       text ? text : "no reason given");
}

static int send_request(int fd, const struct control_call *c, struct err *e)
{
	CLEANUP(json_decref_p) json_t *q = NULL;
	CLEANUP(free_p) char *text = NULL;
	size_t n;

	q = json_pack("{s:s, s:i, s:s, s:O?}", "jsonrpc", "2.0", "id", 1, "method", c->method,
		      "params", c->params);
	text = q ? json_print(q, &n) : NULL;
	if (!text)
		return err_set(e, ERR_NOMEM, "request %s", c->method);
	return frame_write_blocking(fd, text, n, c->fd, e);
}

int control_call(const struct control_call *c, json_t **ret_result, struct err *e)
{
	CLEANUP_FD int fd = connect_to(c->run_dir, e);

	if (fd < 0 || send_request(fd, c, e) < 0)
		return -1;
	for (;;) {
		CLEANUP(buffer_free_p) struct buffer b = { 0 };
		CLEANUP(json_decref_p) json_t *m = NULL;
		json_t *result;

		if (frame_read_blocking(fd, CONTROL_FRAME_MAX, &b, e) < 0)
			return err_wrap(e, "%s", c->method);
		if (json_parse((char *)b.p, b.len, JSON_DEPTH_WIRE, 1u << 20, &m, e) < 0)
			return err_wrap(e, "answer of the supervisor");
		if (json_object_get(m, "method")) {
			if (c->on_progress)
				c->on_progress(c->arg, json_object_get(m, "params"));
			continue;
		}
		if (json_object_get(m, "error"))
			return answer_error(json_object_get(m, "error"), e);
		result = json_object_get(m, "result");
		if (!result)
			return err_set(e, ERR_PROTOCOL, "an answer without a result");
		*ret_result = json_incref(result);
		return 0;
	}
}
