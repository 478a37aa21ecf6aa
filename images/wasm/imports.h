/* SPDX-License-Identifier: Apache-2.0 */
/* imports.h - every function a module may import, with its type.
 * Owns: the list, and nothing beside it exists for a plugin.  Must not know: how they are done.
 * The compiler refuses any other import, or another type; the runtime defines exactly these. */
#ifndef KENNEL_WASM_IMPORTS_H
#define KENNEL_WASM_IMPORTS_H

#define WASM_MODULE_ENV "extism:host/env"
#define WASM_MODULE_USER "extism:host/user"
#define WASM_MODULE_WASI "wasi_snapshot_preview1"

/* Module, name, parameters, result: i = i32, I = i64. */
#define WASM_IMPORT_TABLE(X)                                 \
	X(WASM_MODULE_ENV, "input_offset", "", "I")          \
	X(WASM_MODULE_ENV, "input_length", "", "I")          \
	X(WASM_MODULE_ENV, "input_load_u8", "I", "i")        \
	X(WASM_MODULE_ENV, "input_load_u64", "I", "I")       \
	X(WASM_MODULE_ENV, "length", "I", "I")               \
	X(WASM_MODULE_ENV, "length_unsafe", "I", "I")        \
	X(WASM_MODULE_ENV, "alloc", "I", "I")                \
	X(WASM_MODULE_ENV, "free", "I", "")                  \
	X(WASM_MODULE_ENV, "load_u8", "I", "i")              \
	X(WASM_MODULE_ENV, "load_u64", "I", "I")             \
	X(WASM_MODULE_ENV, "store_u8", "Ii", "")             \
	X(WASM_MODULE_ENV, "store_u64", "II", "")            \
	X(WASM_MODULE_ENV, "output_set", "II", "")           \
	X(WASM_MODULE_ENV, "error_set", "I", "")             \
	X(WASM_MODULE_ENV, "config_get", "I", "I")           \
	X(WASM_MODULE_ENV, "var_get", "I", "I")              \
	X(WASM_MODULE_ENV, "var_set", "II", "")              \
	X(WASM_MODULE_ENV, "log_trace", "I", "")             \
	X(WASM_MODULE_ENV, "log_debug", "I", "")             \
	X(WASM_MODULE_ENV, "log_info", "I", "")              \
	X(WASM_MODULE_ENV, "log_warn", "I", "")              \
	X(WASM_MODULE_ENV, "log_error", "I", "")             \
	X(WASM_MODULE_ENV, "get_log_level", "", "i")         \
	X(WASM_MODULE_ENV, "http_request", "II", "I")        \
	X(WASM_MODULE_ENV, "http_status_code", "", "i")      \
	X(WASM_MODULE_ENV, "http_headers", "", "I")          \
	X(WASM_MODULE_USER, "kennel_call", "I", "I")         \
	X(WASM_MODULE_WASI, "args_get", "ii", "i")           \
	X(WASM_MODULE_WASI, "args_sizes_get", "ii", "i")     \
	X(WASM_MODULE_WASI, "environ_get", "ii", "i")        \
	X(WASM_MODULE_WASI, "environ_sizes_get", "ii", "i")  \
	X(WASM_MODULE_WASI, "clock_res_get", "ii", "i")      \
	X(WASM_MODULE_WASI, "clock_time_get", "iIi", "i")    \
	X(WASM_MODULE_WASI, "fd_write", "iiii", "i")         \
	X(WASM_MODULE_WASI, "fd_read", "iiii", "i")          \
	X(WASM_MODULE_WASI, "fd_close", "i", "i")            \
	X(WASM_MODULE_WASI, "fd_seek", "iIii", "i")          \
	X(WASM_MODULE_WASI, "fd_fdstat_get", "ii", "i")      \
	X(WASM_MODULE_WASI, "fd_prestat_get", "ii", "i")     \
	X(WASM_MODULE_WASI, "fd_prestat_dir_name", "iii", "i") \
	X(WASM_MODULE_WASI, "random_get", "ii", "i")         \
	X(WASM_MODULE_WASI, "proc_exit", "i", "")

#endif
