/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - tries to run code that was not there when the plugin was installed.
 * Owns: those tries.  Must not know: how they are refused. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define COPY_MAX (8u << 20)

static char self_argument[] = "executed";

/* In a child. The pipe closes by itself when an exec works, and carries errno when it does not. */
static long run_descriptor(int fd, const char *path)
{
	char *argv[] = { self_argument, self_argument, NULL }, *envp[] = { NULL };
	int report[2], why = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (path)
			(void)execve(path, argv, envp);
		else
			(void)fexecve(fd, argv, envp);
		why = errno;
		_exit(write(report[1], &why, sizeof(why)) < 0);
	}
	(void)close(report[1]);
	if (pid < 0)
		return -1;
	if (read(report[0], &why, sizeof(why)) <= 0)
		why = 0;
	(void)waitpid(pid, NULL, 0);
	errno = why;
	return why ? -1 : 0;
}

/* Our own bytes; where they cannot be read, a script does as well. */
static long copy_self(int to)
{
	static char bytes[COPY_MAX];
	int from = open(attempt_self, O_RDONLY | O_CLOEXEC);
	ssize_t n = from < 0 ? -1 : read(from, bytes, sizeof(bytes));

	if (n <= 0) {
		static const char script[] = "#!/exec/plugin\n";

		return write(to, script, sizeof(script) - 1);
	}
	return write(to, bytes, (size_t)n) == n ? 0 : -1;
}

static long try_run_copy(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd < 0 || copy_self(fd) < 0)
		return -1;
	(void)close(fd);
	return run_descriptor(-1, path);
}

static long try_tmp(void)
{
	return try_run_copy("/tmp/copy");
}

static long try_data(void)
{
	return try_run_copy("/data/copy");
}

static long try_shm(void)
{
	return try_run_copy("/dev/shm/copy");
}

static long try_memfd(void)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);

	if (fd < 0 || copy_self(fd) < 0)
		return -1;
	return run_descriptor(fd, NULL);
}

static long try_bundle(void)
{
	return run_descriptor(-1, "/plugin/manifest.json");
}

static long try_loader(void)
{
	return run_descriptor(-1, "/lib64/ld-linux-x86-64.so.2");
}

static long try_map(int prot, int flags, int fd)
{
	return mmap(NULL, PAGE, prot, flags, fd, 0) == MAP_FAILED ? -1 : 0;
}

static long try_map_wx(void)
{
	return try_map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static long try_map_x(void)
{
	return try_map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static long try_map_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0700);

	if (fd < 0 || ((flags & O_CREAT) && ftruncate(fd, PAGE) < 0))
		return -1;
	return try_map(PROT_READ | PROT_EXEC, MAP_PRIVATE, fd);
}

static long try_map_tmp(void)
{
	return try_map_file("/tmp/code", O_RDWR | O_CREAT);
}

static long try_map_bundle(void)
{
	return try_map_file("/plugin/manifest.json", O_RDONLY);
}

static long try_map_memfd(void)
{
	int fd = memfd_create("code", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return -1;
	return try_map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
}

static long try_protect_x(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : mprotect(p, PAGE, PROT_READ | PROT_EXEC);
}

/* A page of code that nobody needs: taking its rights away must not end the one who tries. */
__asm__(".pushsection .text.spare,\"ax\",@progbits\n.balign 4096\nspare_page:\n.fill 4096,1,0xc3\n.popsection");
extern char spare_page[];

static void *own_page(void)
{
	return spare_page;
}

static long try_protect_code(void)
{
	return mprotect(own_page(), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long try_protect_code_twice(void)
{
	if (mprotect(own_page(), PAGE, PROT_READ | PROT_WRITE) < 0)
		return -1;
	return mprotect(own_page(), PAGE, PROT_READ | PROT_EXEC);
}

static long try_stack_x(void)
{
	char here;
	unsigned long page = (unsigned long)&here & ~(unsigned long)(PAGE - 1);

	return mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long try_write_own_code(void)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	unsigned char byte = *(volatile unsigned char *)own_page();

	return fd < 0 ? -1 : pwrite(fd, &byte, 1, (off_t)(unsigned long)own_page()) == 1 ? 0 : -1;
}

static const struct attempt attempts[] = {
	{ "run a file written to /tmp", try_tmp },
	{ "run a file written to /data", try_data },
	{ "run a file written to /dev/shm", try_shm },
	{ "run a file that is only memory", try_memfd },
	{ "run a file of the bundle", try_bundle },
	{ "run a loader", try_loader },
	{ "map memory writable and executable", try_map_wx },
	{ "map memory executable", try_map_x },
	{ "map a file of /tmp executable", try_map_tmp },
	{ "map a memory file executable", try_map_memfd },
	{ "make written memory executable", try_protect_x },
	{ "make our code writable and executable", try_protect_code },
	{ "make our code writable, then executable", try_protect_code_twice },
	{ "make the stack executable", try_stack_x },
	{ "write our code through /proc/self/mem", try_write_own_code },
};

void attempt_exec(json_t *report)
{
	static const struct attempt of_bundle = { "map a file of the bundle executable",
						  try_map_bundle };

	if (!attempt_approved)
		attempt_all(report, &of_bundle, 1);
	attempt_all(report, attempts, sizeof(attempts) / sizeof(attempts[0]));
}
