/* SPDX-License-Identifier: Apache-2.0 */
/* test_proto_control.c - the client of the control socket against a server that answers by script.
 */
#include "proto/control.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/frame.h"

static char dir[64];

/* A child that accepts once, reads one request and sends the given answers. */
static pid_t serve(const char *const *answers, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", dir, CONTROL_SOCKET);
	(void)unlink(a.sun_path);
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(l, 1), 0);
	pid = fork();
	if (pid == 0) {
		int c = accept(l, NULL, NULL);
		struct buffer b = { 0 };

		if (frame_read_blocking(c, 4096, &b, NULL) < 0 ||
		    !strstr((char *)b.p, "\"method\":\"ps\""))
			_exit(1);
		for (size_t i = 0; i < n; i++)
			(void)frame_write_blocking(c, answers[i], strlen(answers[i]), -1, NULL);
		buffer_free_p(&b);
		_exit(0);
	}
	(void)close(l);
	return pid;
}

static void count(void *arg, const json_t *params)
{
	assert_non_null(params);
	++*(int *)arg;
}

static int call(const char *const *answers, size_t n, int *progress, json_t **ret, struct err *e)
{
	struct control_call c = {
		.run_dir = dir, .method = "ps", .fd = -1, .on_progress = count, .arg = progress
	};
	pid_t pid = serve(answers, n);
	int r = control_call(&c, ret, e), status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return r;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/kennel-control-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, CONTROL_SOCKET);
	(void)unlink(path);
	return rmdir(dir);
}

static void notifications_come_before_the_result(void **state)
{
	const char *answers[] = { "{\"method\":\"progress\",\"params\":{}}",
				  "{\"method\":\"progress\",\"params\":{}}",
				  "{\"id\":1,\"result\":{\"ok\":true}}" };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct err e = { 0 };
	int progress = 0;

	(void)state;
	assert_int_equal(call(answers, 3, &progress, &result, &e), 0);
	assert_int_equal(progress, 2);
	assert_true(json_is_true(json_object_get(result, "ok")));
}

static void an_error_keeps_its_name(void **state)
{
	const char *answers[] = {
		"{\"id\":1,\"error\":{\"code\":1,\"message\":\"no\",\"data\":{\"name\":\"E_GRANT\"}}}"
	};
	json_t *result = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(call(answers, 1, NULL, &result, &e), -1);
	assert_int_equal(e.code, ERR_GRANT);
	assert_string_equal(e.text, "no");
}

static void a_lost_or_odd_answer_is_an_error(void **state)
{
	const char *odd[] = { "{\"id\":1}" };
	json_t *result = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(call(NULL, 0, NULL, &result, &e), -1);
	assert_int_equal(call(odd, 1, NULL, &result, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(notifications_come_before_the_result, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_error_keeps_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_or_odd_answer_is_an_error, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
