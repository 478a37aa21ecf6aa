/* SPDX-License-Identifier: Apache-2.0 */
/* rt.h - running translated code: its stack, its memory, its traps.
 * Owns: the line between the module's code and ours.  Must not know: events, blocks, the wire. */
#ifndef KENNEL_WASM_RT_H
#define KENNEL_WASM_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rt_end { RT_RETURNED, RT_TRAPPED, RT_EXITED };

struct rt_outcome {
	enum rt_end end;
	uint32_t value;	  /* returned: its result; exited: the status */
	const char *trap; /* trapped: what happened, static text */
};

/* Runs fn on a stack of known bounds with guard pages below; all module code runs inside it. -1
 * when there is no memory for it. Once in a process. */
int rt_run_on_stack(void (*fn)(void));

/* Calls module code. A trap or rt_exit_module inside it ends here. Not reentrant. */
struct rt_outcome rt_call(uint32_t (*run)(void));

/* For host functions, before they own anything: both leave the running rt_call. */
_Noreturn void rt_trap(const char *text);
_Noreturn void rt_exit_module(uint32_t status);

/* Around host functions that allocate, parse or block: a fault inside is our own and ends the
 * process instead of jumping over held memory. Traps when too little stack is left to do the work.
 */
void rt_host_enter(void);
void rt_host_leave(void);

/* From the policy; linear memory beyond it cannot be had by memory.grow. */
void rt_limit_memory(uint64_t bytes);

/* Gives the pages that a deep recursion left behind back to the kernel. */
void rt_trim_stack(void);

#endif
