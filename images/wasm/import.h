/* SPDX-License-Identifier: Apache-2.0 */
/* import.h - how a host function gets the name that wasm2c's C calls.
 * Owns: the spelling of those names.  Must not know: the functions. */
#ifndef KENNEL_WASM_IMPORT_H
#define KENNEL_WASM_IMPORT_H

#include <stdint.h>

/* self is the instance of the importing module; one process has one, so nobody needs it. */
#define IMPORT_AS_(symbol, type, name, ...)                                         \
	type name(void *self, ##__VA_ARGS__) __asm__(symbol);                       \
	type name(__attribute__((unused)) void *self, ##__VA_ARGS__)

#define IMPORT_ENV(type, name, ...) \
	IMPORT_AS_("Z_extismZ3AhostZ2FenvZ_" #name, type, env_##name, ##__VA_ARGS__)
#define IMPORT_USER(type, name, ...) \
	IMPORT_AS_("Z_extismZ3AhostZ2FuserZ_" #name, type, user_##name, ##__VA_ARGS__)
#define IMPORT_WASI(type, name, ...) \
	IMPORT_AS_("Z_wasi_snapshot_preview1Z_" #name, type, wasi_##name, ##__VA_ARGS__)

#endif
