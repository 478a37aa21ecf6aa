/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - registry/TENANT.PLUGIN.json, strict both ways. */
#include "supervise/registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/json.h"

#define REGISTRY_TYPE "kennel.registered/1"
#define NAME_SUFFIX ".json"
enum {
	NODES_MAX = 64,
	DEPTH_MAX = 3,
	GROW = 64,
	ENTRY_TEXT_MAX = 4096,
	FILE_NAME_BYTES = 2 * NAME_MAX_BYTES + sizeof(NAME_SUFFIX),
};

void registry_free_p(struct registry *r)
{
	free(r->entries);
	*r = (struct registry){ 0 };
}

static int reserve(struct registry *r, struct err *e)
{
	struct registry_entry *p;

	if (r->count >= REGISTRY_ENTRIES_MAX)
		return err_set(e, ERR_FULL, "the registry holds %u plugins already", r->count);
	if (r->count % GROW)
		return 0;
	p = reallocarray(r->entries, r->count + GROW, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "registry");
	r->entries = p;
	return 0;
}

static bool hex_is_valid_or_empty(const char *hex)
{
	uint8_t digest[DIGEST_BYTES];

	return !hex[0] || hex_decode(hex, digest, sizeof(digest));
}

static int check_entry(const struct registry *r, const struct registry_entry *g, const char *where,
		       struct err *e)
{
	if (!name_is_valid(g->tenant) || !name_is_valid(g->plugin))
		return err_set(e, ERR_JSON_VALUE, "%s: tenant or plugin is no name", where);
	if (!hex_is_valid_or_empty(g->bundle) || !hex_is_valid_or_empty(g->previous) ||
	    !hex_is_valid_or_empty(g->older) || !hex_is_valid_or_empty(g->pending))
		return err_set(e, ERR_JSON_VALUE, "%s: a bundle is no digest", where);
	if (g->uid_index == UID_INDEX_COMPILER || g->uid_index == UINT32_MAX)
		return err_set(e, ERR_JSON_VALUE, "%s: user number %u is no plugin's", where,
			       g->uid_index);
	for (uint32_t i = 0; i < r->count; i++) {
		const struct registry_entry *o = &r->entries[i];

		if (o->uid_index == g->uid_index)
			return err_set(e, ERR_JSON_VALUE, "%s: user number %u belongs to %s", where,
				       g->uid_index, o->plugin);
		if (!strcmp(o->tenant, g->tenant) && !strcmp(o->plugin, g->plugin))
			return err_set(e, ERR_JSON_VALUE, "%s: %s stands there twice", where,
				       g->plugin);
	}
	return 0;
}

static int parse_bundles(struct json_place at, struct registry_entry *g, struct err *e)
{
	const struct {
		const char *key;
		char *to;
	} rows[] = { { "bundle", g->bundle },
		     { "previous", g->previous },
		     { "older", g->older },
		     { "pending", g->pending } };

	for (size_t i = 0; i < countof(rows); i++)
		if (json_get_str(at, rows[i].key, i == 0, DIGEST_HEX_BYTES, rows[i].to, e) < 0)
			return -1;
	return 0;
}

/* A file of a version that kept one counter for all keys has none. */
static int parse_marks(struct json_place at, struct registry_entry *g, struct err *e)
{
	if (marks_parse(at, &g->marks, e) < 0)
		return -1;
	if (g->marks.count == 0 && !json_object_get(at.obj, "marks"))
		marks_note(&g->marks, g->signer, g->counter);
	return 0;
}

static int parse_entry(struct json_place at, struct registry_entry *g, struct err *e)
{
	static const char *const keys[] = { "_type",	   "tenant",   "plugin",  "version",
					    "bundle",	   "previous", "older",	  "pending",
					    "signer",	   "uid",      "counter", "enabled",
					    "quarantined", "reason",   "marks" };
	char signer[DIGEST_HEX_BYTES];
	uint64_t uid;

	if (json_check_keys(at, keys, countof(keys), e) < 0 ||
	    json_get_str(at, "tenant", true, sizeof(g->tenant), g->tenant, e) < 0 ||
	    json_get_str(at, "plugin", true, sizeof(g->plugin), g->plugin, e) < 0 ||
	    json_get_str(at, "version", true, sizeof(g->version), g->version, e) < 0 ||
	    parse_bundles(at, g, e) < 0 ||
	    json_get_str(at, "signer", true, sizeof(signer), signer, e) < 0)
		return -1;
	if (json_get_uint(at, "uid", true, UINT32_MAX, &uid, e) < 0 ||
	    json_get_uint(at, "counter", true, BUNDLE_COUNTER_MAX, &g->counter, e) < 0 ||
	    json_get_bool(at, "enabled", &g->enabled, e) < 0 ||
	    json_get_bool(at, "quarantined", &g->quarantined, e) < 0 ||
	    json_get_str(at, "reason", false, sizeof(g->reason), g->reason, e) < 0)
		return -1;
	g->uid_index = (uint32_t)uid;
	if (!hex_decode(signer, g->signer, sizeof(g->signer)))
		return err_set(e, ERR_JSON_VALUE, "%s/signer: no digest", at.where);
	return parse_marks(at, g, e);
}

int registry_parse(struct registry *r, const char *text, size_t n, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	/* NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): gcc wants it */
	struct registry_entry g = { 0 };
	char type[32];

	if (json_parse(text, n, DEPTH_MAX, NODES_MAX, &doc, e) < 0)
		return -1;
	if (!json_is_object(doc))
		return err_set(e, ERR_JSON_TYPE, "not an object");
	if (json_get_str((struct json_place){ doc, "" }, "_type", true, sizeof(type), type, e) < 0)
		return -1;
	if (strcmp(type, REGISTRY_TYPE) != 0)
		return err_set(e, ERR_JSON_VALUE, "not of this version");
	if (parse_entry((struct json_place){ doc, "" }, &g, e) < 0 ||
	    check_entry(r, &g, "", e) < 0 || reserve(r, e) < 0)
		return -1;
	r->entries[r->count++] = g;
	if (r->next_uid_index <= g.uid_index)
		r->next_uid_index = g.uid_index + 1;
	return 0;
}

/* A dot stands in no name. */
static void file_name(char ret[FILE_NAME_BYTES], const struct registry_entry *g)
{
	(void)snprintf(ret, FILE_NAME_BYTES, "%s.%s" NAME_SUFFIX, g->tenant, g->plugin);
}

static int load_one(struct registry *r, int dir, const char *name, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char expected[FILE_NAME_BYTES];

	if (fs_read_file(dir, name, REGISTRY_FILE_MAX, &b, e) < 0 ||
	    registry_parse(r, (const char *)b.p, b.len, e) < 0)
		return -1;
	file_name(expected, &r->entries[r->count - 1]);
	return strcmp(name, expected) ? err_set(e, ERR_JSON_VALUE, "it belongs to %s", expected)
				      : 0;
}

static int by_number(const void *a, const void *b)
{
	const struct registry_entry *x = a, *y = b;

	return x->uid_index < y->uid_index ? -1 : x->uid_index > y->uid_index;
}

int registry_load(int dir, struct registry *ret, struct err *e)
{
	CLEANUP(registry_free_p)
	struct registry r = { .next_uid_index = UID_INDEX_COMPILER + 1 };
	CLEANUP(closedir_p) DIR *d = NULL;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close_p(&fd);
		return err_sys(e, "read the registry");
	}
	for (struct dirent *de; (de = readdir(d));)
		/* one with a dot in front was never finished */
		if (de->d_name[0] != '.' && load_one(&r, dir, de->d_name, e) < 0)
			return err_wrap(e, "registry/%.140s", de->d_name);
	if (r.count > 1) /* in the order of their installation */
		qsort(r.entries, r.count, sizeof(*r.entries), by_number);
	*ret = r;
	r = (struct registry){ 0 };
	return 0;
}

static void print_entry(struct writer *w, const struct registry_entry *g)
{
	char signer[DIGEST_HEX_BYTES];

	hex_encode(g->signer, sizeof(g->signer), signer);
	writer_fmt(w,
		   "{\"_type\": \"" REGISTRY_TYPE "\", \"tenant\": \"%s\", \"plugin\": \"%s\", "
		   "\"version\": ",
		   g->tenant, g->plugin);
	writer_json_str(w, g->version, strlen(g->version));
	writer_fmt(w,
		   ", \"bundle\": \"%s\", \"previous\": \"%s\", \"older\": \"%s\", "
		   "\"pending\": \"%s\", \"signer\": \"%s\", \"uid\": %u, \"counter\": %llu, "
		   "\"enabled\": %s, \"quarantined\": %s, \"reason\": ",
		   g->bundle, g->previous, g->older, g->pending, signer, g->uid_index,
		   (unsigned long long)g->counter, g->enabled ? "true" : "false",
		   g->quarantined ? "true" : "false");
	writer_json_str(w, g->reason, strlen(g->reason));
	marks_print(&g->marks, w);
	writer_str(w, "}\n");
}

int registry_save(int dir, const struct registry_entry *g, struct err *e)
{
	char text[ENTRY_TEXT_MAX], name[FILE_NAME_BYTES];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	print_entry(&w, g);
	if (w.full)
		return err_set(e, ERR_INTERNAL, "registry entry of %s", g->plugin);
	file_name(name, g);
	return fs_write_atomic(dir, name, text, w.len, 0600, e);
}

struct registry_entry *registry_find(const struct registry *r, const char *tenant,
				     const char *plugin)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (!strcmp(r->entries[i].plugin, plugin) && !strcmp(r->entries[i].tenant, tenant))
			return &r->entries[i];
	return NULL;
}

const struct registry_entry *registry_owner(const struct registry *r, const char *plugin)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (!strcmp(r->entries[i].plugin, plugin))
			return &r->entries[i];
	return NULL;
}

bool registry_has_version(const struct registry_entry *g, const char *bundle)
{
	return bundle[0] && (!strcmp(g->bundle, bundle) || !strcmp(g->previous, bundle) ||
			     !strcmp(g->older, bundle));
}

bool registry_keeps(const struct registry *r, const char *plugin, const char *bundle)
{
	for (uint32_t i = 0; i < r->count; i++) {
		const struct registry_entry *g = &r->entries[i];

		if (!strcmp(g->plugin, plugin) &&
		    (registry_has_version(g, bundle) || !strcmp(g->pending, bundle)))
			return true;
	}
	return false;
}

void registry_advance(struct registry_entry *g, const char *bundle)
{
	if (strcmp(g->bundle, bundle) != 0) {
		if (strcmp(g->previous, bundle) != 0)
			memcpy(g->older, g->previous, sizeof(g->older));
		memcpy(g->previous, g->bundle, sizeof(g->previous));
		memset(g->bundle, 0, sizeof(g->bundle));
		(void)copy_str(g->bundle, sizeof(g->bundle), bundle);
	}
	if (!strcmp(g->older, bundle))
		memset(g->older, 0, sizeof(g->older));
	if (!strcmp(g->pending, bundle))
		memset(g->pending, 0, sizeof(g->pending));
}

int registry_add(struct registry *r, const struct registry_entry *init, uint32_t uid_count,
		 struct registry_entry **ret, struct err *e)
{
	if (r->next_uid_index >= uid_count)
		return err_set(e, ERR_FULL,
			       "all %u user numbers of pluginUids are given; raise its count",
			       uid_count);
	if (reserve(r, e) < 0)
		return -1;
	r->entries[r->count] = *init;
	r->entries[r->count].uid_index = r->next_uid_index++;
	*ret = &r->entries[r->count++];
	return 0;
}
