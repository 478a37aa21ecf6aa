/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.c - writes the seccomp filters of every profile as C, at build time.
 * Owns: the system-call lists.  Must not know: who installs them.
 * An allow-list: what is not named kills one of our own roles, and is ENOSYS in a jail, so that a
 * libc falls back where it can. A foreign architecture (i386, x32) always kills. Sources:
 * seccomp(2), seccomp_rule_add(3); argument checks mask bits or compare for equality only
 * (CVE-2019-10063: a comparison on 64 bits of an argument that the kernel cuts to 32 must never
 * allow more). */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define S(name) SCMP_SYS(name)
#define END (-10000)

static const int group_basic[] = { S(read),
				   S(write),
				   S(readv),
				   S(writev),
				   S(close),
				   S(fstat),
				   S(newfstatat),
				   S(lseek),
				   S(munmap),
				   S(mremap),
				   S(brk),
				   S(madvise),
				   S(rt_sigaction),
				   S(rt_sigprocmask),
				   S(rt_sigreturn),
				   S(sigaltstack),
				   S(futex),
				   S(getpid),
				   S(gettid),
				   S(getppid),
				   S(getuid),
				   S(geteuid),
				   S(getgid),
				   S(getegid),
				   S(exit),
				   S(exit_group),
				   S(clock_gettime),
				   S(clock_getres),
				   S(clock_nanosleep),
				   S(nanosleep),
				   S(gettimeofday),
				   S(getrandom),
				   S(sched_yield),
				   S(restart_syscall),
				   S(set_robust_list),
				   S(rseq),
				   S(set_tid_address),
				   S(arch_prctl),
				   S(poll),
				   S(ppoll),
				   S(uname),
				   S(tgkill),
				   S(getrlimit),
				   END };
/* The second half of a start: what our own init and a static libc need before the plugin runs. */
static const int group_init[] = {
	S(execve), S(wait4),	   S(waitid),	       S(kill),	 S(setsid),    S(dup), S(dup2),
	S(dup3),   S(close_range), S(rt_sigtimedwait), S(pipe2), S(signalfd4), END
};
static const int group_loop[] = { S(epoll_create1),
				  S(epoll_ctl),
				  S(epoll_wait),
				  S(epoll_pwait),
				  S(timerfd_create),
				  S(timerfd_settime),
				  S(timerfd_gettime),
				  S(signalfd4),
				  S(eventfd2),
				  S(sendmsg),
				  S(recvmsg),
				  S(sendto),
				  S(recvfrom),
				  S(shutdown),
				  S(dup),
				  S(dup3),
				  S(pipe2),
				  END };
static const int group_files[] = {
	S(fcntl),      S(openat),     S(openat2),   S(mkdirat),	   S(unlinkat), S(renameat),
	S(renameat2),  S(linkat),     S(fchmod),    S(fchmodat),   S(fsync),	S(fdatasync),
	S(syncfs),     S(ftruncate),  S(fallocate), S(getdents64), S(statx),	S(faccessat),
	S(faccessat2), S(readlinkat), S(pread64),   S(pwrite64),   S(umask),	S(flock),
	S(fstatfs),    S(fadvise64),  END
};
static const int only_loader[] = {
	S(clone),   S(wait4),	    S(waitid),	     S(kill),	    S(pidfd_send_signal),
	S(seccomp), S(close_range), S(memfd_create), S(socketpair), S(setrlimit),
	END
};
static const int only_broker[] = {
	S(fchdir),    S(inotify_init1), S(inotify_add_watch), S(inotify_rm_watch), S(fchown),
	S(fgetxattr), S(fsetxattr),	S(flistxattr),	      S(utimensat),	   END
};
static const int only_supervisor[] = {
	S(accept4),	 S(getsockopt),	     S(setsockopt), S(socketpair), S(symlinkat),
	S(memfd_create), S(copy_file_range), S(sendfile),   S(fchown),	   END
};
/* Names, TLS, threads of the resolver; Landlock decides about files. */
static const int only_fetch[] = { S(open),
				  S(stat),
				  S(lstat),
				  S(access),
				  S(readlink),
				  S(connect),
				  S(bind),
				  S(getsockname),
				  S(getpeername),
				  S(getsockopt),
				  S(setsockopt),
				  S(sendmmsg),
				  S(recvmmsg),
				  S(sysinfo),
				  S(getresuid),
				  S(getresgid),
				  S(select),
				  S(pselect6),
				  S(sched_getaffinity),
				  S(alarm),
				  S(pipe),
				  S(membarrier),
				  END };
/* Programs with shared libraries and threads; the guard and the mounts decide about every file. */
static const int group_program[] = { S(open),
				     S(openat),
				     S(openat2),
				     S(stat),
				     S(lstat),
				     S(statx),
				     S(access),
				     S(faccessat),
				     S(faccessat2),
				     S(readlink),
				     S(readlinkat),
				     S(getdents64),
				     S(getcwd),
				     S(chdir),
				     S(fchdir),
				     S(pread64),
				     S(pwrite64),
				     S(preadv),
				     S(pwritev),
				     S(unlink),
				     S(unlinkat),
				     S(rename),
				     S(renameat),
				     S(renameat2),
				     S(mkdir),
				     S(mkdirat),
				     S(rmdir),
				     S(link),
				     S(linkat),
				     S(symlink),
				     S(symlinkat),
				     S(truncate),
				     S(ftruncate),
				     S(fallocate),
				     S(fsync),
				     S(fdatasync),
				     S(chmod),
				     S(fchmod),
				     S(fchmodat),
				     S(utimensat),
				     S(umask),
				     S(flock),
				     S(fadvise64),
				     S(statfs),
				     S(fstatfs),
				     S(pipe),
				     S(select),
				     S(pselect6),
				     S(getsockopt),
				     S(sysinfo),
				     S(times),
				     S(getrusage),
				     S(sched_getaffinity),
				     S(getpgrp),
				     S(getpgid),
				     S(setpgid),
				     S(getgroups),
				     S(getresuid),
				     S(getresgid),
				     S(alarm),
				     S(setitimer),
				     S(getitimer),
				     S(rt_sigpending),
				     S(rt_sigsuspend),
				     S(pause),
				     S(vfork),
				     S(copy_file_range),
				     S(sendfile),
				     S(mlock),
				     S(munlock),
				     S(membarrier),
				     S(getpriority),
				     S(capget),
				     END };

/* Shared libraries, threads, and a bundle that is read: what tracing kennel-js showed. */
static const int group_js[] = { S(openat),  S(openat2), S(access),    S(pread64),
				S(statfs),  S(sysinfo), S(getrusage), S(sched_getaffinity),
				S(eventfd2), S(membarrier), END };

enum extra {
	NO_EXEC_MEMORY =
		1, /* mmap and mprotect without PROT_EXEC, for programs that are loaded already */
	FILE_EXEC_MEMORY = 2, /* mmap with PROT_EXEC as the loader of shared libraries needs; the
				 guard keeps W^X */
	FORK = 4, /* clone without a new namespace; clone3 stays ENOSYS: its flags are in memory */
	NO_WX_MEMORY = 1024, /* mmap with PROT_EXEC, but never with PROT_WRITE as well */
	UNIX_PAIRS = 8, /* AF_UNIX only */
	INTERNET = 256, /* sockets of the internet, and the question which addresses there are */
	THREADS = 512,	/* clone of a thread; clone3 stays ENOSYS */
	SELF_PRCTL = 16,
	OWN_LIMITS = 32,   /* prlimit64 on oneself */
	TTY_QUESTION = 64, /* ioctl(TCGETS): isatty(3) of a libc */
	PLAIN_FCNTL = 2048, /* flags, copies and locks; no lease, no signal, no notice */
	SEAL_SELF =
		128, /* prctl for no_new_privs, seccomp and dumpable: the loader's decoder child */
};

static const struct profile {
	const char *name;
	uint32_t default_action;
	unsigned int extra;
	const int *groups[6];
} profiles[] = {
	{ "loader",
	  SCMP_ACT_KILL_PROCESS,
	  NO_EXEC_MEMORY | SEAL_SELF | OWN_LIMITS | TTY_QUESTION,
	  { group_basic, group_loop, group_files, only_loader } },
	{ "broker",
	  SCMP_ACT_KILL_PROCESS,
	  NO_EXEC_MEMORY | TTY_QUESTION,
	  { group_basic, group_loop, group_files, only_broker } },
	{ "audit",
	  SCMP_ACT_KILL_PROCESS,
	  NO_EXEC_MEMORY | TTY_QUESTION,
	  { group_basic, group_loop, group_files } },
	{ "supervisor",
	  SCMP_ACT_KILL_PROCESS,
	  NO_EXEC_MEMORY | TTY_QUESTION,
	  { group_basic, group_loop, group_files, only_supervisor } },
	{ "fetch",
	  SCMP_ACT_ERRNO(ENOSYS), /* what a resolver tries differs from host to host */
	  FILE_EXEC_MEMORY | UNIX_PAIRS | INTERNET | THREADS | TTY_QUESTION,
	  { group_basic, group_loop, group_files, only_fetch } },
	{ "plugin_wasm",
	  SCMP_ACT_ERRNO(ENOSYS),
	  NO_EXEC_MEMORY | FORK | SELF_PRCTL | OWN_LIMITS | PLAIN_FCNTL,
	  { group_basic, group_init } },
	{ "plugin_native",
	  SCMP_ACT_ERRNO(ENOSYS),
	  FILE_EXEC_MEMORY | FORK | UNIX_PAIRS | SELF_PRCTL | OWN_LIMITS | TTY_QUESTION |
		  PLAIN_FCNTL,
	  { group_basic, group_init, group_loop, group_program } },
	{ "plugin_js",
	  SCMP_ACT_ERRNO(ENOSYS),
	  NO_WX_MEMORY | FORK | SELF_PRCTL | PLAIN_FCNTL | OWN_LIMITS,
	  { group_basic, group_init, group_js } },
	{ "plugin_js_jit",
	  SCMP_ACT_ERRNO(ENOSYS),
	  FILE_EXEC_MEMORY | FORK | SELF_PRCTL | PLAIN_FCNTL | OWN_LIMITS,
	  { group_basic, group_init, group_js } },
	{ "compile",
	  SCMP_ACT_ERRNO(ENOSYS),
	  FILE_EXEC_MEMORY | FORK | SELF_PRCTL | OWN_LIMITS | TTY_QUESTION | PLAIN_FCNTL,
	  { group_basic, group_init, group_loop, group_program } },
};

static void check(int r, const char *what)
{
	if (r == 0)
		return;
	(void)fprintf(stderr, "seccomp-gen: %s: error %d\n", what, r);
	exit(1);
}

static bool for_people; /* print what is allowed, not the filter */

static void tell_argument(const struct scmp_arg_cmp *cmp)
{
	if (cmp->op == SCMP_CMP_MASKED_EQ)
		(void)printf("arg%u & %#llx == %#llx", cmp->arg, (unsigned long long)cmp->datum_a,
			     (unsigned long long)cmp->datum_b);
	else
		(void)printf("arg%u == %llu", cmp->arg, (unsigned long long)cmp->datum_a);
}

static void tell(int call, const struct scmp_arg_cmp *cmp, unsigned int n)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

	if (!name)
		check(-EINVAL, "a call without a name");
	if (for_people) {
		(void)printf("\t\"%s%s", name, n ? "(" : "");
		for (unsigned int i = 0; i < n; i++) {
			(void)fputs(i ? ", " : "", stdout);
			tell_argument(&cmp[i]);
		}
		(void)printf("%s\",\n", n ? ")" : "");
	}
	free(name);
}

/* All of the comparisons must hold. */
static void allow_if(scmp_filter_ctx c, int call, const struct scmp_arg_cmp *cmp, unsigned int n)
{
	check(seccomp_rule_add_array(c, SCMP_ACT_ALLOW, call, n, cmp), "argument rule");
	tell(call, cmp, n);
}

static void allow_one(scmp_filter_ctx c, int call, struct scmp_arg_cmp cmp)
{
	allow_if(c, call, &cmp, 1);
}

static void add_memory(scmp_filter_ctx c, unsigned int extra)
{
	struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	struct scmp_arg_cmp no_write = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0);

	if (extra & FILE_EXEC_MEMORY) {
		check(seccomp_rule_add(c, SCMP_ACT_ALLOW, S(mmap), 0), "mmap");
		tell(S(mmap), NULL, 0);
	} else {
		allow_one(c, S(mmap), no_exec);
	}
	if (extra & NO_WX_MEMORY)
		allow_one(c, S(mmap), no_write);
	allow_one(c, S(mprotect), no_exec);
}

/* A lease or a notice on a file tells of others, and holds them up; an owner of signals reaches
 * whom kill(2) may not. Locks are the guard's to decide. */
static void add_fcntl(scmp_filter_ctx c)
{
	static const int commands[] = { F_DUPFD,   F_DUPFD_CLOEXEC, F_GETFD,	  F_SETFD,
					F_GETFL,   F_SETFL,	    F_GETLK,	  F_SETLK,
					F_SETLKW,  F_OFD_GETLK,	    F_OFD_SETLK,  F_OFD_SETLKW,
					F_SETPIPE_SZ, F_GETPIPE_SZ };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		allow_one(c, S(fcntl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
}

/* Process 1 hides its memory from the plugin: nobody gets more by being seen less. */
static void add_hiding(scmp_filter_ctx c)
{
	const struct scmp_arg_cmp off[] = { SCMP_A0(SCMP_CMP_EQ, PR_SET_DUMPABLE),
					    SCMP_A1(SCMP_CMP_EQ, 0) };

	allow_if(c, S(prctl), off, 2);
}

static void add_extra(scmp_filter_ctx c, unsigned int extra)
{
	static const int own_prctl[] = { PR_SET_NAME,	  PR_GET_NAME,	   PR_SET_PDEATHSIG,
					 PR_GET_DUMPABLE, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS,
					 PR_GET_SECCOMP };
	static const int seal_prctl[] = { PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_DUMPABLE,
					  PR_SET_PDEATHSIG };

	add_memory(c, extra);
	if (extra & FORK)
		allow_one(c, S(clone),
			  SCMP_A0(SCMP_CMP_MASKED_EQ,
				  CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
					  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
					  0x00000080 /* CLONE_NEWTIME */,
				  0));
	if (extra & UNIX_PAIRS) {
		allow_one(c, S(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
		allow_one(c, S(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	}
	if (extra & INTERNET) {
		allow_one(c, S(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET));
		allow_one(c, S(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6));
		allow_one(c, S(socket), SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
	}
	if (extra & THREADS)
		allow_one(c, S(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	for (size_t i = 0; extra & SELF_PRCTL && i < sizeof(own_prctl) / sizeof(own_prctl[0]); i++)
		allow_one(c, S(prctl), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)own_prctl[i]));
	if (extra & SELF_PRCTL)
		add_hiding(c);
	if (extra & PLAIN_FCNTL)
		add_fcntl(c);
	for (size_t i = 0; extra & SEAL_SELF && i < sizeof(seal_prctl) / sizeof(seal_prctl[0]); i++)
		allow_one(c, S(prctl), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)seal_prctl[i]));
	if (extra & OWN_LIMITS)
		allow_one(c, S(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0));
	if (extra & TTY_QUESTION)
		allow_one(c, S(ioctl), SCMP_A1(SCMP_CMP_EQ, TCGETS));
}

static void print_filter(scmp_filter_ctx c, const char *name)
{
	struct sock_filter f;
	FILE *tmp = tmpfile();

	if (!tmp)
		check(-errno, "tmpfile");
	check(seccomp_export_bpf(c, fileno(tmp)), "export");
	rewind(tmp);
	(void)printf("static const struct sock_filter seccomp_filter_%s[] = {\n", name);
	while (fread(&f, sizeof(f), 1, tmp) == 1)
		(void)printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", f.code, f.jt, f.jf, f.k);
	(void)printf("};\n");
	(void)fclose(tmp);
}

static void make_profile(const struct profile *p)
{
	scmp_filter_ctx c = seccomp_init(p->default_action);

	if (!c)
		check(-ENOMEM, "init");
	check(seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
	      "bad architecture");
	check(seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree");
	if (for_people)
		(void)printf("static const char *const seccomp_calls_%s[] = {\n", p->name);
	for (size_t g = 0; g < sizeof(p->groups) / sizeof(p->groups[0]) && p->groups[g]; g++)
		for (const int *call = p->groups[g]; *call != END; call++) {
			int r = seccomp_rule_add(c, SCMP_ACT_ALLOW, *call, 0);

			if (r != -EEXIST) {
				check(r, p->name);
				tell(*call, NULL, 0);
			}
		}
	add_extra(c, p->extra);
	if (for_people)
		(void)printf("\tNULL,\n};\n#define seccomp_else_%s \"%s\"\n", p->name,
			     p->default_action == SCMP_ACT_KILL_PROCESS ? "kill" : "ENOSYS");
	else
		print_filter(c, p->name);
	seccomp_release(c);
}

/* Without a word: the filters. With one: the same as lists for people. */
int main(int argc, char **argv)
{
	(void)argv;
	for_people = argc > 1;
	(void)printf("/* Written by tools/gen/seccomp.c. */\n#include <%s>\n",
		     for_people ? "stddef.h" : "linux/filter.h");
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		make_profile(&profiles[i]);
	(void)printf("#define %s(X)", for_people ? "SECCOMP_LISTS" : "SECCOMP_FILTERS");
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		(void)printf(" X(%s)", profiles[i].name);
	(void)printf("\n");
	return ferror(stdout) ? 1 : 0;
}
