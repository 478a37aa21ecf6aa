/* SPDX-License-Identifier: Apache-2.0 */
/* procread.c - proc(5), the kernel's cgroup-v2 document. In status and mountinfo the kernel itself
 * escapes what a program or a user has named, so that a line is a line and a word a word. */
#include "sandbox/procread.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { DECIMAL = 10, HEX = 16, OCTAL_DIGITS = 3 };

/* ---- words ---- */

static bool take_number(const char **p, int base, uint64_t *ret)
{
	char *end;

	while (**p == ' ' || **p == '\t')
		(*p)++;
	if (!((**p >= '0' && **p <= '9') || (base == HEX && **p >= 'a' && **p <= 'f')))
		return false;
	*ret = strtoull(*p, &end, base);
	*p = end;
	return true;
}

static bool take_u32(const char **p, uint32_t *ret)
{
	uint64_t n;

	if (!take_number(p, DECIMAL, &n) || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* What follows "NAME:" at the begin of a line, or NULL. */
static const char *field(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n) && line[n] == ':')
			return line + n + 1;
	}
	return NULL;
}

static int malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_FORMAT, "the kernel does not say \"%s\" as it is known to", what);
}

/* ---- status ---- */

static int read_name(const char *text, struct posture_process *ret, struct err *e)
{
	const char *at = field(text, "Name");
	size_t n;

	if (!at || !take_char(&at, '\t'))
		return malformed(e, "Name");
	n = strcspn(at, "\n");
	if (n >= sizeof(ret->name)) /* escaped, it may be longer than it is */
		n = sizeof(ret->name) - 1;
	memcpy(ret->name, at, n);
	ret->name[n] = '\0';
	return 0;
}

static int read_ids(const char *text, const char *name, uint32_t ids[4], struct err *e)
{
	const char *at = field(text, name);

	for (int i = 0; i < 4; i++)
		if (!at || !take_u32(&at, &ids[i]))
			return malformed(e, name);
	return 0;
}

static int read_one(const char *text, const char *name, int base, uint64_t *ret, struct err *e)
{
	const char *at = field(text, name);

	return at && take_number(&at, base, ret) ? 0 : malformed(e, name);
}

static int read_u32(const char *text, const char *name, uint32_t *ret, struct err *e)
{
	const char *at = field(text, name);

	return at && take_u32(&at, ret) ? 0 : malformed(e, name);
}

static int read_groups(const char *text, uint32_t *ret, struct err *e)
{
	const char *at = field(text, "Groups");
	uint32_t group;

	if (!at)
		return malformed(e, "Groups");
	for (*ret = 0; take_u32(&at, &group);)
		(*ret)++;
	return 0;
}

/* The last of the numbers: what it is called in the innermost namespace. */
static int read_inner_pid(const char *text, uint32_t *ret, struct err *e)
{
	const char *at = field(text, "NSpid");
	bool any = false;

	while (at && take_u32(&at, ret))
		any = true;
	return any ? 0 : malformed(e, "NSpid");
}

int procread_status(const char *text, struct posture_process *ret, struct err *e)
{
	if (read_name(text, ret, e) < 0 || read_ids(text, "Uid", ret->uids, e) < 0 ||
	    read_ids(text, "Gid", ret->gids, e) < 0 || read_groups(text, &ret->groups, e) < 0 ||
	    read_inner_pid(text, &ret->pid_inside, e) < 0)
		return -1;
	for (int i = 0; i < CAPS_COUNT; i++)
		if (read_one(text, posture_cap_name((enum posture_caps)i), HEX, &ret->caps[i], e) <
		    0)
			return -1;
	if (read_u32(text, "Threads", &ret->threads, e) < 0 ||
	    read_u32(text, "NoNewPrivs", &ret->no_new_privs, e) < 0 ||
	    read_u32(text, "Seccomp", &ret->seccomp, e) < 0)
		return -1;
	return read_u32(text, "Seccomp_filters", &ret->seccomp_filters, e);
}

int procread_map(const char *text, struct posture_map *ret, struct err *e)
{
	struct posture_map m = { 0 };
	const char *at = text;

	while (*at) {
		struct posture_map row = { 0 };

		if (!take_u32(&at, &row.inside) || !take_u32(&at, &row.outside) ||
		    !take_u32(&at, &row.count) || !take_char(&at, '\n'))
			return malformed(e, "uid_map");
		row.rows = m.rows + 1;
		if (m.rows)
			m.rows++;
		else
			m = row;
	}
	*ret = m;
	return 0;
}

/* ---- mountinfo ---- */

static bool has_word(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word), at = 0;

	while (at < len) {
		size_t w = strcspn(list + at, ",");

		if (w > len - at)
			w = len - at;
		if (w == n && !memcmp(list + at, word, n))
			return true;
		at += w + 1;
	}
	return false;
}

static bool is_octal(const char *p)
{
	for (int i = 0; i < OCTAL_DIGITS; i++)
		if (p[i] < '0' || p[i] > '7')
			return false;
	return true;
}

/* One word, its \ooo resolved. */
static int take_path(const char **p, char *ret, size_t cap, struct err *e)
{
	size_t n = 0;

	for (; **p && **p != ' '; (*p)++) {
		char c = **p;

		if (n + 1 >= cap)
			return err_set(e, ERR_LIMIT, "a mount's path is longer than %zu bytes",
				       cap);
		if (c == '\\' && is_octal(*p + 1)) {
			c = (char)(((*p)[1] - '0') << 6 | ((*p)[2] - '0') << 3 | ((*p)[3] - '0'));
			*p += OCTAL_DIGITS;
		}
		ret[n++] = c;
	}
	ret[n] = '\0';
	return n ? 0 : malformed(e, "mountinfo");
}

static bool skip_word(const char **p)
{
	*p += strcspn(*p, " ");
	return take_char(p, ' ');
}

static uint32_t flags_of(const char *options, size_t len)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} words[] = { { "ro", MNT_RDONLY },
		      { "nosuid", MNT_NOSUID },
		      { "nodev", MNT_NODEV },
		      { "noexec", MNT_NOEXEC },
		      { "idmapped", MNT_IDMAPPED } };
	uint32_t flags = 0;

	for (size_t i = 0; i < countof(words); i++)
		if (has_word(options, len, words[i].word))
			flags |= words[i].flag;
	return flags;
}

/* "shared:1 master:2 - TYPE SOURCE SUPER-OPTIONS" */
static int read_rest(const char *at, struct posture_mount *ret, struct err *e)
{
	const char *dash = !strncmp(at, "- ", 2) ? at : strstr(at, " - ");
	size_t n;

	if (!dash)
		return malformed(e, "mountinfo");
	if (dash != at && strncmp(at, "unbindable", (size_t)(dash - at)) != 0)
		ret->flags |= MNT_SHARED;
	at = dash + (dash == at ? 2 : 3);
	n = strcspn(at, " ");
	if (n == 0 || n >= sizeof(ret->type))
		return malformed(e, "mountinfo");
	memcpy(ret->type, at, n);
	ret->type[n] = '\0';
	at += n;
	if (!take_char(&at, ' ') || !skip_word(&at))
		return malformed(e, "mountinfo");
	if (!strcmp(ret->type, "proc") &&
	    (has_word(at, strlen(at), "hidepid=invisible") ||
	     has_word(at, strlen(at), "hidepid=2")) &&
	    has_word(at, strlen(at), "subset=pid"))
		ret->flags |= MNT_PROC_OWN;
	return 0;
}

int procread_mount(const char *line, struct posture_mount *ret, struct err *e)
{
	struct posture_mount m = { 0 };
	const char *at = line;
	uint32_t parent;
	size_t n;

	if (!take_u32(&at, &m.id) || !take_u32(&at, &parent) || !take_u32(&at, &m.major) ||
	    !take_char(&at, ':') || !take_u32(&at, &m.minor) || !take_char(&at, ' ') ||
	    !skip_word(&at))
		return malformed(e, "mountinfo");
	if (take_path(&at, m.target, sizeof(m.target), e) < 0)
		return -1;
	if (!take_char(&at, ' '))
		return malformed(e, "mountinfo");
	n = strcspn(at, " ");
	m.flags = flags_of(at, n);
	at += n;
	if (!take_char(&at, ' ') || read_rest(at, &m, e) < 0)
		return malformed(e, "mountinfo");
	*ret = m;
	return 0;
}

/* ---- numbers ---- */

int procread_mount_id(const char *text, uint32_t *ret, struct err *e)
{
	return read_u32(text, "mnt_id", ret, e);
}

static bool take_limit(const char **p, uint64_t *ret)
{
	if (strncmp(*p, "max", 3) != 0)
		return take_number(p, DECIMAL, ret);
	*p += 3;
	*ret = POSTURE_UNLIMITED;
	return true;
}

int procread_number(const char *text, uint64_t *ret, struct err *e)
{
	const char *at = text;

	return take_limit(&at, ret) && *at == '\n' ? 0 : malformed(e, "a limit");
}

int procread_cpu_max(const char *text, uint64_t *ret_quota, uint64_t *ret_period, struct err *e)
{
	const char *at = text;
	uint64_t quota, period;

	if (!take_limit(&at, &quota) || !take_char(&at, ' ') ||
	    !take_number(&at, DECIMAL, &period) || *at != '\n')
		return malformed(e, "cpu.max");
	*ret_quota = quota;
	*ret_period = period;
	return 0;
}

static bool take_device(const char **p, uint32_t *ret_major, uint32_t *ret_minor)
{
	return take_u32(p, ret_major) && take_char(p, ':') && take_u32(p, ret_minor);
}

int procread_device(const char *text, uint32_t *ret_major, uint32_t *ret_minor, struct err *e)
{
	const char *at = text;
	uint32_t maj, min;

	if (!take_device(&at, &maj, &min) || strcmp(at, "\n") != 0)
		return malformed(e, "a device");
	*ret_major = maj;
	*ret_minor = min;
	return 0;
}

static bool take_word(const char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

int procread_io_max(const char *text, uint32_t major, uint32_t minor, uint64_t ret[DISK_MAX_COUNT],
		    struct err *e)
{
	static const char *const words[DISK_MAX_COUNT] = { [DISK_READ_BYTES] = " rbps=",
							   [DISK_WRITE_BYTES] = " wbps=",
							   [DISK_READS] = " riops=",
							   [DISK_WRITES] = " wiops=" };
	uint64_t found[DISK_MAX_COUNT];
	const char *at = text;
	uint32_t maj, min;

	for (int i = 0; i < DISK_MAX_COUNT; i++)
		ret[i] = POSTURE_UNLIMITED;
	while (*at) {
		if (!take_device(&at, &maj, &min))
			return malformed(e, "io.max");
		for (int i = 0; i < DISK_MAX_COUNT; i++)
			if (!take_word(&at, words[i]) || !take_limit(&at, &found[i]))
				return malformed(e, "io.max");
		if (!take_char(&at, '\n'))
			return malformed(e, "io.max");
		if (maj == major && min == minor)
			memcpy(ret, found, sizeof(found));
	}
	return 0;
}
