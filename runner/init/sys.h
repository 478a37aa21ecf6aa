/* SPDX-License-Identifier: Apache-2.0 */
/* sys.h - the system calls of process 1, without a C library (syscall(2), the x86-64 ABI).
 * Owns: the way into the kernel.  Must not know: what is asked of it.
 *
 * A C library asks the processor what it is before main(), and in a virtual machine each such
 * question goes to the host: most of the time that an otherwise empty program takes to start.
 * Process 1 needs nothing of it, and what is not linked cannot be used by whoever breaks in. */
#ifndef KENNEL_INIT_SYS_H
#define KENNEL_INIT_SYS_H

#include <stddef.h>
#include <sys/syscall.h>

_Static_assert(SYS_read == 0 && SYS_write == 1, "x86-64, as the seccomp profiles are");

#define SIGSET_BYTES 8 /* of the kernel's signal sets */

/* Returns the result, or -errno. */
static inline long sys_raw(long number, const long a[6])
{
	register long r10 __asm__("r10");
	register long r8 __asm__("r8");
	register long r9 __asm__("r9");
	long r;

	r10 = a[3];
	r8 = a[4];
	r9 = a[5];
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

/* sys(NUMBER, up to six arguments): numbers or pointers; what is left out is 0. */
#define sys(...) sys_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define sys_(n, a, b, c, d, e, f, ...)                                                   \
	sys_raw((long)(n), (const long[6]){ (long)(a), (long)(b), (long)(c), (long)(d), \
					    (long)(e), (long)(f) })

#endif
