/* SPDX-License-Identifier: Apache-2.0 */
/* code.c - ways to run code that was not there when the plugin was installed.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096u
#define COPY_MAX (8u << 20)

static long copy_self(int to)
{
	static char bytes[COPY_MAX];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, r;

	if (from < 0)
		from = open(OWN_PROGRAM, O_RDONLY | O_CLOEXEC);
	while (from >= 0 && n < (ssize_t)sizeof(bytes) &&
	       (r = read(from, bytes + n, sizeof(bytes) - (size_t)n)) > 0)
		n += r;
	return n > 0 && write(to, bytes, (size_t)n) == n ? 0 : -1;
}

static long run_copy(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd < 0 || copy_self(fd) < 0)
		return -1;
	(void)close(fd);
	return try_exec(path, -1);
}

static long run_tmp(void)
{
	return run_copy("/tmp/copy");
}

static long run_data(void)
{
	return run_copy("/data/copy");
}

static long run_shm(void)
{
	return run_copy("/dev/shm/copy");
}

static long run_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "copy", 0);

	return fd < 0 || copy_self(fd) < 0 ? -1 : try_exec(NULL, fd);
}

static long run_descriptor(void)
{
	int fd = open("/data/copy", O_RDWR | O_CREAT | O_TRUNC, 0700);

	if (fd < 0 || copy_self(fd) < 0)
		return -1;
	(void)close(fd);
	fd = open("/data/copy", O_RDONLY);
	return fd < 0 ? -1 : try_exec(NULL, fd);
}

static long run_script(void)
{
	static const char text[] = "#!" OWN_PROGRAM " --executed\n";
	int fd = open("/data/script", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		return -1;
	(void)close(fd);
	return try_exec("/data/script", -1);
}

static long run_loader(void)
{
	return try_exec("/lib64/ld-linux-x86-64.so.2", -1);
}

static long run_shell(void)
{
	return try_exec("/bin/sh", -1);
}

static long map(int prot, int flags, int fd)
{
	return mmap(NULL, PAGE, prot, flags, fd, 0) == MAP_FAILED ? -1 : 0;
}

#define MAP(name, prot, flags)                  \
	static long name(void)                  \
	{                                       \
		return map(prot, flags, -1);    \
	}

MAP(anonymous_wx, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS)
MAP(anonymous_x, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS)
MAP(shared_wx, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS)

static long map_data(void)
{
	int fd = own_file("/data/code");

	return fd < 0 || ftruncate(fd, PAGE) < 0 ? -1 : map(PROT_READ | PROT_EXEC, MAP_PRIVATE, fd);
}

static long map_tmp(void)
{
	int fd = own_file("/tmp/code");

	return fd < 0 || ftruncate(fd, PAGE) < 0 ? -1 : map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
}

static long map_zero(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd);
}

static long map_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "code", 0);

	return fd < 0 || ftruncate(fd, PAGE) < 0 ? -1 : map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
}

/* Two views of the same bytes: one is written, the other runs. */
static long map_twice(void)
{
	int fd = own_file("/data/twice");

	if (fd < 0 || ftruncate(fd, PAGE) < 0 ||
	    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		return -1;
	return map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
}

static long map_program_wx(void)
{
	int fd = open(OWN_PROGRAM, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd);
}

static long protect_anonymous(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	*p = '\xc3';
	return mprotect(p, PAGE, PROT_READ | PROT_EXEC);
}

static long protect_key(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1
			       : syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ | PROT_EXEC, -1);
}

/* A page of code that nobody needs: taking its rights away must not end the one who tries. */
__asm__(".pushsection .text.spare,\"ax\",@progbits\n.balign 4096\nspare_page:\n.fill 4096,1,0xc3\n.popsection");
extern char spare_page[];

static long protect_code(void)
{
	return mprotect(spare_page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long protect_code_twice(void)
{
	if (mprotect(spare_page, PAGE, PROT_READ | PROT_WRITE) < 0)
		return -1;
	*(volatile char *)spare_page = '\xc3';
	return mprotect(spare_page, PAGE, PROT_READ | PROT_EXEC);
}

static long protect_stack(void)
{
	char here;
	unsigned long page = (unsigned long)&here & ~(unsigned long)(PAGE - 1);

	return mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long protect_heap(void)
{
	char *p = sbrk(2 * PAGE);
	unsigned long page = ((unsigned long)p + PAGE - 1) & ~(unsigned long)(PAGE - 1);

	return p == (void *)-1 ? -1 : mprotect((void *)page, PAGE, PROT_READ | PROT_EXEC);
}

static long write_code(void)
{
	unsigned char byte = *(volatile unsigned char *)spare_page;
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : pwrite(fd, &byte, 1, (off_t)(unsigned long)spare_page) == 1 ? 0 : -1;
}

static long shared_segment(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700);
	void *p = id < 0 ? (void *)-1 : shmat(id, NULL, SHM_EXEC);

	(void)shmctl(id, IPC_RMID, NULL);
	return p == (void *)-1 ? -1 : 0;
}

static long implied_exec(void)
{
	if (personality(READ_IMPLIES_EXEC) == -1)
		return -1;
	return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static long remap_pages(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : syscall(SYS_remap_file_pages, p, PAGE, 0, 1, 0);
}

static long old_library(void)
{
	return syscall(SYS_uselib, "/lib/x86_64-linux-gnu/libc.so.6");
}

static const struct attempt list[] = {
	{ "a file written to /tmp", "ebpf:bprm_check_security", run_tmp, NULL },
	{ "a file written to /data", "ebpf:bprm_check_security", run_data, NULL },
	{ "a file written to /dev/shm", "ebpf:bprm_check_security runners:25", run_shm, NULL },
	{ "a file that is only memory", "ebpf:bprm_check_security runners:18", run_memfd, NULL },
	{ "a file by its descriptor", "ebpf:bprm_check_security seccomp:execveat", run_descriptor,
	  NULL },
	{ "a script that names our program", "ebpf:bprm_check_security", run_script, NULL },
	{ "the host's loader", "runners:4", run_loader, "it ends otherwise than our own program" },
	{ "the host's shell", "runners:4", run_shell, "it ends otherwise than our own program" },
	{ "memory to write and run", "ebpf:mmap_file", anonymous_wx, NULL },
	{ "memory to run", "ebpf:mmap_file", anonymous_x, NULL },
	{ "shared memory to write and run", "ebpf:mmap_file", shared_wx, NULL },
	{ "a file of /data as code", "ebpf:mmap_file", map_data, NULL },
	{ "a file of /tmp as code", "ebpf:mmap_file", map_tmp, NULL },
	{ "zeros as code", "ebpf:mmap_file", map_zero, NULL },
	{ "a memory file as code", "ebpf:mmap_file", map_memfd, NULL },
	{ "a file, written by one view and run by another", "ebpf:mmap_file", map_twice, NULL },
	{ "our program to write and run", "ebpf:mmap_file", map_program_wx, NULL },
	{ "written memory", "ebpf:file_mprotect", protect_anonymous, NULL },
	{ "the same with a protection key", "ebpf:file_mprotect", protect_key, NULL },
	{ "our code to write and run", "ebpf:file_mprotect", protect_code, NULL },
	{ "our code, written, then run", "ebpf:file_mprotect", protect_code_twice, NULL },
	{ "the stack", "ebpf:file_mprotect", protect_stack, NULL },
	{ "the heap", "ebpf:file_mprotect", protect_heap, NULL },
	{ "our code through /proc/self/mem", "ebpf:file_open", write_code, NULL },
	{ "a shared segment", "ebpf:mmap_file runners:25", shared_segment, NULL },
	{ "what is readable", "seccomp:personality ebpf:mmap_file", implied_exec, NULL },
	{ "pages in another order", "runners:9", remap_pages, NULL },
	{ "a library of the old kind", "seccomp:uselib", old_library,
	  "this kernel has no such call any more" },
};
FAMILY(code);
