/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - a plugin's wasm file, before any tool reads it.
 * Owns: which modules are taken, and the reduced module that goes on.  Must not know: wasm2c, cc,
 * files. */
#ifndef KENNEL_COMPILE_MODULE_H
#define KENNEL_COMPILE_MODULE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "images/wasm/bounds.h"

#define MODULE_HANDLER_NAME 64u

enum module_start {
	MODULE_START_NONE,
	MODULE_START_INITIALIZE,
	MODULE_START_CTORS,
	MODULE_START_COMMAND
};

struct module {
	char handlers[WASM_HANDLERS_MAX][MODULE_HANDLER_NAME]; /* on[A-Z]..., () -> i32 */
	unsigned int handler_count;
	enum module_start start;
	unsigned int import_modules; /* bits: which of the three it imports from */
};

/* Reads untrusted bytes. ret_reduced is the same module without custom sections and with only the
 * exports that the runtime calls: wasm2c writes names of the file into comments of its C as they
 * are, so no name may reach it that is not from our own lists. Bodies are not looked at: wasm2c
 * validates them. ERR_WASM_INVALID, ERR_WASM_FEATURE, ERR_WASM_IMPORT, ERR_LIMIT. */
int module_reduce(const uint8_t *p, size_t n, struct module *ret_module, struct buffer *ret_reduced,
		  struct err *e);

#endif
