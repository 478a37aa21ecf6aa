/* SPDX-License-Identifier: Apache-2.0 */
/* rt.c - what wasm-rt.h asks of an embedder, and the signal handler behind it.
 * Owns: the reservation of linear memory, the module's stack, traps.  Must not know: events, the
 * wire.
 *
 * Bounds of linear memory are the processor's: the whole space that a 32-bit address plus a 32-bit
 * offset plus the widest access can name is reserved without access, and only the pages that exist
 * are opened. The runtime that comes with wasm2c 1.0.32 is not used: it reserves 8 GiB sharp, so
 * that the last bytes of the widest address lie outside; its sizes overflow at 65536 pages; freeing
 * leaves nearly all of the reservation behind; and any fault, of ours too, would count as the
 * module's. */
#include "images/wasm/rt.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <wasm-rt.h>

#include "images/wasm/bounds.h"

#define MEMORY_RESERVE ((size_t)(8ull << 30) + WASM_PAGE)
#define ALT_STACK_BYTES 65536u

struct func_type {
	uint32_t params, results;
	wasm_rt_type_t *types;
};

static struct {
	jmp_buf unwind;
	struct rt_outcome outcome;
	volatile sig_atomic_t in_module; /* a fault may be the module's */
	bool initialized;
	uint8_t *memory; /* the reservation, or NULL */
	uint8_t *stack;	 /* guard, then WASM_STACK_BYTES */
	uint32_t pages_max, pages_initial;
	size_t table_bytes;
	struct func_type *types;
	uint32_t type_count;
	ucontext_t outside, inside;
} rt = { .pages_max = WASM_MEMORY_PAGES_MAX };

static _Alignas(16) uint8_t alt_stack[ALT_STACK_BYTES];

/* ---- traps ---- */

_Noreturn void rt_trap(const char *text)
{
	rt.outcome = (struct rt_outcome){ .end = RT_TRAPPED, .trap = text };
	_longjmp(rt.unwind, 1);
}

_Noreturn void rt_exit_module(uint32_t status)
{
	rt.outcome = (struct rt_outcome){ .end = RT_EXITED, .value = status };
	_longjmp(rt.unwind, 1);
}

const char *wasm_rt_strerror(wasm_rt_trap_t trap)
{
	static const char *const texts[] = {
		[WASM_RT_TRAP_NONE] = "none",
		[WASM_RT_TRAP_OOB] = "out of bounds memory access",
		[WASM_RT_TRAP_INT_OVERFLOW] = "integer overflow",
		[WASM_RT_TRAP_DIV_BY_ZERO] = "integer divide by zero",
		[WASM_RT_TRAP_INVALID_CONVERSION] = "invalid conversion to integer",
		[WASM_RT_TRAP_UNREACHABLE] = "unreachable executed",
		[WASM_RT_TRAP_CALL_INDIRECT] = "indirect call type mismatch",
		[WASM_RT_TRAP_UNCAUGHT_EXCEPTION] = "uncaught exception",
		[WASM_RT_TRAP_EXHAUSTION] = "call stack exhausted",
	};

	return (unsigned int)trap < sizeof(texts) / sizeof(texts[0]) ? texts[trap] : "unknown trap";
}

void wasm_rt_trap(wasm_rt_trap_t trap)
{
	rt_trap(wasm_rt_strerror(trap));
}

static bool inside(const uint8_t *p, const uint8_t *base, size_t n)
{
	return base && p >= base && p < base + n;
}

/* A fault in linear memory's reservation or in the stack's guard, while module code runs, is a
 * trap. Any other is a bug, and the process dies of it. The mask is left alone (SA_NODEFER), so
 * that leaving by longjmp needs no system call. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;

	(void)context;
	if (rt.in_module && inside(at, rt.memory, MEMORY_RESERVE))
		wasm_rt_trap(WASM_RT_TRAP_OOB);
	if (rt.in_module && inside(at, rt.stack, WASM_STACK_GUARD_BYTES))
		wasm_rt_trap(WASM_RT_TRAP_EXHAUSTION);
	(void)signal(sig, SIG_DFL);
}

struct rt_outcome rt_call(uint32_t (*run)(void))
{
	if (_setjmp(rt.unwind) == 0) {
		rt.in_module = 1;
		rt.outcome.value = run();
		rt.outcome.end = RT_RETURNED;
		rt.outcome.trap = NULL;
	}
	rt.in_module = 0;
	return rt.outcome;
}

void rt_host_enter(void)
{
	const uint8_t *here = __builtin_frame_address(0);

	if (here < rt.stack + WASM_STACK_GUARD_BYTES + WASM_HOST_STACK_MIN)
		wasm_rt_trap(WASM_RT_TRAP_EXHAUSTION);
	rt.in_module = 0;
}

void rt_host_leave(void)
{
	rt.in_module = 1;
}

/* ---- the stack ---- */

static void (*entry)(void);

static void run_entry(void)
{
	entry();
}

int rt_run_on_stack(void (*fn)(void))
{
	size_t n = WASM_STACK_GUARD_BYTES + WASM_STACK_BYTES;
	uint8_t *p = mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	if (mprotect(p + WASM_STACK_GUARD_BYTES, WASM_STACK_BYTES, PROT_READ | PROT_WRITE) < 0 ||
	    getcontext(&rt.inside) < 0)
		return -1;
	rt.stack = p;
	rt.inside.uc_stack.ss_sp = p + WASM_STACK_GUARD_BYTES;
	rt.inside.uc_stack.ss_size = WASM_STACK_BYTES;
	rt.inside.uc_link = &rt.outside;
	entry = fn;
	makecontext(&rt.inside, run_entry, 0);
	return swapcontext(&rt.outside, &rt.inside);
}

void rt_trim_stack(void)
{
	uint8_t *low = rt.stack + WASM_STACK_GUARD_BYTES;
	uint8_t *here = __builtin_frame_address(0);
	size_t below = (size_t)(here - low) & ~(size_t)4095;

	if (below > WASM_PAGE)
		(void)madvise(low, below - WASM_PAGE, MADV_DONTNEED);
}

/* ---- linear memory ---- */

void rt_limit_memory(uint64_t bytes)
{
	uint64_t left = bytes > WASM_HOST_RESERVE ? bytes - WASM_HOST_RESERVE : 0;

	if (left / WASM_PAGE < rt.pages_max)
		rt.pages_max = (uint32_t)(left / WASM_PAGE);
	/* What the module has from its start it keeps; beyond the cgroup's limit it cannot be
	 * touched. */
	if (rt.pages_max < rt.pages_initial)
		rt.pages_max = rt.pages_initial;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t initial_pages, uint32_t max_pages)
{
	uint8_t *p;

	if (rt.memory || initial_pages > rt.pages_max)
		rt_trap("the module's memory is beyond its limit");
	p = mmap(NULL, MEMORY_RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		 0);
	if (p == MAP_FAILED)
		rt_trap("no address space for the module's memory");
	rt.memory = p;
	rt.pages_initial = initial_pages;
	*memory = (wasm_rt_memory_t){ .data = p, .max_pages = max_pages };
	if (wasm_rt_grow_memory(memory, initial_pages) == UINT32_MAX)
		rt_trap("no memory for the module");
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t delta)
{
	uint32_t old = memory->pages;
	uint32_t max = memory->max_pages < rt.pages_max ? memory->max_pages : rt.pages_max;

	if (!delta)
		return old;
	if (old > max || delta > max - old)
		return UINT32_MAX;
	if (mprotect(memory->data + (size_t)old * WASM_PAGE, (size_t)delta * WASM_PAGE,
		     PROT_READ | PROT_WRITE) < 0)
		return UINT32_MAX;
	memory->pages = old + delta;
	memory->size = memory->pages * WASM_PAGE;
	return old;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory)
{
	if (rt.memory)
		(void)munmap(rt.memory, MEMORY_RESERVE);
	rt.memory = NULL;
	*memory = (wasm_rt_memory_t){ 0 };
}

/* ---- tables: two element types, one accounting ---- */

static bool table_charge(uint32_t elements, size_t element_bytes)
{
	size_t bytes = (size_t)elements * element_bytes;

	if (bytes > WASM_TABLE_BYTES_MAX - rt.table_bytes)
		return false;
	rt.table_bytes += bytes;
	return true;
}

static void *table_allocate(uint32_t elements, size_t element_bytes)
{
	void *p;

	if (elements > WASM_TABLE_MAX || !table_charge(elements, element_bytes))
		rt_trap("the module's tables are beyond their limit");
	p = calloc(elements ? elements : 1, element_bytes);
	if (!p)
		rt_trap("no memory for the module's tables");
	return p;
}

/* The larger table, or NULL when it may not be. */
static void *table_grow(void *old, uint32_t size, uint32_t max, uint32_t delta,
			size_t element_bytes)
{
	if (max > WASM_TABLE_MAX)
		max = WASM_TABLE_MAX;
	if (size > max || delta > max - size || !table_charge(delta, element_bytes))
		return NULL;
	return reallocarray(old, (size_t)size + delta, element_bytes);
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t elements, uint32_t max)
{
	*table = (wasm_rt_funcref_table_t){ .data = table_allocate(elements, sizeof(*table->data)),
					    .max_size = max,
					    .size = elements };
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table)
{
	rt.table_bytes -= table->size * sizeof(*table->data);
	free(table->data);
	*table = (wasm_rt_funcref_table_t){ 0 };
}

uint32_t wasm_rt_grow_funcref_table(wasm_rt_funcref_table_t *table, uint32_t delta,
				    wasm_rt_funcref_t init)
{
	uint32_t old = table->size;
	wasm_rt_funcref_t *p;

	if (!delta)
		return old;
	p = table_grow(table->data, old, table->max_size, delta, sizeof(*p));
	if (!p)
		return UINT32_MAX;
	table->data = p;
	table->size = old + delta;
	for (uint32_t i = old; i < table->size; i++)
		p[i] = init;
	return old;
}

void wasm_rt_allocate_externref_table(wasm_rt_externref_table_t *table, uint32_t elements,
				      uint32_t max)
{
	*table =
		(wasm_rt_externref_table_t){ .data = table_allocate(elements, sizeof(*table->data)),
					     .max_size = max,
					     .size = elements };
}

void wasm_rt_free_externref_table(wasm_rt_externref_table_t *table)
{
	rt.table_bytes -= table->size * sizeof(*table->data);
	free(table->data);
	*table = (wasm_rt_externref_table_t){ 0 };
}

uint32_t wasm_rt_grow_externref_table(wasm_rt_externref_table_t *table, uint32_t delta,
				      wasm_rt_externref_t init)
{
	uint32_t old = table->size;
	wasm_rt_externref_t *p;

	if (!delta)
		return old;
	p = table_grow(table->data, old, table->max_size, delta, sizeof(*p));
	if (!p)
		return UINT32_MAX;
	table->data = p;
	table->size = old + delta;
	for (uint32_t i = old; i < table->size; i++)
		p[i] = init;
	return old;
}

/* ---- function types, start and end ---- */

static bool same_type(const struct func_type *a, const struct func_type *b)
{
	return a->params == b->params && a->results == b->results &&
	       !memcmp(a->types, b->types, (a->params + a->results) * sizeof(*a->types));
}

uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
	struct func_type t = { .params = params, .results = results };
	struct func_type *more;
	va_list ap;

	t.types = calloc((size_t)params + results + 1, sizeof(*t.types));
	more = reallocarray(rt.types, (size_t)rt.type_count + 1, sizeof(*more));
	if (!t.types || !more)
		abort(); /* before any event; the cgroup leaves no memory at all */
	rt.types = more;
	va_start(ap, results);
	for (uint32_t i = 0; i < params + results; i++)
		t.types[i] = va_arg(ap, wasm_rt_type_t);
	va_end(ap);
	for (uint32_t i = 0; i < rt.type_count; i++) {
		if (same_type(&rt.types[i], &t)) {
			free(t.types);
			return i + 1;
		}
	}
	rt.types[rt.type_count] = t;
	return ++rt.type_count;
}

void wasm_rt_init(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	stack_t ss = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };

	/* Without them a trap is a crash: less convenient, no less safe. */
	if (sigaltstack(&ss, NULL) < 0 || sigaction(SIGSEGV, &sa, NULL) < 0)
		return;
	rt.initialized = true;
}

bool wasm_rt_is_initialized(void)
{
	return rt.initialized;
}

void wasm_rt_free(void)
{
	for (uint32_t i = 0; i < rt.type_count; i++)
		free(rt.types[i].types);
	free(rt.types);
	rt.types = NULL;
	rt.type_count = 0;
}
