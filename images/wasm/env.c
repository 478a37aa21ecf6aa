/* SPDX-License-Identifier: Apache-2.0 */
/* env.c - extism:host/env: blocks, input and output, variables, configuration, log.
 * Owns: that half of the ABI.  Must not know: the wire. An offset out of range is a trap. */
#include "images/wasm/env.h"

#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "images/wasm/blocks.h"
#include "images/wasm/bounds.h"
#include "images/wasm/import.h"
#include "images/wasm/rt.h"

#define OUT_OF_BLOCK "offset outside the blocks of the plugin"
#define CONFIG_INITIALIZE "kennel"

struct var {
	char *key, *value;
	size_t key_len, value_len;
};

static struct {
	uint64_t input, input_len;
	uint64_t output, output_len;
	uint64_t error;
	json_t *initialize;
	struct var vars[WASM_VARS_MAX];
	size_t var_count, var_bytes;
} env;

/* ---- for the event loop ---- */

void env_configure(json_t *initialize)
{
	json_decref(env.initialize);
	env.initialize = json_incref(initialize);
}

bool env_begin(const char *input, size_t n)
{
	blocks_reset();
	env.output = env.output_len = env.error = 0;
	env.input = blocks_put(input, n);
	env.input_len = env.input ? n : 0;
	return env.input != 0 || n == 0;
}

const char *env_output(size_t *ret_len)
{
	if (!env.output)
		return NULL;
	*ret_len = env.output_len;
	return (const char *)blocks_view(env.output, env.output_len);
}

const char *env_error(size_t *ret_len)
{
	uint64_t n = blocks_length(env.error);

	*ret_len = n;
	return n ? (const char *)blocks_view(env.error, n) : NULL;
}

/* ---- blocks ---- */

IMPORT_ENV(uint64_t, alloc, uint64_t n)
{
	uint64_t offset;

	rt_host_enter();
	offset = blocks_alloc(n);
	rt_host_leave();
	return offset;
}

IMPORT_ENV(void, free, uint64_t offset)
{
	blocks_free(offset);
}

IMPORT_ENV(uint64_t, length, uint64_t offset)
{
	return blocks_length(offset);
}

IMPORT_ENV(uint64_t, length_unsafe, uint64_t offset)
{
	return blocks_length(offset);
}

IMPORT_ENV(uint32_t, load_u8, uint64_t offset)
{
	uint8_t v;

	if (!blocks_load(offset, &v, sizeof(v)))
		rt_trap(OUT_OF_BLOCK);
	return v;
}

IMPORT_ENV(uint64_t, load_u64, uint64_t offset)
{
	uint64_t v;

	if (!blocks_load(offset, &v, sizeof(v)))
		rt_trap(OUT_OF_BLOCK);
	return v;
}

IMPORT_ENV(void, store_u8, uint64_t offset, uint32_t value)
{
	uint8_t v = (uint8_t)value;

	if (!blocks_store(offset, &v, sizeof(v)))
		rt_trap(OUT_OF_BLOCK);
}

IMPORT_ENV(void, store_u64, uint64_t offset, uint64_t value)
{
	if (!blocks_store(offset, &value, sizeof(value)))
		rt_trap(OUT_OF_BLOCK);
}

/* ---- input, output, error ---- */

IMPORT_ENV(uint64_t, input_offset)
{
	return env.input;
}

IMPORT_ENV(uint64_t, input_length)
{
	return env.input_len;
}

static void load_input(uint64_t offset, void *ret, size_t n)
{
	if (offset > env.input_len || n > env.input_len - offset ||
	    !blocks_load(env.input + offset, ret, n))
		rt_trap("offset outside the input");
}

IMPORT_ENV(uint32_t, input_load_u8, uint64_t offset)
{
	uint8_t v = 0;

	load_input(offset, &v, sizeof(v));
	return v;
}

IMPORT_ENV(uint64_t, input_load_u64, uint64_t offset)
{
	uint64_t v = 0;

	load_input(offset, &v, sizeof(v));
	return v;
}

IMPORT_ENV(void, output_set, uint64_t offset, uint64_t n)
{
	if (n && !blocks_view(offset, n))
		rt_trap(OUT_OF_BLOCK);
	env.output = n ? offset : 0;
	env.output_len = n;
}

IMPORT_ENV(void, error_set, uint64_t offset)
{
	if (offset && !blocks_length(offset))
		rt_trap(OUT_OF_BLOCK);
	env.error = offset;
}

/* The whole block of a handle; a handle that is none is a trap. */
static const char *block_text(uint64_t offset, size_t *ret_len)
{
	uint64_t n = blocks_length(offset);

	if (!n)
		rt_trap(OUT_OF_BLOCK);
	*ret_len = n;
	return (const char *)blocks_view(offset, n);
}

/* ---- configuration and variables ---- */

static uint64_t config_lookup(const char *key, size_t n)
{
	CLEANUP(free_p) char *text = NULL;
	const json_t *value;
	size_t len = 0;

	if (n == strlen(CONFIG_INITIALIZE) && !memcmp(key, CONFIG_INITIALIZE, n)) {
		text = env.initialize ? json_print(env.initialize, &len) : NULL;
		return text ? blocks_put(text, len) : 0;
	}
	value = json_object_getn(json_object_get(env.initialize, "config"), key, n);
	return json_is_string(value)
		       ? blocks_put(json_string_value(value), json_string_length(value))
		       : 0;
}

IMPORT_ENV(uint64_t, config_get, uint64_t key)
{
	size_t n;
	const char *text = block_text(key, &n);
	uint64_t offset;

	rt_host_enter();
	offset = config_lookup(text, n);
	rt_host_leave();
	return offset;
}

static struct var *find_var(const char *key, size_t n)
{
	for (size_t i = 0; i < env.var_count; i++)
		if (env.vars[i].key_len == n && !memcmp(env.vars[i].key, key, n))
			return &env.vars[i];
	return NULL;
}

static void drop_var(struct var *v)
{
	env.var_bytes -= v->key_len + v->value_len;
	free(v->key);
	free(v->value);
	*v = env.vars[--env.var_count];
}

void env_forget(void)
{
	while (env.var_count)
		drop_var(&env.vars[env.var_count - 1]);
}

static char *copy(const char *p, size_t n)
{
	char *q = malloc(n);

	if (q)
		memcpy(q, p, n);
	return q;
}

static bool add_var(const char *key, size_t key_len, const char *value, size_t value_len)
{
	struct var v = { .key_len = key_len, .value_len = value_len };

	if (env.var_count == WASM_VARS_MAX ||
	    key_len + value_len > WASM_VARS_BYTES_MAX - env.var_bytes)
		return false;
	v.key = copy(key, key_len);
	v.value = copy(value, value_len);
	if (!v.key || !v.value) {
		free(v.key);
		free(v.value);
		return false;
	}
	env.vars[env.var_count++] = v;
	env.var_bytes += key_len + value_len;
	return true;
}

IMPORT_ENV(uint64_t, var_get, uint64_t key)
{
	size_t n;
	const char *text = block_text(key, &n);
	const struct var *v;
	uint64_t offset;

	rt_host_enter();
	v = find_var(text, n);
	offset = v ? blocks_put(v->value, v->value_len) : 0;
	rt_host_leave();
	return offset;
}

IMPORT_ENV(void, var_set, uint64_t key, uint64_t value)
{
	size_t key_len, value_len = 0;
	const char *k = block_text(key, &key_len);
	const char *v = value ? block_text(value, &value_len) : NULL;
	struct var *old;
	bool fits = true;

	rt_host_enter();
	old = find_var(k, key_len);
	if (old)
		drop_var(old);
	if (v)
		fits = add_var(k, key_len, v, value_len);
	rt_host_leave();
	if (!fits)
		rt_trap("variables are beyond their limit");
}

/* ---- log: a line on stderr, which the host captures, bounds and attributes ---- */

static void log_block(const char *level, uint64_t offset)
{
	size_t n;
	const char *text = block_text(offset, &n);
	char line[LOG_LINE_MAX];
	struct writer w;

	rt_host_enter();
	if (n > sizeof(line) - 16)
		n = sizeof(line) - 16;
	writer_init(&w, line, sizeof(line));
	writer_str(&w, level);
	for (size_t i = 0; i < n; i++)
		writer_bytes(&w, (unsigned char)text[i] < ' ' ? " " : &text[i], 1);
	writer_str(&w, "\n");
	if (write(STDERR_FILENO, line, w.len) < 0)
		(void)0; /* a log may be lost */
	rt_host_leave();
}

IMPORT_ENV(void, log_trace, uint64_t offset)
{
	log_block("trace: ", offset);
}

IMPORT_ENV(void, log_debug, uint64_t offset)
{
	log_block("debug: ", offset);
}

IMPORT_ENV(void, log_info, uint64_t offset)
{
	log_block("info: ", offset);
}

IMPORT_ENV(void, log_warn, uint64_t offset)
{
	log_block("warn: ", offset);
}

IMPORT_ENV(void, log_error, uint64_t offset)
{
	log_block("error: ", offset);
}

IMPORT_ENV(uint32_t, get_log_level)
{
	return 0; /* trace: the host decides what it keeps */
}

/* ---- no network from here: http.fetch of the host API is the way, through the gate ---- */

IMPORT_ENV(uint64_t, http_request, uint64_t request, uint64_t body)
{
	static const char text[] = "http_request is refused: a plugin has no network of its own";

	(void)request;
	(void)body;
	rt_host_enter();
	env.error = blocks_put(text, sizeof(text) - 1);
	rt_host_leave();
	return 0;
}

IMPORT_ENV(uint32_t, http_status_code)
{
	return 0;
}

IMPORT_ENV(uint64_t, http_headers)
{
	return 0;
}
