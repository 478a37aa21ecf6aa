/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.h - what one module may be and hold; the compiler refuses, the runtime enforces.
 * Owns: the numbers.  Must not know: who checks them. */
#ifndef KENNEL_WASM_BOUNDS_H
#define KENNEL_WASM_BOUNDS_H

/* ---- the file ---- */
#define WASM_MODULE_MAX (20u << 20) /* 2 MB compile in 2 s; Go's largest plugins stay below 20 MB \
				     */
#define WASM_TYPES_MAX 4096u		/* looked through one by one when the process starts */
#define WASM_IMPORTS_MAX 256u
#define WASM_FUNCTIONS_MAX 200000u
#define WASM_EXPORTS_MAX 8192u
#define WASM_PARAMS_MAX 1000u		/* of one function, as web engines have it */
#define WASM_TABLES_MAX 16u
#define WASM_HANDLERS_MAX 64u
#define WASM_NAME_MAX 1024u		/* of an import or export */

/* ---- the instance ---- */
#define WASM_PAGE 65536u
#define WASM_MEMORY_PAGES_MAX 16384u	/* 1 GiB; the cgroup bounds what is really touched */
#define WASM_TABLE_MAX (1u << 20)
#define WASM_TABLE_BYTES_MAX (64u << 20) /* all tables of an instance */

/* ---- what stands beside linear memory ---- */
#define WASM_ARENA_MAX \
	(16u << 20) /* input, output and blocks of one event: 16 frames of the wire */
#define WASM_BLOCKS_MAX 65536u
#define WASM_VARS_MAX 256u
#define WASM_VARS_BYTES_MAX (1u << 20)
#define WASM_STACK_BYTES (4u << 20)
#define WASM_STACK_GUARD_BYTES (1u << 20)
#define WASM_HOST_STACK_MIN (256u << 10) /* a host call refuses to start with less left */
#define WASM_HOST_RESERVE (8u << 20)	/* of memory.max, for the runtime itself */

#endif
