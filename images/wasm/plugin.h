/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.h - what the compiler writes down about one module, and the runtime reads.
 * Owns: the shape of that table.  Must not know: names that wasm2c makes. */
#ifndef KENNEL_WASM_PLUGIN_H
#define KENNEL_WASM_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <wasm-rt.h>

struct plugin_handler {
	const char *name;	/* an event: "onNoteSave" */
	uint32_t (*run)(void);	/* 0: done; else the event failed */
};

struct plugin_code {
	void (*init_module)(void);	/* once in a process */
	void (*instantiate)(void);
	void (*start)(void);   /* _initialize, __wasm_call_ctors or _start; may do nothing */
	void (*release)(void);		/* memory and tables of the instance */
	wasm_rt_memory_t *(*memory)(void);
	const struct plugin_handler *handlers;
	size_t handler_count;
};

extern const struct plugin_code plugin_code;

#endif
