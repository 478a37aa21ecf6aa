/* SPDX-License-Identifier: Apache-2.0 */
/* kennel.h - writing a wasm plugin in C: kennel_api.h, and the ABI below it.
 * Owns: the plugin's side of the ABI.  Must not know: what a plugin does.
 *
 *   KENNEL_HANDLER(onNoteSave)
 *   {
 *           struct kennel_json note = kennel_get(kennel_input(), "note");
 *           return kennel_ok("{\"seen\":true}");
 *   }
 *
 * clang --target=wasm32-wasi -O2 -mexec-model=reactor -o main.wasm main.c kennel.c kennel_json.c */
#ifndef KENNEL_SDK_H
#define KENNEL_SDK_H

#include "kennel_api.h"

/* A handler returns kennel_ok(...) or kennel_fail(...). */
#define KENNEL_HANDLER(name) \
	int32_t name(void);  \
	__attribute__((export_name(#name))) int32_t name(void)

/* ---- the ABI itself, for what has no helper ---- */

#define KENNEL_ENV(name) __attribute__((import_module("extism:host/env"), import_name(name)))
#define KENNEL_USER(name) __attribute__((import_module("extism:host/user"), import_name(name)))

KENNEL_ENV("alloc") uint64_t extism_alloc(uint64_t n);
KENNEL_ENV("free") void extism_free(uint64_t offset);
KENNEL_ENV("length") uint64_t extism_length(uint64_t offset);
KENNEL_ENV("load_u8") uint32_t extism_load_u8(uint64_t offset);
KENNEL_ENV("load_u64") uint64_t extism_load_u64(uint64_t offset);
KENNEL_ENV("store_u8") void extism_store_u8(uint64_t offset, uint32_t v);
KENNEL_ENV("store_u64") void extism_store_u64(uint64_t offset, uint64_t v);
KENNEL_ENV("input_offset") uint64_t extism_input_offset(void);
KENNEL_ENV("input_length") uint64_t extism_input_length(void);
KENNEL_ENV("output_set") void extism_output_set(uint64_t offset, uint64_t n);
KENNEL_ENV("error_set") void extism_error_set(uint64_t offset);
KENNEL_ENV("config_get") uint64_t extism_config_get(uint64_t key);
KENNEL_ENV("var_get") uint64_t extism_var_get(uint64_t key);
KENNEL_ENV("var_set") void extism_var_set(uint64_t key, uint64_t value);
KENNEL_ENV("log_info") void extism_log_info(uint64_t offset);
KENNEL_ENV("http_request") uint64_t extism_http_request(uint64_t request, uint64_t body);
KENNEL_ENV("http_status_code") int32_t extism_http_status_code(void);
KENNEL_USER("kennel_call") uint64_t kennel_call_block(uint64_t request);

uint64_t kennel_block(const char *p, size_t n); /* a block with these bytes; 0: none to be had */
char *kennel_block_text(uint64_t offset, size_t *ret_n); /* a copy to be freed; ret_n may be NULL */

#endif
