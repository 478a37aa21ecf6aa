/* SPDX-License-Identifier: Apache-2.0 */
/* payload.c - a program that ends well, and does nothing else: no libc, no start-up that looks at
 * files. */
__attribute__((noreturn)) void _start(void);

void _start(void)
{
	for (;;)
		__asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11", "memory");
}
