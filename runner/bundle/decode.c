/* SPDX-License-Identifier: Apache-2.0 */
/* decode.c - one packed frame into at most FRAME_PLAIN_MAX bytes (RFC 8878, seccomp(2)).
 * One-shot into a fixed buffer: no window is ever allocated, and a truncated frame is an error. The
 * static context needs no malloc, which strict seccomp would kill. */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticDCtx, ZSTD_getFrameHeader */
#include "bundle/decode.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "bundle/toc.h"

_Static_assert(FRAME_PACKED_MAX == ZSTD_COMPRESSBOUND(FRAME_PLAIN_MAX),
	       "toc.h knows libzstd's bound");

/* The largest bundle needs 0.6 s here and some seconds in emulation; a frame of empty blocks much
 * longer. */
#define CHILD_CPU_SECONDS 60u
#define WORKSPACE_BYTES (256u << 10) /* ZSTD_estimateDCtxSize() is 93 KiB in 1.5.4 */
#define SHARED_BYTES (FRAME_PACKED_MAX + FRAME_PLAIN_MAX)

enum verdict {
	DECODED,
	NOT_A_FRAME,
	HAS_DICTIONARY,
	HAS_CHECKSUM,
	WRONG_SIZE,
	WRONG_LENGTH,
	CORRUPT,
	VERDICT_COUNT
};

static const char *const verdict_text[VERDICT_COUNT] = {
	[DECODED] = "decoded",
	[NOT_A_FRAME] = "is not a zstd frame",
	[HAS_DICTIONARY] = "wants a dictionary",
	[HAS_CHECKSUM] = "carries a checksum of its own",
	[WRONG_SIZE] = "does not announce the size the contents demand",
	[WRONG_LENGTH] = "is not as long as the contents say",
	[CORRUPT] = "does not decode",
};

struct job {
	uint32_t packed;
	uint32_t plain;
};

/* Calls nothing but libzstd. */
static enum verdict decode_frame(ZSTD_DCtx *z, const uint8_t *packed, size_t n, uint8_t *plain,
				 size_t plain_n)
{
	ZSTD_frameHeader h;

	if (ZSTD_getFrameHeader(&h, packed, n) != 0 || h.frameType != ZSTD_frame)
		return NOT_A_FRAME;
	if (h.dictID != 0)
		return HAS_DICTIONARY;
	if (h.checksumFlag != 0)
		return HAS_CHECKSUM;
	if (h.frameContentSize != plain_n)
		return WRONG_SIZE;
	if (ZSTD_findFrameCompressedSize(packed, n) != n)
		return WRONG_LENGTH;
	return ZSTD_decompressDCtx(z, plain, plain_n, packed, n) == plain_n ? DECODED : CORRUPT;
}

static int say(enum verdict v, struct err *e)
{
	if (v == DECODED)
		return 0;
	return err_set(e, ERR_FRAME, "it %s",
		       (unsigned int)v < VERDICT_COUNT ? verdict_text[v]
						       : "made the decoder talk nonsense");
}

/* ---- in this process ---- */

struct decode_local {
	ZSTD_DCtx *z;
	_Alignas(16) uint8_t workspace[WORKSPACE_BYTES];
};

int decode_local_new(struct decode_local **ret, struct err *e)
{
	struct decode_local *d = calloc(1, sizeof(*d));

	if (!d)
		return err_set(e, ERR_NOMEM, "decoder");
	d->z = ZSTD_initStaticDCtx(d->workspace, sizeof(d->workspace));
	if (!d->z) {
		free(d);
		return err_set(e, ERR_INTERNAL, "zstd needs more than %u bytes", WORKSPACE_BYTES);
	}
	*ret = d;
	return 0;
}

void decode_local_free_p(struct decode_local **d)
{
	free(*d);
	*d = NULL;
}

static int local_decode(void *arg, const uint8_t *packed, size_t n, uint8_t *ret_plain,
			size_t plain_n, struct err *e)
{
	struct decode_local *d = arg;

	return say(decode_frame(d->z, packed, n, ret_plain, plain_n), e);
}

struct decoder decode_local_decoder(struct decode_local *d)
{
	return (struct decoder){ local_decode, d, NULL };
}

/* ---- in a child ---- */

/* exit_group, which _exit(2) calls, is not among the four calls of strict mode. */
static void leave(int status)
{
	(void)syscall(SYS_exit, status);
	__builtin_trap();
}

static bool seal(int *request, int *answer)
{
	static const struct rlimit cpu = { CHILD_CPU_SECONDS, CHILD_CPU_SECONDS }, none = { 0, 0 };

	if (dup2(*request, 0) != 0 || dup2(*answer, 1) != 1 || close_range(2, ~0u, 0) < 0)
		return false;
	*request = 0;
	*answer = 1;
	if (setrlimit(RLIMIT_CPU, &cpu) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    setrlimit(RLIMIT_NPROC, &none) < 0)
		return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0;
}

static bool read_job(int fd, struct job *ret)
{
	size_t got = 0;

	while (got < sizeof(*ret)) {
		ssize_t r = read(fd, (uint8_t *)ret + got, sizeof(*ret) - got);

		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return ret->packed <= FRAME_PACKED_MAX && ret->plain <= FRAME_PLAIN_MAX;
}

/* Never returns. From seal() on, any other system call than read, write and exit is death. */
static void child_main(struct decode_local *d, uint8_t *shared, int request, int answer)
{
	uint32_t verdict = DECODED; /* of being sealed: the parent waits for it */
	struct job j;

	if (!seal(&request, &answer))
		leave(1);
	while (write(answer, &verdict, sizeof(verdict)) == (ssize_t)sizeof(verdict) &&
	       read_job(request, &j))
		verdict = decode_frame(d->z, shared, j.packed, shared + FRAME_PACKED_MAX, j.plain);
	leave(0);
}

static int wait_verdict(struct decode_child *c, struct err *e)
{
	uint32_t v;
	ssize_t n = fd_read_full(c->answer, &v, sizeof(v));

	if (n < 0)
		return err_sys(e, "read from the decoder");
	if (n != (ssize_t)sizeof(v))
		return err_set(e, ERR_FRAME, "the decoder died of it");
	return say((enum verdict)v, e);
}

static int start(struct decode_child *c, struct decode_local *d, struct err *e)
{
	CLEANUP_FD int request_read = -1;
	CLEANUP_FD int answer_write = -1;
	int request[2], answer[2];

	if (pipe2(request, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	request_read = request[0];
	c->request = request[1];
	if (pipe2(answer, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	c->answer = answer[0];
	answer_write = answer[1];
	c->pid = fork();
	if (c->pid == 0)
		child_main(d, c->shared, request_read, answer_write);
	if (c->pid < 0) {
		c->pid = 0;
		return err_sys(e, "fork the decoder");
	}
	fd_close_p(&request_read);
	fd_close_p(&answer_write); /* else its death would not end our read */
	if (wait_verdict(c, e) < 0)
		return err_set(e, ERR_CONFINE, "the decoder could not enter strict seccomp");
	return 0;
}

int decode_child_start(struct decode_child *ret, struct err *e)
{
	CLEANUP(decode_child_stop_p) struct decode_child c = { .request = -1, .answer = -1 };
	CLEANUP(decode_local_free_p) struct decode_local *d = NULL;

	if (decode_local_new(&d, e) < 0)
		return -1;
	c.shared =
		mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.shared == MAP_FAILED) {
		c.shared = NULL;
		return err_sys(e, "memory shared with the decoder");
	}
	if (start(&c, d, e) < 0)
		return -1;
	*ret = c;
	c = (struct decode_child){ .request = -1, .answer = -1 };
	return 0;
}

void decode_child_stop_p(struct decode_child *c)
{
	fd_close_p(&c->request);
	fd_close_p(&c->answer);
	if (c->pid > 0)
		(void)waitpid(c->pid, NULL, 0); /* its read has ended; RLIMIT_CPU bounds the rest */
	if (c->shared)
		(void)munmap(c->shared, SHARED_BYTES);
	*c = (struct decode_child){ .request = -1, .answer = -1 };
}

static int child_begin(void *arg, const uint8_t *packed, size_t n, size_t plain_n, struct err *e)
{
	struct decode_child *c = arg;
	struct job j = { (uint32_t)n, (uint32_t)plain_n };

	if (n > FRAME_PACKED_MAX || plain_n > FRAME_PLAIN_MAX)
		return err_set(e, ERR_LIMIT, "frame of %zu packed, %zu plain bytes", n, plain_n);
	if (c->begun)
		return err_set(e, ERR_INTERNAL, "the decoder is at work on another frame");
	memcpy(c->shared, packed, n);
	if (fd_write_all(c->request, &j, sizeof(j)) < 0)
		return err_set(e, ERR_FRAME, "the decoder is gone");
	c->begun = packed;
	return 0;
}

static int child_decode(void *arg, const uint8_t *packed, size_t n, uint8_t *ret_plain,
			size_t plain_n, struct err *e)
{
	struct decode_child *c = arg;

	if (c->begun != packed && child_begin(c, packed, n, plain_n, e) < 0)
		return -1;
	c->begun = NULL;
	if (wait_verdict(c, e) < 0)
		return -1;
	/* Copied before it is looked at: the child could still write there. */
	memcpy(ret_plain, c->shared + FRAME_PACKED_MAX, plain_n);
	return 0;
}

struct decoder decode_child_decoder(struct decode_child *c)
{
	return (struct decoder){ child_decode, c, child_begin };
}
