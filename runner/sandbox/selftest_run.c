/* SPDX-License-Identifier: Apache-2.0 */
/* selftest_run.c - a jail of each image that plugins run in, in which process 1 tries to get out
 * instead of starting a program. Started as every jail is, and waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/host.h"
#include "sandbox/selftest.h"

enum {
	SELFTEST_MS = 20000, /* natively some ten; emulated a second */
	MEMORY_BYTES = 64 << 20,
	IO_BYTES = 64 << 20,
	TASKS = 16,
	CPU_PERCENT = 100,
};

/* Until the last process has closed it. */
static int read_to_end(int fd, void *p, size_t cap, size_t *ret_n, struct err *e)
{
	int64_t until = clock_mono_ms() + SELFTEST_MS;
	size_t n = 0;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		ssize_t got;

		if (left <= 0)
			return err_set(e, ERR_SELFTEST, "not done after %d ms", (int)SELFTEST_MS);
		if (poll(&wait, 1, (int)left) <= 0)
			continue;
		got = read(fd, (char *)p + n, cap - n);
		if (got < 0 && errno != EINTR)
			return err_sys(e, "read the outcome");
		if (got == 0) {
			*ret_n = n;
			return 0; /* the end, or more than there can be: then it is not complete */
		}
		n += got > 0 ? (size_t)got : 0;
	}
}

static int try_jail(struct launcher *l, const struct launch_start *s, struct selftest_report *r,
		    struct err *e)
{
	struct selftest_jail *jail = &r->jail[r->jails];
	struct selftest_result got[SELFTEST_TRIES + 1];
	CLEANUP_FD int out = -1;
	struct instance *i;
	size_t n = 0;
	int pair[2], result;
	struct record_fds fds;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	out = pair[0];
	fds = (struct record_fds){ .fd = { pair[1], pair[1], pair[1] }, .count = 3 };
	result = instance_start_selftest(l, s, &fds, &i, e);
	fd_close_p(&pair[1]);
	if (result < 0)
		return -1;
	result = read_to_end(out, got, sizeof(got), &n, e);
	instance_end_selftest(i);
	if (result < 0)
		return -1;
	*jail = (struct selftest_jail){ .image = s->image, .guarded = l->guard != NULL };
	r->jails++;
	return selftest_judge(r, jail, got, n, e);
}

int selftest_run(struct launcher *l, struct selftest_report *ret, struct err *e)
{
	static const uint32_t images[SELFTEST_JAILS_MAX] = { IMAGE_WASM, IMAGE_NATIVE };
	struct launch_start s;

	memset(ret, 0, sizeof(*ret));
	for (size_t n = 0; n < countof(images); n++) {
		if (l->images[images[n]].root_fd < 0)
			continue;
		memset(&s, 0, sizeof(s));
		(void)copy_str(s.plugin, sizeof(s.plugin), SELFTEST_TENANT);
		s.image = images[n];
		s.limits = (struct limits){ .memory_bytes = MEMORY_BYTES,
					    .cpu_percent = CPU_PERCENT,
					    .tasks = TASKS,
					    .io_bytes = IO_BYTES };
		if (try_jail(l, &s, ret, e) < 0)
			return err_wrap(e, "selftest in a %s jail",
					images[n] == IMAGE_WASM ? "wasm" : "native");
	}
	return 0;
}
