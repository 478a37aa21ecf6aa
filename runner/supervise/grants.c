/* SPDX-License-Identifier: Apache-2.0 */
/* grants.c - grants/TENANT.PLUGIN.json, and wishes. */
#include "supervise/grants.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "policy/grantfile.h"
#include "policy/terms.h"

enum { FILE_NAME_BYTES = 2 * NAME_MAX_BYTES + sizeof(".json") };

/* One file a plugin: what a start reads and a grant writes does not grow with the number of
 * plugins. A dot stands in no name. */
struct grant_file {
	struct grantfile_head head;
	char name[FILE_NAME_BYTES];
};

/* 1 with ret set, 0 when there is no grant in it, or no file. */
static int load(int dir, const char *tenant, const char *plugin, struct grant_file *ret_file,
		struct grant *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct grant_file f = { 0 };
	struct err why = { 0 };
	size_t count = 0;

	if (!name_is_valid(tenant) || !name_is_valid(plugin))
		return err_set(e, ERR_NOT_FOUND, "no such tenant or plugin");
	(void)snprintf(f.name, sizeof(f.name), "%s.%s.json", tenant, plugin);
	if (fs_read_file(dir, f.name, GRANT_FILE_MAX, &b, &why) < 0) {
		if (why.sys != ENOENT) {
			*e = why;
			return -1;
		}
	} else if (grantfile_parse((const char *)b.p, b.len, ret, 1, &count, e) < 0 ||
		   grantfile_parse_head((const char *)b.p, b.len, &f.head, e) < 0) {
		return err_wrap(e, "grants/%s", f.name);
	} else if (strcmp(f.head.tenant, tenant) != 0 ||
		   (count && strcmp(ret->plugin, plugin) != 0)) {
		return err_set(e, ERR_GRANT, "grants/%s belongs to another tenant or plugin",
			       f.name);
	}
	*ret_file = f;
	return count > 0;
}

int grants_read(int dir, const char *tenant, const char *plugin, struct grant *ret, struct err *e)
{
	CLEANUP(free_p) struct grant *g = malloc(sizeof(*g));
	struct grant_file f;
	int r;

	if (!g)
		return err_set(e, ERR_NOMEM, "grant");
	r = load(dir, tenant, plugin, &f, g, e);
	if (r > 0)
		*ret = *g;
	return r;
}

int grants_write(int dir, const char *tenant, const char *plugin, const struct grant *g,
		 struct err *e)
{
	CLEANUP(free_p) struct grant *was = malloc(sizeof(*was));
	CLEANUP(free_p) char *text = NULL;
	struct grant_file f;
	int r;

	if (!was)
		return err_set(e, ERR_NOMEM, "grant");
	r = load(dir, tenant, plugin, &f, was, e);
	if (r < 0 || (r == 0 && !g))
		return r;
	f.head.version++; /* also when it is taken back: the file stays, empty */
	(void)copy_str(f.head.tenant, sizeof(f.head.tenant), tenant);
	text = grantfile_print_as(&f.head, g, g != NULL);
	if (!text)
		return err_set(e, ERR_NOMEM, "grant of %s", plugin);
	return fs_write_atomic(dir, f.name, text, strlen(text), 0600, e);
}

/* ---- wishes ---- */

static int take_permissions(struct json_place at, permission_set *ret, struct err *e)
{
	json_t *list = NULL, *item;
	permission_set set = 0;
	size_t i;

	if (json_get_array(at, "permissions", false, PERM_COUNT, &list, e) < 0)
		return -1;
	json_array_foreach(list, i, item) {
		const char *name = json_string_value(item);
		int p = name ? permission_from_name(name) : -1;

		if (p < 0)
			return err_set(e, ERR_PERMISSION_UNKNOWN, "no permission %.60s",
				       name ? name : "of that type");
		set |= PERM_BIT(p);
	}
	*ret = set;
	return 0;
}

static bool has_allow(const struct grant *g, unsigned int p)
{
	for (uint32_t i = 0; i < g->scope_count; i++)
		if (g->scopes[i].permission == p && !g->scopes[i].deny)
			return true;
	return false;
}

static int copy_asked_scope(const struct manifest *m, unsigned int p, struct grant *g,
			    struct err *e)
{
	for (uint32_t i = 0; i < m->scope_count; i++) {
		if (m->scopes[i].permission != p)
			continue;
		if (g->scope_count == SCOPE_RULES_MAX)
			return err_set(e, ERR_LIMIT, "more than %u scope rules", SCOPE_RULES_MAX);
		g->scopes[g->scope_count++] = m->scopes[i];
	}
	return 0;
}

static int fill_scopes(const struct manifest *m, struct grant *g, struct err *e)
{
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if ((g->permissions & PERM_BIT(p)) && permission_needs_scope(p) &&
		    !has_allow(g, p) && copy_asked_scope(m, p, g, e) < 0)
			return -1;
	return 0;
}

static int take_wish(struct json_place at, const struct manifest *m, struct grant *g, struct err *e)
{
	static const char *const keys[] = { "all", "permissions", "scopes", "files" };
	bool all = false, files = false;
	json_t *scopes = NULL;

	if (json_check_keys(at, keys, countof(keys), e) < 0 ||
	    json_get_bool(at, "all", &all, e) < 0 || json_get_bool(at, "files", &files, e) < 0 ||
	    take_permissions(at, &g->permissions, e) < 0 ||
	    json_get_obj(at, "scopes", false, &scopes, e) < 0)
		return -1;
	if (scopes &&
	    scopes_take((struct json_place){ scopes, "/scopes" },
			(struct scope_target){ g->scopes, &g->scope_count, g->permissions }, e) < 0)
		return -1;
	if (all)
		g->permissions |= m->permissions;
	g->files = files || (all && m->file_count > 0);
	return 0;
}

int grants_from_wish(const json_t *wish, const struct manifest *m,
		     const uint8_t signer[DIGEST_BYTES], struct grant *ret, struct err *e)
{
	struct grant g;
	permission_set beyond;

	memset(&g, 0, sizeof(g));
	(void)copy_str(g.plugin, sizeof(g.plugin), m->name);
	memcpy(g.signer, signer, DIGEST_BYTES);
	if (take_wish((struct json_place){ wish, "" }, m, &g, e) < 0)
		return err_wrap(e, "grant");
	beyond = g.permissions & ~m->permissions;
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (beyond & PERM_BIT(p))
			return err_set(e, ERR_GRANT, "%s does not ask for %s; nothing to grant",
				       m->name, permission_name(p));
	if (fill_scopes(m, &g, e) < 0)
		return -1;
	*ret = g;
	return 0;
}

int grants_widen(const struct grant *old, const struct manifest *m, permission_set more,
		 const uint8_t signer[DIGEST_BYTES], struct grant *ret, struct err *e)
{
	struct grant g;

	memset(&g, 0, sizeof(g));
	if (old)
		g = *old;
	(void)copy_str(g.plugin, sizeof(g.plugin), m->name);
	memcpy(g.signer, signer, DIGEST_BYTES);
	g.permissions |= more & m->permissions;
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if ((more & PERM_BIT(p)) && permission_needs_scope(p) && !has_allow(&g, p) &&
		    copy_asked_scope(m, p, &g, e) < 0)
			return -1;
	*ret = g;
	return 0;
}

static bool has_rule(const struct grant *g, const struct scope_rule *r)
{
	for (uint32_t i = 0; i < g->scope_count; i++)
		if (g->scopes[i].permission == r->permission && g->scopes[i].deny == r->deny &&
		    !strcmp(g->scopes[i].glob, r->glob))
			return true;
	return false;
}

int grants_join(struct grant *g, const struct grant *old, struct err *e)
{
	struct grant sum = *old;

	for (uint32_t i = 0; i < g->scope_count; i++) {
		if (has_rule(&sum, &g->scopes[i]))
			continue;
		if (sum.scope_count == SCOPE_RULES_MAX)
			return err_set(e, ERR_LIMIT, "grant: more than %u scope rules",
				       SCOPE_RULES_MAX);
		sum.scopes[sum.scope_count++] = g->scopes[i];
	}
	sum.permissions |= g->permissions;
	sum.files |= g->files;
	memcpy(sum.signer, g->signer, sizeof(sum.signer));
	*g = sum;
	return 0;
}

json_t *grants_to_json(const struct grant *g)
{
	json_t *scopes = scopes_to_json(g->scopes, g->scope_count);
	json_t *o = json_pack("{s:s, s:o, s:o, s:b}", "plugin", g->plugin, "permissions",
			      permissions_to_json(g->permissions), "scopes",
			      scopes ? scopes : json_object(), "files", g->files);

	return o;
}
