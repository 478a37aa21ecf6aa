/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c - starts one payload under the others: a bare clone3(2) + exec with the same namespaces,
 * bubblewrap, crun. Rounds go through all of them in turn, so that noise meets all alike.
 *   bench-peers ROUNDS stub|wasm ROOT PROGRAM CRUN-BUNDLE CRUN-OPTION
 * ROOT is a root tree, PROGRAM a path in it, CRUN-BUNDLE an OCI bundle that runs it. "ready" is the
 * first word on fd 3 (a byte of the stub; the answer to initialize of a plugin), "end" is when
 * waitpid returns. Owns: starting and measuring.  Must not know: kenneld. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"
#include "tools/bench/sample.h"

static const char initialize[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
	"{\"protocol\":\"1.0\",\"plugin\":\"bench\",\"version\":\"1.0.0\",\"tenant\":\"t\","
	"\"instance\":\"1\",\"grants\":[],\"events\":[],\"limits\":{}}}";

struct peer {
	const char *name;
	const char *argv[16]; /* NULL: the bare clone3 */
	struct sample ready, end;
};

struct payload {
	bool wasm;
	const char *root;
	const char *program;
};

static void place_wire(int wire)
{
	int null_fd = open("/dev/null", O_RDWR);

	if (wire == 3)
		(void)fcntl(3, F_SETFD, 0);
	else
		(void)dup2(wire, 3);
	(void)dup2(null_fd, 0);
	(void)dup2(null_fd, 1);
	(void)syscall(SYS_close_range, 4, ~0u, 0);
}

static pid_t start_bare(const struct payload *p, int wire)
{
	struct clone_args ca = { .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
					  CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
					  CLONE_NEWNET,
				 .exit_signal = SIGCHLD };
	char path[512];
	long pid = syscall(SYS_clone3, &ca, sizeof(ca));

	if (pid == 0) {
		(void)snprintf(path, sizeof(path), "%s%s", p->root, p->program);
		place_wire(wire);
		(void)execl(path, path, (char *)NULL);
		_exit(127);
	}
	return (pid_t)pid;
}

static pid_t start_program(char *const *argv, int wire)
{
	pid_t pid = fork();

	if (pid == 0) {
		place_wire(wire);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static bool wait_ready(const struct payload *p, int wire)
{
	struct buffer b = { 0 };
	struct err e;
	char c;

	if (!p->wasm)
		return read(wire, &c, 1) == 1;
	if (frame_write_blocking(wire, initialize, sizeof(initialize) - 1, -1, &e) < 0 ||
	    frame_read_blocking(wire, 1 << 20, &b, &e) < 0)
		return false;
	buffer_free_p(&b);
	return true;
}

static int round_of(struct peer *peer, const struct payload *p)
{
	double start, ready;
	int pair[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	start = bench_now_us();
	pid = peer->argv[0] ? start_program((char *const *)(uintptr_t)peer->argv, pair[1])
			    : start_bare(p, pair[1]);
	(void)close(pair[1]);
	if (pid < 0 || !wait_ready(p, pair[0])) {
		(void)close(pair[0]);
		if (pid > 0)
			(void)waitpid(pid, &status, 0);
		return -1;
	}
	ready = bench_now_us();
	(void)close(pair[0]); /* a plugin ends when its wire does */
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	sample_add(&peer->ready, ready - start);
	sample_add(&peer->end, bench_now_us() - start);
	return 0;
}

int main(int argc, char **argv)
{
	static struct peer peers[3] = { { .name = "clone3" },
					{ .name = "bubblewrap" },
					{ .name = "crun" } };
	struct payload p = { 0 };
	unsigned long rounds;

	if (argc != 7) {
		(void)fprintf(
			stderr,
			"usage: bench-peers ROUNDS stub|wasm ROOT PROGRAM CRUN-BUNDLE CRUN-OPTION\n");
		return 2;
	}
	rounds = strtoul(argv[1], NULL, 10);
	p = (struct payload){ !strcmp(argv[2], "wasm"), argv[3], argv[4] };
	memcpy(peers[1].argv,
	       (const char *[]){ "bwrap", "--ro-bind", p.root, "/", "--proc", "/proc", "--tmpfs",
				 "/tmp", "--unshare-all", "--cap-drop", "ALL", p.program, NULL },
	       13 * sizeof(char *));
	memcpy(peers[2].argv,
	       (const char *[]){ "crun", argv[6], "run", "--preserve-fds=1", "-b", argv[5],
				 "kennel-bench", NULL },
	       8 * sizeof(char *));
	for (unsigned long i = 0; i < rounds + 3; i++)
		for (size_t k = 0; k < 3; k++) {
			if (round_of(&peers[k], &p) < 0) {
				(void)fprintf(stderr, "bench-peers: %s did not start the payload\n",
					      peers[k].name);
				return 1;
			}
			if (i == 2) /* three rounds to warm the caches */
				peers[k].ready.n = peers[k].end.n = 0;
		}
	for (size_t k = 0; k < 3; k++) {
		sample_print(&peers[k].ready, peers[k].name, "ready");
		sample_print(&peers[k].end, peers[k].name, "end");
	}
	return 0;
}
