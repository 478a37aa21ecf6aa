/* SPDX-License-Identifier: Apache-2.0 */
/* call_kv.c - kv.get {key}, kv.put {key, value, ifVersion?, ttlMs?}, kv.delete {key, ifVersion?},
 * kv.list {prefix?, after?, limit?}: what a plugin remembers, which no other plugin sees. */
#include "broker/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum { LIST_NORMAL = 100, LIST_MOST = 500, NS_PER_MS = 1000000 };

struct plan {
	struct kv_store store;
	char *text; /* of the store after the call */
	size_t n;
};

static void plan_free(void *arg)
{
	struct plan *p = arg;

	if (!p)
		return;
	kv_store_free_p(&p->store);
	free(p->text);
	free(p);
}

static int64_t now_wall_ms(void)
{
	return clock_wall_ns() / NS_PER_MS;
}

static int refuse_store(struct call *c, const struct err *e)
{
	if (e->code == ERR_NOMEM)
		return call_no_memory(c);
	return e->code == ERR_LIMIT
		       ? call_refuse(c, RPC_QUOTA, "quota", "E_LIMIT", "%s: %s", c->row->name,
				     e->text)
		       : call_refuse(c, RPC_BACKEND, "backend", err_name(e->code),
				     "%s: the plugin's store cannot be used", c->row->name);
}

static int load(struct call *c, struct kv_store *ret)
{
	struct err e;

	return kv_load(&c->host->kv, c->who->policy.plugin, now_wall_ms(), ret, &e) < 0
		       ? refuse_store(c, &e)
		       : 0;
}

/* A key is the plugin's own text: the log has it, as it has the names of notes. */
static int read_key(struct call *c, const char *name, bool required, char ret[KV_KEY_BYTES_MAX + 1])
{
	struct err e;

	ret[0] = '\0';
	if (json_get_str((struct json_place){ c->params, "params" }, name, required,
			 KV_KEY_BYTES_MAX + 1, ret, &e) < 0)
		return call_bad_params(c, e.text);
	if (*ret ? !kv_key_is_valid(ret) : required)
		return call_bad_params(c, "a key is printable text of 1 to 128 bytes");
	return 0;
}

static json_int_t version_of(const json_t *entry)
{
	return json_integer_value(json_object_get(entry, "version"));
}

int call_kv_get(struct call *c)
{
	static const char *const keys[] = { "key", "_meta" };
	CLEANUP(kv_store_free_p) struct kv_store s = { 0 };
	char key[KV_KEY_BYTES_MAX + 1];
	json_t *entry;

	if (call_check_keys(c, keys, countof(keys)) < 0 || read_key(c, "key", true, key) < 0 ||
	    load(c, &s) < 0)
		return -1;
	entry = json_object_get(s.keys, key);
	/* A key that is not there has version 0, which is what ifVersion says of it. */
	c->result = entry ? json_pack("{s:O, s:I}", "value", json_object_get(entry, "value"),
				      "version", version_of(entry))
			  : json_pack("{s:n, s:i}", "value", "version", 0);
	(void)snprintf(c->detail, sizeof(c->detail), "%s", key);
	return c->result ? 0 : call_no_memory(c);
}

/* ---- changes ---- */

static int begin(struct call *c, const char *const *keys, size_t n, char key[KV_KEY_BYTES_MAX + 1])
{
	struct plan *p;

	if (call_check_keys(c, keys, n) < 0 || read_key(c, "key", true, key) < 0)
		return -1;
	p = call_new_plan(c, sizeof(*p), plan_free);
	return p ? load(c, &p->store) : -1;
}

static int check_version(struct call *c, const json_t *entry)
{
	const json_t *wanted = json_object_get(c->params, "ifVersion");

	if (!wanted)
		return 0;
	if (!json_is_integer(wanted) || json_integer_value(wanted) < 0)
		return call_bad_params(c, "ifVersion is the version that kv.get told, or 0");
	if (json_integer_value(wanted) != version_of(entry))
		return call_refuse(c, RPC_CONFLICT, "conflict", "E_CONFLICT",
				   "%s: the key has version %lld now", c->row->name,
				   (long long)version_of(entry));
	return 0;
}

/* The store as it will be; too much of it, or too often, is refused before anything is said. */
static int end(struct call *c, const char *key)
{
	struct plan *p = c->plan;
	struct err e;

	p->text = kv_print(&p->store, &p->n, &e);
	if (!p->text)
		return refuse_store(c, &e);
	if (!bucket_take(&c->who->written, p->n, c->now_ms)) {
		c->refusal.retry_after_ms = bucket_wait_ms(&c->who->written, p->n);
		return call_refuse(c, RPC_RATE_LIMITED, "rate_limited", "E_RATE",
				   "%s: the plugin writes too much a second", c->row->name);
	}
	(void)snprintf(c->detail, sizeof(c->detail), "%s", key);
	c->changes = true;
	return c->result ? 0 : call_no_memory(c);
}

static int check_value(struct call *c, const json_t *value)
{
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;

	if (!value)
		return call_bad_params(c, "value is missing");
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	n = text ? strlen(text) : 0;
	if (!text)
		return call_no_memory(c);
	return n > KV_VALUE_BYTES_MAX ? call_refuse(c, RPC_TOO_LARGE, "too_large", "E_LIMIT",
						    "%s: a value has %u bytes at most",
						    c->row->name, KV_VALUE_BYTES_MAX)
				      : 0;
}

static int read_expiry(struct call *c, int64_t *ret_ms)
{
	uint64_t ttl_ms = 0;
	struct err e;
	int r = json_get_uint((struct json_place){ c->params, "params" }, "ttlMs", false,
			      KV_TTL_MS_MAX, &ttl_ms, &e);

	if (r < 0)
		return call_bad_params(c, e.text);
	if (r > 0 && !ttl_ms)
		return call_bad_params(c, "ttlMs is 1 or more");
	*ret_ms = ttl_ms ? now_wall_ms() + (int64_t)ttl_ms : 0;
	return 0;
}

int call_kv_put(struct call *c)
{
	static const char *const keys[] = { "key", "value", "ifVersion", "ttlMs", "_meta" };
	json_t *value = json_object_get(c->params, "value"), *entry;
	char key[KV_KEY_BYTES_MAX + 1];
	struct plan *p;
	int64_t expires_ms = 0;

	if (begin(c, keys, countof(keys), key) < 0)
		return -1;
	p = c->plan;
	entry = json_object_get(p->store.keys, key);
	if (check_value(c, value) < 0 || check_version(c, entry) < 0 ||
	    read_expiry(c, &expires_ms) < 0)
		return -1;
	if (!entry && json_object_size(p->store.keys) >= KV_KEYS_MAX)
		return call_refuse(c, RPC_QUOTA, "quota", "E_FULL", "%s: %u keys are the most",
				   c->row->name, KV_KEYS_MAX);
	entry = json_pack("{s:O, s:I}", "value", value, "version", ++p->store.last);
	if (!entry || json_object_set_new(p->store.keys, key, entry) < 0 ||
	    (expires_ms && json_object_set_new(entry, "expiresMs", json_integer(expires_ms)) < 0))
		return call_no_memory(c);
	c->result = json_pack("{s:I}", "version", p->store.last);
	return end(c, key);
}

int call_kv_delete(struct call *c)
{
	static const char *const keys[] = { "key", "ifVersion", "_meta" };
	char key[KV_KEY_BYTES_MAX + 1];
	const json_t *entry;
	struct plan *p;

	if (begin(c, keys, countof(keys), key) < 0)
		return -1;
	p = c->plan;
	entry = json_object_get(p->store.keys, key);
	if (check_version(c, entry) < 0)
		return -1;
	c->result = json_pack("{s:b}", "deleted", entry != NULL);
	if (!entry)
		return c->result ? 0 : call_no_memory(c);
	(void)json_object_del(p->store.keys, key);
	return end(c, key);
}

int call_kv_commit(struct call *c)
{
	const struct plan *p = c->plan;
	struct err e;

	return kv_save(&c->host->kv, c->who->policy.plugin, p->text, p->n, &e) < 0
		       ? refuse_store(c, &e)
		       : 0;
}

/* ---- names ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct wanted {
	char prefix[KV_KEY_BYTES_MAX + 1];
	char after[KV_KEY_BYTES_MAX + 1];
	uint64_t limit;
};

static int read_wanted(struct call *c, struct wanted *w)
{
	struct err e;

	w->limit = LIST_NORMAL;
	if (read_key(c, "prefix", false, w->prefix) < 0 ||
	    read_key(c, "after", false, w->after) < 0)
		return -1;
	if (json_get_uint((struct json_place){ c->params, "params" }, "limit", false, LIST_MOST,
			  &w->limit, &e) < 0)
		return call_bad_params(c, e.text);
	return w->limit ? 0 : call_bad_params(c, "limit is 1 or more");
}

int call_kv_list(struct call *c)
{
	static const char *const keys[] = { "prefix", "after", "limit", "_meta" };
	CLEANUP(kv_store_free_p) struct kv_store s = { 0 };
	const char *sorted[KV_KEYS_MAX] = { 0 }, *key;
	struct wanted w;
	size_t n = 0, i;
	json_t *names, *entry;

	if (call_check_keys(c, keys, countof(keys)) < 0 || read_wanted(c, &w) < 0 ||
	    load(c, &s) < 0)
		return -1;
	json_object_foreach(s.keys, key, entry)
		if (!strncmp(key, w.prefix, strlen(w.prefix)) && strcmp(key, w.after) > 0)
			sorted[n++] = key;
	qsort(sorted, n, sizeof(sorted[0]), compare);
	names = json_array();
	for (i = 0; i < n && i < w.limit; i++)
		if (json_array_append_new(names, json_string(sorted[i])) < 0)
			break;
	c->result = json_pack("{s:o, s:b}", "keys", names, "more", i < n);
	(void)snprintf(c->detail, sizeof(c->detail), "%zu keys", i);
	return c->result && (i == n || i == w.limit) ? 0 : call_no_memory(c);
}
