/* SPDX-License-Identifier: Apache-2.0 */
/* kv.h - what plugins remember between two events: STATE/kv/PLUGIN.json, small and whole.
 * Owns: that folder and its format. A plugin's store stays when the plugin is removed, as its data
 * does: its name stays bound to its signer.  Must not know: methods, permissions.
 *
 *   {_type: "kennel.kv/1", version: N, keys: {KEY: {value, version, expiresMs?}}} */
#ifndef KENNEL_BROKER_KV_H
#define KENNEL_BROKER_KV_H

#include "base/json.h"

struct kv {
	int fd; /* the folder, -1: closed */
};

int kv_open(int state_fd, struct kv *ret, struct err *e);
void kv_close_p(struct kv *kv);

/* One plugin's store, as it is on disk. */
struct kv_store {
	json_t *keys;	 /* owned */
	json_int_t last; /* version given last; never given again */
};

/* None yet is an empty one; what is no store is ERR_FORMAT and stays. What has expired is not
 * there. Free with kv_store_free_p. */
int kv_load(const struct kv *kv, const char *plugin, int64_t now_ms, struct kv_store *ret,
	    struct err *e);
void kv_store_free_p(struct kv_store *s);
/* The text to be written, malloc'd; ERR_LIMIT: more than KV_BYTES_MAX, or too many values. */
char *kv_print(const struct kv_store *s, size_t *ret_n, struct err *e);
int kv_save(const struct kv *kv, const char *plugin, const char *text, size_t n, struct err *e);

/* 1 to KV_KEY_BYTES_MAX bytes of printable text. */
bool kv_key_is_valid(const char *key);

#endif
