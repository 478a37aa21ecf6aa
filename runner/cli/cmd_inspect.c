/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c - inspect, selftest: what holds, and a status that says when something does not.
 * Owns: how a posture and a self-test read.  Must not know: where the figures come from. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask.h"

enum { LINE_COLUMNS = 96, INDENT = 13 };

/* One question whose answer is printed whole, and then judged: with --json as well. */
static int checked(const struct cli_command *c, int argc, char **argv,
		   int (*judge)(const json_t *result, struct err *e))
{
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct err e = { 0 };
	int r = cli_parse(&c->spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (cli_ask(&(struct ask){ .args = &a, .method = c->method, .fd = -1 }, &result, &e) < 0)
		return cli_fail(&e);
	r = a.json ? cli_print_json(result) : c->print(result);
	return r == 0 && judge(result, &e) < 0 ? cli_fail(&e) : r;
}

static long long number_in(const json_t *o, const char *object, const char *key)
{
	return cli_number(json_object_get(o, object), key);
}

static bool is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* ---- inspect ---- */

static void print_groups(const json_t *r)
{
	static const char *const groups[] = { "instance", "plugin" };
	const json_t *cgroup = json_object_get(r, "cgroup");
	char memory[CLI_CELL_MAX];

	if (!json_is_object(cgroup))
		(void)printf("cgroup       none, as this host accepts\n");
	for (size_t i = 0; json_is_object(cgroup) && i < countof(groups); i++) {
		const json_t *g = json_object_get(cgroup, groups[i]);

		cli_format_bytes(cli_number(g, "memoryMax"), memory);
		(void)printf("%-12s %s: memory %s, swap %lld, tasks %lld, cpu %lld of %lld us\n",
			     i ? "" : "cgroup", groups[i],
			     json_is_null(json_object_get(g, "memoryMax")) ? "unlimited" : memory,
			     cli_number(g, "swapMax"), cli_number(g, "pidsMax"),
			     cli_number(g, "cpuQuotaUs"), cli_number(g, "cpuPeriodUs"));
	}
}

static void print_disks(const json_t *r)
{
	const json_t *disks = json_object_get(r, "disks"), *d;
	char read[CLI_CELL_MAX], written[CLI_CELL_MAX], name[CLI_CELL_MAX];
	size_t i;

	if (json_array_size(disks) == 0)
		(void)printf("disks        no limit, as this host accepts\n");
	json_array_foreach(disks, i, d) {
		bool none = json_is_null(json_object_get(d, "readBytes"));

		cli_format_bytes(cli_number(d, "readBytes"), read);
		cli_format_bytes(cli_number(d, "writeBytes"), written);
		(void)printf("%-12s %s: read %s a second, written %s\n", i ? "" : "disks",
			     cli_text(d, "disk", name), none ? "unlimited" : read,
			     json_is_null(json_object_get(d, "writeBytes")) ? "unlimited"
									    : written);
	}
}

static void print_namespaces(const json_t *r)
{
	const json_t *first = json_array_get(json_object_get(r, "processes"), 0);
	const char *name;
	json_t *id;

	(void)printf("%-12s", "namespaces");
	json_object_foreach(json_object_get(first, "namespaces"), name, id)
		(void)printf(
			" %s %s", name,
			json_equal(id, json_object_get(json_object_get(r, "hostNamespaces"), name))
				? "THE HOST'S"
				: "own");
	(void)printf("\n");
}

static void print_process(const json_t *p)
{
	const json_t *caps = json_object_get(p, "capabilities"), *fd;
	char name[CLI_CELL_MAX], kind[CLI_CELL_MAX];
	size_t i;

	(void)printf("%-12s %lld %s: uid %lld, capabilities %s, no_new_privs %s, seccomp mode %lld "
		     "with %lld filter(s)\n",
		     "process", cli_number(p, "pidInside"), cli_text(p, "name", name),
		     (long long)json_integer_value(json_array_get(json_object_get(p, "uids"), 1)),
		     cli_text(caps, "CapEff", kind), is_true(p, "noNewPrivs") ? "on" : "OFF",
		     cli_number(p, "seccompMode"), cli_number(p, "seccompFilters"));
	(void)printf("%-12s descriptors:%s", "",
		     json_array_size(json_object_get(p, "descriptors")) ? "" : " none");
	json_array_foreach(json_object_get(p, "descriptors"), i, fd)
		(void)printf(" %lld %s", cli_number(fd, "fd"), cli_text(fd, "kind", kind));
	(void)printf("\n");
}

static void print_flags(const json_t *list)
{
	char word[CLI_CELL_MAX];
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		(void)printf("%s%s", i ? "," : "",
			     cli_safe(json_string_value(v) ? json_string_value(v) : "?", word,
				      sizeof(word)));
}

static const char *label_of(const json_t *r, const char *mount)
{
	json_t *l;
	size_t i;

	json_array_foreach(json_object_get(r, "labels"), i, l) {
		const char *at = json_string_value(json_object_get(l, "mount"));
		const char *place = json_string_value(json_object_get(l, "place"));

		if (at && place && !strcmp(at, mount) && !strcmp(place, "root"))
			return json_string_value(json_object_get(l, "rights"));
	}
	return "---";
}

static void print_mounts(const json_t *r)
{
	char at[CLI_CELL_MAX], type[CLI_CELL_MAX];
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(r, "mounts"), i, m) {
		const char *target = json_string_value(json_object_get(m, "at"));

		(void)printf("%-12s %s  %-6s %-22s ", i ? "" : "mounts",
			     label_of(r, target ? target : ""), cli_text(m, "type", type),
			     cli_text(m, "at", at));
		print_flags(json_object_get(m, "flags"));
		(void)printf("\n");
	}
}

/* The calls, as many on a line as fit. */
static void print_seccomp(const json_t *r)
{
	const json_t *s = json_object_get(r, "seccomp");
	const json_t *calls = json_object_get(s, "allowed");
	char word[CLI_CELL_MAX], other[CLI_CELL_MAX];
	size_t i, column = LINE_COLUMNS;
	json_t *v;

	(void)printf("%-12s profile %s: %zu rules; every other call is %s", "seccomp",
		     cli_text(s, "profile", word), json_array_size(calls),
		     cli_text(s, "otherwise", other));
	json_array_foreach(calls, i, v) {
		const char *call = json_string_value(v);
		size_t n = call ? strlen(call) + 1 : 0;

		if (column + n > LINE_COLUMNS) {
			(void)printf("\n%*s", INDENT - 1, "");
			column = INDENT - 1;
		}
		(void)printf(" %s", cli_safe(call ? call : "", word, sizeof(word)));
		column += n;
	}
	(void)printf("\n");
}

static void print_differences(const json_t *r)
{
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX], c[CLI_CELL_MAX];
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(r, "differences"), i, d)
		(void)printf("%-12s %s: expected %s, found %s\n", "DIFFERENCE",
			     cli_text(d, "what", a), cli_text(d, "expected", b),
			     cli_text(d, "found", c));
}

static int print_posture(const json_t *r)
{
	char plugin[CLI_CELL_MAX], tenant[CLI_CELL_MAX];
	const json_t *guard = json_object_get(r, "guard");
	json_t *p;
	size_t i;

	(void)printf("%s in tenant %s, instance %lld%s\n", cli_text(r, "plugin", plugin),
		     cli_text(r, "tenant", tenant), cli_number(r, "instance"),
		     is_true(r, "frozenWhileRead") ? ", held still while it was read" : "");
	print_namespaces(r);
	json_array_foreach(json_object_get(r, "processes"), i, p)
		print_process(p);
	print_groups(r);
	print_disks(r);
	if (json_is_object(guard))
		(void)printf("guard        %s, %lld refusals, the canary's among them\n",
			     is_true(guard, "enforces") ? "enforces" : "DOES NOT ENFORCE",
			     number_in(r, "guard", "refused"));
	else
		(void)printf("guard        none\n");
	(void)printf("landlock     %s\n",
		     is_true(r, "landlockAtStart")
			     ? "put on at the start; the kernel does not show it"
			     : "none");
	print_mounts(r);
	print_seccomp(r);
	print_differences(r);
	return 0;
}

static int judge_posture(const json_t *r, struct err *e)
{
	long long n = cli_number(r, "differenceCount");

	if (n == 0)
		return 0;
	return err_set(
		e, ERR_POSTURE,
		"%lld difference(s) between what it is and its policy; kennel stop it, and look "
		"who changed the host",
		n);
}

int cmd_inspect(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel inspect PLUGIN [OPTION]...",
			.about =
				"What a running plugin is at this moment, read back from the kernel: its processes with ids,\n"
				"capabilities, namespaces and descriptors, cgroup limits, mounts, the guard's labels, and the readable\n"
				"form of its seccomp filter. All of it is compared with its policy: a difference is printed, written to\n"
				"the audit log, and makes the exit status 126 (E_POSTURE).",
			.more = "  kennel inspect word-count\n"
				"  kennel inspect word-count --json | jq .differences",
			CLI_OF_PLUGIN(cli_tenant_of_plugin),
		},
		.method = "inspect",
		.print = print_posture,
	};

	return checked(&c, argc, argv, judge_posture);
}

/* ---- selftest ---- */

static void write_outcome(const json_t *row, char buf[CLI_CELL_MAX])
{
	(void)snprintf(buf, CLI_CELL_MAX, "%s", is_true(row, "refused") ? "refused" : "THROUGH");
}

static int print_selftest(const json_t *r)
{
	static const struct cli_column columns[] = {
		{ "TRIED", "try", CELL_TEXT, NULL },
		{ "OUTCOME", NULL, CELL_TEXT, write_outcome },
		{ "ANSWER", "error", CELL_TEXT, NULL },
	};
	char image[CLI_CELL_MAX];
	json_t *jail;
	size_t i;

	json_array_foreach(json_object_get(r, "jails"), i, jail) {
		(void)printf("%sin a %s jail\n", i ? "\n" : "", cli_text(jail, "image", image));
		cli_print_table(columns, countof(columns), json_object_get(jail, "tries"));
	}
	(void)printf("\n%lld tries, %lld refused, %lld got through, %lld not refused as the "
		     "configuration accepts\n",
		     cli_number(r, "tries"),
		     cli_number(r, "tries") - cli_number(r, "through") - cli_number(r, "accepted"),
		     cli_number(r, "through"), cli_number(r, "accepted"));
	return 0;
}

static int judge_selftest(const json_t *r, struct err *e)
{
	long long n = cli_number(r, "through");

	return n ? err_set(e, ERR_SELFTEST,
			   "%lld tries got through: stop kenneld, this host does not "
			   "hold a plugin",
			   n)
		 : 0;
}

int cmd_selftest(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel selftest [OPTION]...",
			.about =
				"Starts a jail of each kind, exactly as plugins get it, in which nothing runs but tries to get out:\n"
				"files, devices, namespaces, mounts, sockets, kernel interfaces, limits. kenneld does the same before it\n"
				"serves, and does not serve when one gets through. Takes a moment, in which no plugin is started.\n"
				"The exit status is 126 (E_SELFTEST) when anything got through.",
		},
		.method = "selftest",
		.print = print_selftest,
	};

	return checked(&c, argc, argv, judge_selftest);
}
