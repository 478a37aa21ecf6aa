/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_headers.c - the header we make for a path, a size and a mode, against GNU tar: headers are
 * gathered, and tar must list exactly them. The bodies are holes in the file, which tar skips. A
 * header with one byte changed is never the one we make; and a size field that we read, tar reads
 * alike. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/spawn.h"
#include "bundle/path.h"
#include "bundle/ustar.h"
#include "tests/fuzz/fuzz.h"

enum { BATCH = 512 };

struct entry {
	char path[BUNDLE_PATH_MAX + 1];
	uint64_t size;
	bool executable;
};

static struct entry batch[BATCH];
static size_t count;
static uint64_t end_bytes;
static int archive = -1;

/* As "tar -tv --numeric-owner --full-time" prints it, with one space between the fields. */
static void print_entry(const struct entry *f, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s 0/0 %llu 1970-01-01 00:00:00 %s",
		       f->executable ? "-r-xr-xr-x" : "-r--r--r--", (unsigned long long)f->size,
		       f->path);
}

static void squeeze(char *line)
{
	char *out = line;

	for (const char *in = line; *in && *in != '\n'; in++)
		if (*in != ' ' || in[1] != ' ')
			*out++ = *in;
	*out = '\0';
}

static FILE *start_tar(pid_t *ret_pid)
{
	static char *const argv[] = { "tar",	     "-tvf", "/dev/stdin", "--numeric-owner",
				      "--full-time", NULL };
	static char *const envp[] = { "TZ=UTC", "LC_ALL=C", NULL };
	struct spawn s = { .path = "/bin/tar",
			   .path_fd = -1,
			   .argv = argv,
			   .envp = envp,
			   .fds_count = 3,
			   .uid = (uid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1 };
	int out[2], pidfd = -1;
	FILE *listing;

	must(pipe2(out, O_CLOEXEC) == 0 && lseek(archive, 0, SEEK_SET) == 0);
	s.fds[0] = archive;
	s.fds[1] = out[1];
	s.fds[2] = STDERR_FILENO;
	must(spawn_program(&s, ret_pid, &pidfd, NULL) == 0);
	(void)close(out[1]);
	(void)close(pidfd);
	listing = fdopen(out[0], "r");
	must(listing != NULL);
	return listing;
}

static void compare_listing(void)
{
	char line[1024], expected[1024];
	FILE *listing;
	size_t i = 0;
	sigset_t alarm, before;
	pid_t pid;
	int status;

	if (!count)
		return;
	/* The fuzzer's clock would cut a read short. */
	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	(void)sigprocmask(SIG_BLOCK, &alarm, &before);
	must(ftruncate(archive, (off_t)end_bytes + USTAR_EOF_BYTES) == 0);
	listing = start_tar(&pid);
	for (; fgets(line, sizeof(line), listing); i++) {
		squeeze(line);
		must(i < count);
		print_entry(&batch[i], expected, sizeof(expected));
		if (strcmp(line, expected) != 0) {
			(void)fprintf(stderr, "tar:  %s\nours: %s\n", line, expected);
			abort();
		}
	}
	must(i == count);
	(void)fclose(listing);
	must(waitpid(pid, &status, 0) == pid && status == 0);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	count = 0;
	end_bytes = 0;
	must(ftruncate(archive, 0) == 0);
}

static void add(const struct entry *f)
{
	uint8_t header[USTAR_BLOCK];

	if (archive < 0) {
		archive = memfd_create("archive", MFD_CLOEXEC);
		must(archive >= 0 && atexit(compare_listing) == 0);
	}
	ustar_make(header, f->path, f->size, f->executable);
	must(pwrite(archive, header, sizeof(header), (off_t)end_bytes) == (ssize_t)sizeof(header));
	end_bytes += USTAR_BLOCK + f->size + ustar_pad(f->size);
	batch[count++] = *f;
	if (count == BATCH)
		compare_listing();
}

static uint64_t octal(const uint8_t *at, size_t digits)
{
	char text[16] = "";

	memcpy(text, at, digits);
	return strtoull(text, NULL, 8);
}

static void check_own(const struct entry *f, uint8_t where, uint8_t how)
{
	uint8_t header[USTAR_BLOCK], changed[USTAR_BLOCK];
	uint64_t size = 0;
	uint32_t sum = 0;

	ustar_make(header, f->path, f->size, f->executable);
	must(ustar_read_size(header, &size) && size == f->size);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : header[i];
	must(octal(header + 148, 6) == sum);
	memcpy(changed, header, sizeof(changed));
	changed[124 + where % 12] ^= how;
	if (ustar_read_size(changed, &size))
		must(octal(changed + 124, 11) == size && changed[135] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct entry f;
	struct cursor c = { data, size };
	size_t n;
	const uint8_t *path;
	uint8_t flags = take_u8(&c), where = take_u8(&c), how = take_u8(&c);

	f.executable = flags & 1;
	f.size = take_u32(&c) % ((uint64_t)BUNDLE_FILE_MAX + 1);
	if (flags & 2)
		f.size %= 3000;
	path = take_bytes(&c, BUNDLE_PATH_MAX, &n);
	memcpy(f.path, path, n);
	f.path[n] = '\0';
	if (path_check(f.path, NULL) < 0)
		return 0;
	check_own(&f, where, how);
	add(&f);
	return 0;
}
