/* SPDX-License-Identifier: Apache-2.0 */
/* test_logs.c - whatever a plugin prints becomes printable lines, and not too many. */
#include "broker/logs.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/broker_fixture.h"

struct fixture {
	struct loop *loop;
	struct loop_source *stop;
	struct plugin_log log;
	int out[2], err[2];
	size_t lines;
	size_t bytes;
	char last[LOG_LINE_MAX];
	enum log_stream last_stream;
	bool refuse;
};

static bool sink(void *arg, enum log_stream stream, unsigned int level, const char *line)
{
	struct fixture *x = arg;

	(void)level;
	assert_true(strlen(line) < LOG_LINE_MAX);
	assert_true(text_is_printable(line, strlen(line)));
	if (x->refuse)
		return false;
	x->lines++;
	x->bytes += strlen(line);
	x->last_stream = stream;
	(void)snprintf(x->last, sizeof(x->last), "%s", line);
	return true;
}

static void on_stop(void *arg)
{
	loop_stop(((struct fixture *)arg)->loop, 0);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_int_equal(pipe2(x->out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(x->err, O_CLOEXEC), 0);
	assert_int_equal(loop_new(&x->loop, NULL), 0);
	assert_int_equal(loop_add_timer(x->loop, on_stop, x, &x->stop, NULL), 0);
	assert_int_equal(logs_open(&x->log, x->loop, x->out[0], x->err[0], clock_mono_ms(), NULL),
			 0);
	logs_set_sink(&x->log, sink, NULL, x);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	logs_close(&x->log);
	fd_close_p(&x->out[1]);
	fd_close_p(&x->err[1]);
	loop_remove(&x->stop);
	loop_free_p(&x->loop);
	free(x);
	return 0;
}

static void say(int fd, const char *s)
{
	assert_int_equal(fd_write_all(fd, s, strlen(s)), 0);
}

static void escaping(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} cases[] = {
		{ "plain text", 10, "plain text" },
		{ "a\tb", 3, "a b" },
		{ "\x1b[31mred", 8, "\\x1b[31mred" },
		{ "a\0b", 3, "a\\x00b" },
		{ "\xff\xfe", 2, "\\xff\\xfe" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "\xe2\x80\xaexyz", 6, "\\xe2\\x80\\xaexyz" },
		{ "\xc3", 1, "\\xc3" },
		{ "\r", 1, "\\x0d" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(logs_escape(cases[i].in, cases[i].n, out, sizeof(out)),
				 strlen(cases[i].out));
		assert_string_equal(out, cases[i].out);
	}
	assert_int_equal(logs_escape("\xff\xff\xff", 3, out, 10), 8);
}

static void lines_of_both_streams(void **state)
{
	struct fixture *x = *state;

	say(x->out[1], "one\ntwo\r\npart");
	say(x->err[1], "bad\n");
	assert_int_equal(loop_arm(x->stop, 50, NULL), 0);
	assert_int_equal(loop_run(x->loop, NULL), 0);
	assert_int_equal(x->lines, 3);
	logs_close(&x->log);
	assert_int_equal(x->lines, 4);
	assert_string_equal(x->last, "part");
	assert_int_equal(x->log.lines, 4);
}

static void a_long_line_is_cut_into_lines(void **state)
{
	struct fixture *x = *state;
	char text[5001];

	memset(text, 'x', 5000);
	text[5000] = '\0';
	say(x->out[1], text);
	logs_close(&x->log);
	assert_int_equal(x->bytes, 5000);
	assert_true(x->lines >= 5000 / LOG_LINE_MAX);
}

static void too_much_is_dropped_and_counted(void **state)
{
	struct fixture *x = *state;
	int64_t now = clock_mono_ms();
	char line[1001];
	size_t given = 0;

	memset(line, 'y', 1000);
	line[999] = '\n';
	line[1000] = '\0';
	for (int i = 0; i < 1000; i++)
		given += logs_write(&x->log, 2, line, 1000, now);
	assert_in_range(given, 2 * LOG_BYTES_PER_SECOND / 1000 - 1,
			2 * LOG_BYTES_PER_SECOND / 1000 + 1);
	assert_int_equal(x->log.dropped_bytes, (1000 - given) * 1000);
	/* the next line that passes is led by the number */
	assert_true(logs_write(&x->log, 2, "next", 4, now + 1000));
	assert_int_equal(x->log.unreported, 0);
	assert_string_equal(x->last, "next");
}

static void a_sink_that_is_full_loses_nothing_in_silence(void **state)
{
	struct fixture *x = *state;

	x->refuse = true;
	assert_true(logs_write(&x->log, 2, "lost", 4, clock_mono_ms()));
	assert_int_equal(x->log.dropped_bytes, 4);
	x->refuse = false;
	assert_true(logs_write(&x->log, 2, "kept", 4, clock_mono_ms()));
	assert_int_equal(x->lines, 2);
	assert_string_equal(x->last, "kept");
}

static void *shout(void *arg)
{
	const int *fd = arg;
	static char block[65536];

	memset(block, 'z', sizeof(block));
	for (int i = 0; i < 400; i++)
		if (write(*fd, block, sizeof(block)) < 0)
			break;
	return NULL;
}

/* Twenty-five megabytes on stdout: the plugin waits at its pipe, we do not burn a processor. */
static void a_shouting_plugin_is_slowed_down(void **state)
{
	struct fixture *x = *state;
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, shout, &x->out[1]), 0);
	assert_int_equal(loop_arm(x->stop, 500, NULL), 0);
	assert_int_equal(loop_run(x->loop, NULL), 0);
	assert_true(x->log.out.paused);
	assert_true(logs_wait_ms(&x->log) > 0);
	assert_true(x->bytes <= 3 * LOG_BYTES_PER_SECOND);
	assert_true(x->log.dropped_bytes + x->bytes < 40 * LOG_BYTES_PER_SECOND);
	logs_resume(&x->log);
	assert_int_equal(logs_wait_ms(&x->log), 0);
	logs_close(&x->log);
	(void)pthread_join(t, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escaping),
		cmocka_unit_test_setup_teardown(lines_of_both_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut_into_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(too_much_is_dropped_and_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sink_that_is_full_loses_nothing_in_silence, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_shouting_plugin_is_slowed_down, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
