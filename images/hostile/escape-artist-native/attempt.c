/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.c - runs tries and writes down what became of them.
 * Owns: the judgement.  Must not know: the tries. */
#include "attempt.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *attempt_self = "/exec/plugin";
bool attempt_approved;

#define WENT_THROUGH 255 /* no errno is as large */

/* Which layer says this; a guess, since layers share their errors. */
static const struct {
	int error;
	const char *by;
} layers[] = {
	{ ENOSYS, "seccomp" },	       { EACCES, "guard" },	 { EXDEV, "guard" },
	{ EPERM, "guard or kernel" },  { ENOENT, "mount tree" }, { ENOTDIR, "mount tree" },
	{ EROFS, "read-only mount" },  { EAGAIN, "cgroup" },	 { ESRCH, "pid namespace" },
	{ EMFILE, "rlimit" },	       { ENFILE, "rlimit" },	 { ENOSPC, "quota" },
	{ EFBIG, "rlimit" },	       { ENOMEM, "cgroup" },	 { EAFNOSUPPORT, "kernel" },
	{ EPROTONOSUPPORT, "kernel" },
};

static const char *layer_of(int error)
{
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		if (layers[i].error == error)
			return layers[i].by;
	return error > 128 ? "killed" : "kernel";
}

void attempt_report(json_t *report, const char *name, long r, int error)
{
	const char *outcome = r < 0 ? "refused" : "ESCAPED";
	const char *by = r < 0 ? layer_of(error) : "nobody";
	const char *text = r < 0 ? strerrorname_np(error) : NULL;

	(void)json_array_append_new(
		report, json_pack("{s:s,s:s,s:s,s:s,s:i}", "attempt", name, "outcome", outcome,
				  "by", by, "error", text ? text : "", "errno", r < 0 ? error : 0));
}

void attempt_here(json_t *report, const struct attempt *a)
{
	long r;

	errno = 0;
	r = a->run();
	attempt_report(report, a->name, r, errno);
}

static void in_child(json_t *report, const struct attempt *a)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0) {
		attempt_here(report, a);
		return;
	}
	if (pid == 0) {
		errno = 0;
		_exit(a->run() < 0 ? errno : WENT_THROUGH);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		attempt_report(report, a->name, -1, 128 + WTERMSIG(status));
	else
		attempt_report(report, a->name, WEXITSTATUS(status) == WENT_THROUGH ? 0 : -1,
			       WEXITSTATUS(status));
}

void attempt_all(json_t *report, const struct attempt *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		in_child(report, &list[i]);
}
