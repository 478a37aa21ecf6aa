/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - the checks that parser, compiler and record check share, without JSON.
 * Owns: what a good version, entry, host path and files rule is.  Must not know: where it came
 * from. */
#include "policy/rules.h"

#include <ctype.h>
#include <string.h>

#include "base/bytes.h"

#define UID_NOBODY 65534u
#define UID_NONE_16 65535u
#define DIGITS "0123456789"
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS

/* A decimal number without needless zeros; its length, or 0. */
static size_t number_len(const char *s)
{
	size_t n = strspn(s, DIGITS);

	return n > 1 && s[0] == '0' ? 0 : n;
}

/* Dotted identifiers after '-' or '+'; their length, or 0. A number after '-' has no needless zero,
 * or two spellings would be one version. */
static size_t identifiers_len(const char *s, bool numbers_compare)
{
	size_t n = strspn(s, ALNUM "-."), start = 0;

	while (start <= n) {
		size_t len = strcspn(s + start, ".");
		size_t digits = strspn(s + start, DIGITS);

		len = start + len > n ? n - start : len;
		if (len == 0 || (numbers_compare && digits == len && !number_len(s + start)))
			return 0;
		start += len + 1;
	}
	return n;
}

bool version_is_valid(const char *s)
{
	if (strnlen(s, VERSION_MAX_BYTES) >= VERSION_MAX_BYTES)
		return false;
	for (unsigned int part = 0; part < 3; part++) {
		size_t n = number_len(s);

		if (n == 0 || (part < 2 && s[n] != '.'))
			return false;
		s += part < 2 ? n + 1 : n;
	}
	for (const char *mark = "-+"; *mark; mark++) {
		size_t n = *s == *mark ? identifiers_len(s + 1, *mark == '-') : 0;

		if (*s == *mark && n == 0)
			return false;
		s += n ? n + 1 : 0;
	}
	return !*s;
}

bool entry_is_valid(const char *s)
{
	unsigned int depth = 0;

	if (strnlen(s, BUNDLE_PATH_MAX + 1) > BUNDLE_PATH_MAX || !relative_path_is_valid(s))
		return false;
	while (true) {
		size_t n = strspn(s, ALNUM "_@+=,~.-");

		if (n == 0 || n > BUNDLE_COMPONENT_MAX || s[0] == '.' || s[0] == '-')
			return false;
		if (++depth > BUNDLE_DEPTH_MAX)
			return false;
		if (s[n] != '/')
			return !s[n];
		s += n + 1;
	}
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

enum runtime entry_runtime(const char *entry)
{
	if (ends_with(entry, ".wasm"))
		return RUNTIME_WASM;
	if (ends_with(entry, ".js") || ends_with(entry, ".mjs"))
		return RUNTIME_JS;
	return RUNTIME_NATIVE;
}

bool host_path_is_valid(const char *s)
{
	size_t n = strnlen(s, HOST_PATH_MAX);

	return n < HOST_PATH_MAX && s[0] == '/' && relative_path_is_valid(s + 1) &&
	       text_is_printable(s, n);
}

bool tenant_name_is_valid(const char *s)
{
	return name_is_valid(s) && strcmp(s, TENANT_NAME_RESERVED) != 0;
}

bool tenant_id_is_valid(uint32_t id)
{
	return id != 0 && id != UID_NOBODY && id != UID_NONE_16 && id != UINT32_MAX;
}

bool plugin_uids_are_valid(uint32_t base, uint32_t count)
{
	uint64_t end = (uint64_t)base + count;

	if (base < PLUGIN_UID_LEAST || count == 0 || count > PLUGIN_UID_COUNT_MAX ||
	    end > INT32_MAX)
		return false;
	return base > UID_NONE_16 || end <= UID_NOBODY;
}

bool scope_allows_anything(struct scope_rules r, enum permission p)
{
	for (uint32_t i = 0; i < r.count && i < SCOPE_RULES_MAX; i++)
		if (r.rule[i].permission == (uint8_t)p && !r.rule[i].deny)
			return true;
	return false;
}

int file_rule_inside_scope(const struct file_rule *f, struct scope_rules r, const char *whose,
			   struct err *e)
{
	bool covered = false;

	if (f->root != FILE_ROOT_VAULT)
		return 0;
	for (uint32_t i = 0; i < r.count && i < SCOPE_RULES_MAX; i++) {
		const struct scope_rule *s = &r.rule[i];

		if (s->permission != PERM_READ_NOTES)
			continue;
		if (s->deny && scope_glob_meets_folder(s->glob, f->path))
			return err_set(
				e, ERR_FILES_RULE,
				"vault:/%.64s: readNotes of %s denies %.64s below it; folders cannot say "
				"that, use notes.read",
				f->path, whose, s->glob);
		covered = covered || (!s->deny && scope_glob_covers_folder(s->glob, f->path));
	}
	if (covered)
		return 0;
	return err_set(
		e, ERR_FILES_RULE,
		"vault:/%.64s: readNotes of %s does not allow all of that folder (\"FOLDER/**\"); use "
		"notes.read",
		f->path, whose);
}

/* Is folder a the same as b, or above it? "" is above all. */
static bool folder_holds(const char *a, const char *b)
{
	size_t n = strnlen(a, VAULT_PATH_MAX);

	return n == 0 || (strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/'));
}

bool file_rules_overlap(const struct file_rule *f, uint32_t n)
{
	for (uint32_t i = 0; i < n && i < FILE_RULES_MAX; i++)
		for (uint32_t k = 0; k < n && k < FILE_RULES_MAX; k++)
			if (i != k && f[i].root == f[k].root && folder_holds(f[i].path, f[k].path))
				return true;
	return false;
}

bool pin_is_valid(const char *s)
{
	static const char also[] = ".+-*?";
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr(also, s[i]))
			return false;
	return n > 0 && n < DIGEST_HEX_BYTES;
}
