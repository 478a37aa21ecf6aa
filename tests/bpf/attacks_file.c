/* SPDX-License-Identifier: Apache-2.0 */
/* attacks_file.c - ways to read, write or run what no label allows: descriptors, memory, exec.
 * Owns: the table file_attacks.  Must not know: how it is run. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define SET_FLAGS \
	_IOW('f', 2, long) /* FS_IOC_SETFLAGS; <linux/fs.h> does not go with <sys/mount.h> */
#define NODUMP_FLAG 0x40

static int kept = -1, kept2 = -1;

static int open_secret(void)
{
	return try_open("secret/s", O_RDONLY);
}
static int open_dir(void)
{
	return try_open("secret", O_RDONLY | O_DIRECTORY);
}
static int open_dotdot(void)
{
	return try_open("rw/../ro/../secret/s", O_RDONLY);
}
static int open_write(void)
{
	return try_open("ro/f", O_WRONLY);
}
static int open_trunc(void)
{
	return try_open("ro/f", O_RDONLY | O_TRUNC);
}
static int open_create(void)
{
	return try_open("ro/new", O_WRONLY | O_CREAT);
}
static int open_tmpfile(void)
{
	return try_open("secret", O_TMPFILE | O_RDWR);
}
static int open_canary(void)
{
	return try_open("canary", O_RDONLY);
}
static int open_sibling(void)
{
	return try_open("other/o", O_RDONLY);
}
static int open_host(void)
{
	return try_open("/etc/passwd", O_RDONLY);
}
static int open_symlink(void)
{
	if (symlink("../secret/s", "rw/link") < 0)
		return 200;
	return try_open("rw/link", O_RDONLY);
}
static int open_magic_link(void)
{
	char path[64];
	int fd = open("secret/s", O_PATH);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return try_open(path, O_RDONLY);
}
static int open_cwd_link(void)
{
	return try_open("/proc/self/cwd/secret/s", O_RDONLY);
}
static int open_beneath_path_fd(void)
{
	int dir = open("secret", O_PATH | O_DIRECTORY), fd = openat(dir, "s", O_RDONLY);

	return failed(fd);
}
static int open_detached_mount(void)
{
	int tree = open_tree(AT_FDCWD, "secret", OPEN_TREE_CLONE);

	return tree < 0 ? 200 : failed(openat(tree, "s", O_RDONLY));
}
static int open_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} h = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount, root = open("rw", O_RDONLY | O_DIRECTORY);

	if (name_to_handle_at(AT_FDCWD, "secret/s", &h.head, &mount, 0) < 0)
		return 200;
	return failed(open_by_handle_at(root, &h.head, O_RDONLY));
}
static int hold_memory_of_victim(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", victim);
	return try_open(path, O_RDWR);
}

/* ---- descriptors that come from elsewhere ---- */
static int send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -1;
}

/* EACCES when the message came without its descriptor. */
static int receive_fd(void)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };

	if (recvmsg(kept, &m, 0) != 1)
		return errno;
	return (m.msg_flags & MSG_CTRUNC) || !CMSG_FIRSTHDR(&m) ? EACCES : 0;
}

static int prepare_sent(const char *path, int flags)
{
	int pair[2], fd = open(path, flags);

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || send_fd(pair[0], fd) < 0)
		return -1;
	kept = pair[1];
	return 0;
}
static int prepare_sent_secret(void)
{
	return prepare_sent("secret/s", O_RDONLY);
}
static int prepare_sent_writable(void)
{
	return prepare_sent("ro/f", O_RDWR);
}
static int prepare_sent_path(void)
{
	return prepare_sent("secret", O_PATH);
}
static int getfd_of_victim(void)
{
	int fd = (int)syscall(SYS_pidfd_open, victim, 0);

	return failed(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

/* ---- memory ---- */
static int map(int prot, int flags, int fd)
{
	void *p = mmap(NULL, PAGE, prot, flags, fd, 0);

	return p == MAP_FAILED ? errno : 0;
}
static int map_anon_exec(void)
{
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}
static int map_anon_wx(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}
static int map_shared_anon_exec(void)
{
	return map(PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1);
}
static int map_own_file_exec(void)
{
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE, open("rw/evil", O_RDONLY));
}
static int map_file_wx(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, open("ro/prog", O_RDONLY));
}
static int prepare_writable(void)
{
	kept = open("ro/f", O_RDWR);
	return kept < 0;
}
static int map_inherited_shared(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_SHARED, kept);
}
static int prepare_secret(void)
{
	kept = open("secret/s", O_RDONLY);
	return kept < 0;
}
static int map_inherited_secret(void)
{
	return map(PROT_READ, MAP_PRIVATE, kept);
}
static int map_memfd_exec(void)
{
	int fd = memfd_create("x", 0);

	if (ftruncate(fd, PAGE) < 0)
		return 200;
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE, fd);
}
static int protect(void *p, int prot)
{
	return p == MAP_FAILED ? 200 : failed(mprotect(p, PAGE, prot));
}
static int protect_anon_exec(void)
{
	return protect(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		       PROT_READ | PROT_EXEC);
}
static int protect_heap_exec(void)
{
	char *p = sbrk(2 * PAGE);

	return protect((void *)(((uintptr_t)p + PAGE) & ~(uintptr_t)(PAGE - 1)),
		       PROT_READ | PROT_EXEC);
}
static int protect_stack_exec(void)
{
	char here;

	return protect((void *)((uintptr_t)&here & ~(uintptr_t)(PAGE - 1)),
		       PROT_READ | PROT_WRITE | PROT_EXEC);
}
static int protect_rx_to_rwx(void)
{
	return protect(
		mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, open("ro/prog", O_RDONLY), 0),
		PROT_READ | PROT_WRITE | PROT_EXEC);
}
static int protect_patched_file(void)
{
	char *p =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("ro/prog", O_RDONLY), 0);

	if (p != MAP_FAILED)
		*p = 1;
	return protect(p, PROT_READ | PROT_EXEC);
}
static int protect_own_file_exec(void)
{
	return protect(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("rw/evil", O_RDONLY), 0),
		       PROT_READ | PROT_EXEC);
}

static int map_implied_exec(void)
{
	return personality(READ_IMPLIES_EXEC) < 0 ? 200
						  : map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}
static int attach_shared_exec(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	void *p = shmat(id, NULL, SHM_EXEC);
	int r = p == (void *)-1 ? errno : 0;

	return shmctl(id, IPC_RMID, NULL) < 0 ? 200 : r;
}

/* ---- exec ---- */
static int run_at(int dir, const char *path, int flags)
{
	char *argv[] = { (char *)"payload", NULL }, *envp[] = { NULL };
	int status, report[2], e = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return 200;
	if (pid == 0) {
		syscall(SYS_execveat, dir, path, argv, envp, flags);
		e = errno;
		_exit(write(report[1], &e, sizeof(e)) != sizeof(e));
	}
	close(report[1]);
	if (read(report[0], &e, sizeof(e)) < 0 || waitpid(pid, &status, 0) < 0)
		return 200;
	return e ? e : WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}
static int exec_secret(void)
{
	return run_at(AT_FDCWD, "secret/evil", 0);
}
static int exec_own(void)
{
	return run_at(AT_FDCWD, "rw/evil", 0);
}
static int exec_path_fd(void)
{
	return run_at(open("secret/evil", O_PATH), "", AT_EMPTY_PATH);
}
static int exec_interpreter(void)
{
	return run_at(AT_FDCWD, "ro/script", 0);
}
static int exec_unknown(void)
{
	return run_at(AT_FDCWD, "ro/unknown", 0);
}
static int prepare_program_fd(void)
{
	kept2 = open(payload_path, O_RDONLY);
	return kept2 < 0;
}
static int exec_memfd(void)
{
	int fd = memfd_create("x", 0);
	static char block[1 << 16];
	ssize_t n;

	while ((n = read(kept2, block, sizeof(block))) > 0)
		if (write(fd, block, (size_t)n) != n)
			return 200;
	return run_at(fd, "", AT_EMPTY_PATH);
}
static int ioctl_setflags(void)
{
	int fd = open("ro/f", O_RDONLY), flags = NODUMP_FLAG;

	return failed(ioctl(fd, SET_FLAGS, &flags));
}
static int ftruncate_inherited(void)
{
	return failed(ftruncate(kept, 0));
}

static int lock_readonly(void)
{
	int fd = open("ro/f", O_RDONLY);

	return fd < 0 ? 200 : failed(flock(fd, LOCK_EX | LOCK_NB));
}
static int lock_range(void)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int fd = open("ro/f", O_RDONLY);

	return fd < 0 ? 200 : failed(fcntl(fd, F_SETLK, &l));
}
static int lease_readonly(void)
{
	int fd = open("ro/f", O_RDONLY);

	return fd < 0 ? 200 : failed(fcntl(fd, F_SETLEASE, F_RDLCK));
}

const struct attack file_attacks[] = {
	{ "read a file without a label", HOOK_OPEN, EACCES, 1, NULL, open_secret, 0, 0 },
	{ "list a folder without a label", HOOK_OPEN, EACCES, 1, NULL, open_dir, 0, 0 },
	{ "read it through ..", HOOK_OPEN, EACCES, 1, NULL, open_dotdot, 0, 0 },
	{ "read it through a symlink of one's own", HOOK_OPEN, EACCES, 1, NULL, open_symlink, 0,
	  0 },
	{ "read it through /proc/self/fd of an O_PATH descriptor", HOOK_OPEN, EACCES, 1, NULL,
	  open_magic_link, 0, 0 },
	{ "read it through /proc/self/cwd", HOOK_OPEN, EACCES, 1, NULL, open_cwd_link, 0, 0 },
	{ "read it below an O_PATH folder", HOOK_OPEN, EACCES, 1, NULL, open_beneath_path_fd, 0,
	  0 },
	{ "read it below a detached mount", HOOK_OPEN, EACCES, 1, NULL, open_detached_mount, 0, 0 },
	{ "read it by its file handle", HOOK_OPEN, EACCES, 1, NULL, open_handle, 0, 0 },
	{ "read another instance's file", HOOK_OPEN, EACCES, 1, NULL, open_sibling, 0, 0 },
	{ "read a file of the host", HOOK_OPEN, EACCES, 1, NULL, open_host, 0, 0 },
	{ "read the canary", HOOK_OPEN, EACCES, 1, NULL, open_canary, 0, 0 },
	{ "write where only reading is allowed", HOOK_OPEN, EACCES, 1, NULL, open_write, 0, 0 },
	{ "truncate with O_RDONLY", HOOK_OPEN, EACCES, 1, NULL, open_trunc, HOOK_TRUNCATE, 0 },
	{ "create where only reading is allowed", HOOK_MKNOD, EACCES, 1, NULL, open_create, 0, 0 },
	{ "create a nameless file", HOOK_OPEN, EACCES, 1, NULL, open_tmpfile, 0, 0 },
	{ "open another process's memory", HOOK_OPEN, EACCES, 1, NULL, hold_memory_of_victim,
	  HOOK_PTRACE, 0 },
	{ "receive a descriptor of an unlabelled file", HOOK_RECEIVE, EACCES, 1,
	  prepare_sent_secret, receive_fd, 0, 0 },
	{ "receive a writable descriptor", HOOK_RECEIVE, EACCES, 1, prepare_sent_writable,
	  receive_fd, 0, 0 },
	{ "receive an O_PATH descriptor", HOOK_RECEIVE, EACCES, 1, prepare_sent_path, receive_fd, 0,
	  0 },
	{ "take another process's descriptor", HOOK_PTRACE, EPERM, 1, NULL, getfd_of_victim, 0, 0 },
	{ "map anonymous memory executable", HOOK_MMAP, EACCES, 1, NULL, map_anon_exec, 0, 0 },
	{ "map anonymous memory writable and executable", HOOK_MMAP, EACCES, 1, NULL, map_anon_wx,
	  0, 0 },
	{ "map shared anonymous memory executable", HOOK_MMAP, EACCES, 1, NULL,
	  map_shared_anon_exec, 0, 0 },
	{ "map one's own file executable", HOOK_MMAP, EACCES, 1, NULL, map_own_file_exec, 0, 0 },
	{ "map a program writable and executable", HOOK_MMAP, EACCES, 1, NULL, map_file_wx, 0, 0 },
	{ "map a memfd executable", HOOK_MMAP, EACCES, 1, NULL, map_memfd_exec, 0, 0 },
	{ "map an inherited descriptor writable", HOOK_MMAP, EACCES, 1, prepare_writable,
	  map_inherited_shared, 0, 0 },
	{ "map an inherited unlabelled file", HOOK_MMAP, EACCES, 1, prepare_secret,
	  map_inherited_secret, 0, 0 },
	{ "map memory executable by personality", HOOK_MMAP, EACCES, 1, NULL, map_implied_exec, 0,
	  0 },
	{ "attach shared memory executable", HOOK_MMAP, EACCES, 1, NULL, attach_shared_exec, 0, 0 },
	{ "make anonymous memory executable", HOOK_MPROTECT, EACCES, 1, NULL, protect_anon_exec, 0,
	  0 },
	{ "make the heap executable", HOOK_MPROTECT, EACCES, 1, NULL, protect_heap_exec, 0, 0 },
	{ "make the stack executable", HOOK_MPROTECT, EACCES, 1, NULL, protect_stack_exec, 0, 0 },
	{ "make a mapped program writable", HOOK_MPROTECT, EACCES, 1, NULL, protect_rx_to_rwx, 0,
	  0 },
	{ "make patched pages of a program executable", HOOK_MPROTECT, EACCES, 1, NULL,
	  protect_patched_file, 0, 0 },
	{ "make one's own file executable", HOOK_MPROTECT, EACCES, 1, NULL, protect_own_file_exec,
	  0, 0 },
	{ "run an unlabelled program", HOOK_OPEN, EACCES, 1, NULL, exec_secret, 0, 0 },
	{ "run one's own file", HOOK_OPEN, EACCES, 1, NULL, exec_own, 0, 0 },
	{ "run an O_PATH descriptor", HOOK_OPEN, EACCES, 1, NULL, exec_path_fd, 0, 0 },
	{ "run a memfd", HOOK_OPEN, EACCES, 1, prepare_program_fd, exec_memfd, 0, 0 },
	{ "run an unlabelled interpreter", HOOK_OPEN, EACCES, 1, NULL, exec_interpreter, 0, 0 },
	{ "load a module by running an unknown format", HOOK_MODULE, ENOEXEC, 1, NULL, exec_unknown,
	  0, ENOEXEC },
	{ "set inode flags through a read-only descriptor", HOOK_IOCTL, EACCES, 1, NULL,
	  ioctl_setflags, 0, 0 },
	{ "lock what may only be read", HOOK_LOCK, EACCES, 1, NULL, lock_readonly, 0, 0 },
	{ "lock a range of what may only be read", HOOK_LOCK, EACCES, 1, NULL, lock_range, 0, 0 },
	{ "hold up those who write", HOOK_LOCK, EACCES, 1, NULL, lease_readonly, 0, 0 },
	{ "truncate an inherited descriptor", HOOK_SETATTR, EACCES, 1, prepare_writable,
	  ftruncate_inherited, HOOK_TRUNCATE, 0 },
};
const size_t file_attacks_count = sizeof(file_attacks) / sizeof(file_attacks[0]);
