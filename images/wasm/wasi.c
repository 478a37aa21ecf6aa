/* SPDX-License-Identifier: Apache-2.0 */
/* wasi.c - the part of WASI preview 1 that a libc needs to start: clocks, random bytes, no
 * arguments, no environment, stdout and stderr as the log. No files, no sockets. Owns: that subset.
 * Must not know: events. Every address is checked against linear memory. */
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "images/wasm/import.h"
#include "images/wasm/plugin.h"
#include "images/wasm/rt.h"

#define PIECES_MAX 1024u /* of one fd_write, as IOV_MAX */
#define PROGRAM "plugin"

enum wasi_errno { WASI_OK = 0, WASI_BADF = 8, WASI_FAULT = 21, WASI_INVAL = 28, WASI_IO = 29 };

static uint8_t *mem(uint32_t p, uint64_t n)
{
	const wasm_rt_memory_t *m = plugin_code.memory();

	return p <= m->size && n <= m->size - p ? m->data + p : NULL;
}

static uint32_t put(uint32_t p, const void *v, size_t n)
{
	uint8_t *to = mem(p, n);

	if (!to)
		return WASI_FAULT;
	memcpy(to, v, n);
	return WASI_OK;
}

static uint32_t put_u32(uint32_t p, uint32_t v)
{
	return put(p, &v, sizeof(v));
}

static uint32_t put_u64(uint32_t p, uint64_t v)
{
	return put(p, &v, sizeof(v));
}

IMPORT_WASI(uint32_t, args_sizes_get, uint32_t count, uint32_t bytes)
{
	uint32_t r = put_u32(count, 1);

	return r ? r : put_u32(bytes, sizeof(PROGRAM));
}

IMPORT_WASI(uint32_t, args_get, uint32_t vector, uint32_t text)
{
	uint32_t r = put_u32(vector, text);

	return r ? r : put(text, PROGRAM, sizeof(PROGRAM));
}

IMPORT_WASI(uint32_t, environ_sizes_get, uint32_t count, uint32_t bytes)
{
	uint32_t r = put_u32(count, 0);

	return r ? r : put_u32(bytes, 0);
}

IMPORT_WASI(uint32_t, environ_get, uint32_t vector, uint32_t text)
{
	(void)vector;
	(void)text;
	return WASI_OK;
}

static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
				    CLOCK_THREAD_CPUTIME_ID };

static uint64_t nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

IMPORT_WASI(uint32_t, clock_res_get, uint32_t id, uint32_t ret)
{
	struct timespec t;

	if (id >= sizeof(clocks) / sizeof(clocks[0]) || clock_getres(clocks[id], &t) < 0)
		return WASI_INVAL;
	return put_u64(ret, nanoseconds(&t));
}

IMPORT_WASI(uint32_t, clock_time_get, uint32_t id, uint64_t precision, uint32_t ret)
{
	struct timespec t;

	(void)precision;
	if (id >= sizeof(clocks) / sizeof(clocks[0]) || clock_gettime(clocks[id], &t) < 0)
		return WASI_INVAL;
	return put_u64(ret, nanoseconds(&t));
}

IMPORT_WASI(uint32_t, random_get, uint32_t p, uint32_t n)
{
	uint8_t *to = mem(p, n);

	if (!to)
		return WASI_FAULT;
	while (n > 0) {
		ssize_t r = getrandom(to, n, 0);

		if (r < 0)
			return WASI_IO;
		to += r;
		n -= (uint32_t)r;
	}
	return WASI_OK;
}

static bool is_log(uint32_t fd)
{
	return fd == STDOUT_FILENO || fd == STDERR_FILENO;
}

/* What the host does not take is lost: a log must not stop a plugin. */
static uint32_t write_pieces(uint32_t fd, const uint8_t *pieces, uint32_t count,
			     uint32_t *ret_written)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t piece[2]; /* address, length */
		const uint8_t *p;

		memcpy(piece, pieces + (size_t)i * sizeof(piece), sizeof(piece));
		p = mem(piece[0], piece[1]);
		if (!p || piece[1] > UINT32_MAX - total)
			return WASI_FAULT;
		total += piece[1];
		for (uint32_t done = 0; done < piece[1];) {
			ssize_t r = write((int)fd, p + done, piece[1] - done);

			if (r <= 0)
				break;
			done += (uint32_t)r;
		}
	}
	*ret_written = total;
	return WASI_OK;
}

IMPORT_WASI(uint32_t, fd_write, uint32_t fd, uint32_t pieces, uint32_t count, uint32_t ret)
{
	uint32_t written = 0, r;
	const uint8_t *v;

	if (!is_log(fd))
		return WASI_BADF;
	v = count <= PIECES_MAX ? mem(pieces, 8ull * count) : NULL;
	if (!v)
		return WASI_FAULT;
	rt_host_enter();
	r = write_pieces(fd, v, count, &written);
	rt_host_leave();
	return r ? r : put_u32(ret, written);
}

IMPORT_WASI(uint32_t, fd_read, uint32_t fd, uint32_t pieces, uint32_t count, uint32_t ret)
{
	(void)fd;
	(void)pieces;
	(void)count;
	(void)ret;
	return WASI_BADF;
}

IMPORT_WASI(uint32_t, fd_close, uint32_t fd)
{
	(void)fd;
	return WASI_BADF;
}

IMPORT_WASI(uint32_t, fd_seek, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t ret)
{
	(void)fd;
	(void)offset;
	(void)whence;
	(void)ret;
	return WASI_BADF;
}

/* stdout and stderr look like a terminal, so that a libc writes whole lines. */
IMPORT_WASI(uint32_t, fd_fdstat_get, uint32_t fd, uint32_t ret)
{
	struct {
		uint8_t type, reserved;
		uint16_t flags;
		uint32_t reserved2;
		uint64_t rights, rights_inheriting;
	} stat = { .type = 2 /* character device */, .rights = 1u << 6 /* fd_write */ };

	return is_log(fd) ? put(ret, &stat, sizeof(stat)) : WASI_BADF;
}

IMPORT_WASI(uint32_t, fd_prestat_get, uint32_t fd, uint32_t ret)
{
	(void)fd;
	(void)ret;
	return WASI_BADF;
}

IMPORT_WASI(uint32_t, fd_prestat_dir_name, uint32_t fd, uint32_t path, uint32_t n)
{
	(void)fd;
	(void)path;
	(void)n;
	return WASI_BADF;
}

IMPORT_WASI(void, proc_exit, uint32_t status)
{
	rt_exit_module(status);
}
