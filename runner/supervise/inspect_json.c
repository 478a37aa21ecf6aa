/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_json.c - a posture as JSON; numbers as the kernel has them, null for "unlimited". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/confine.h"
#include "supervise/inspect.h"

static json_t *limit(uint64_t n)
{
	return n == POSTURE_UNLIMITED ? json_null() : json_integer((json_int_t)n);
}

static json_t *group_to_json(const struct posture_group *g)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I}", "memoryMax", limit(g->memory_max),
			 "swapMax", limit(g->swap_max), "pidsMax", limit(g->tasks_max),
			 "cpuQuotaUs", limit(g->cpu_quota_us), "cpuPeriodUs",
			 (json_int_t)g->cpu_period_us, "oomGroup", (json_int_t)g->oom_group);
}

static json_t *disks_to_json(const struct posture_head *h)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < h->disks && i < POSTURE_DISKS_MAX; i++) {
		const struct posture_disk *d = &h->disk[i];
		char name[32];

		(void)snprintf(name, sizeof(name), "%u:%u", d->major, d->minor);
		(void)json_array_append_new(out,
					    json_pack("{s:s, s:o, s:o, s:o, s:o}", "disk", name,
						      "readBytes", limit(d->max[DISK_READ_BYTES]),
						      "writeBytes", limit(d->max[DISK_WRITE_BYTES]),
						      "reads", limit(d->max[DISK_READS]), "writes",
						      limit(d->max[DISK_WRITES])));
	}
	return out;
}

static json_t *flags_to_json(uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = { { MNT_RDONLY, "ro" },
		      { MNT_NOSUID, "nosuid" },
		      { MNT_NODEV, "nodev" },
		      { MNT_NOEXEC, "noexec" },
		      { MNT_IDMAPPED, "idmapped" },
		      { MNT_SHARED, "shared" },
		      { MNT_PROC_OWN, "own-processes" } };
	json_t *out = json_array();

	for (size_t i = 0; i < countof(names); i++)
		if (flags & names[i].flag)
			(void)json_array_append_new(out, json_string(names[i].name));
	return out;
}

static json_t *mounts_to_json(const struct posture *p)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < p->mounts; i++)
		(void)json_array_append_new(out,
					    json_pack("{s:s, s:s, s:o}", "at", p->mount[i].target,
						      "type", p->mount[i].type, "flags",
						      flags_to_json(p->mount[i].flags)));
	return out;
}

static json_t *rights_to_json(uint32_t rights)
{
	char text[4] = "---";

	if (rights & MAY_READ)
		text[0] = 'r';
	if (rights & MAY_WRITE)
		text[1] = 'w';
	if (rights & MAY_EXEC)
		text[2] = 'x';
	return json_string(text);
}

static json_t *labels_to_json(const struct posture *p)
{
	static const char *const places[] = { "unknown", "root", "below", "canary" };
	json_t *out = json_array();

	for (uint32_t i = 0; i < p->labels; i++) {
		const struct posture_label *l = &p->label[i];

		(void)json_array_append_new(
			out, json_pack("{s:s, s:s, s:o}", "mount", l->target, "place",
				       places[l->place <= LABEL_CANARY ? l->place : LABEL_UNKNOWN],
				       "rights", rights_to_json(l->rights)));
	}
	return out;
}

static json_t *ids_to_json(const uint32_t ids[4])
{
	return json_pack("[I, I, I, I]", (json_int_t)ids[0], (json_int_t)ids[1], (json_int_t)ids[2],
			 (json_int_t)ids[3]);
}

static json_t *map_to_json(const struct posture_map *m)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "rows", (json_int_t)m->rows, "inside",
			 (json_int_t)m->inside, "outside", (json_int_t)m->outside, "count",
			 (json_int_t)m->count);
}

static json_t *caps_to_json(const struct posture_process *r)
{
	json_t *out = json_object();
	char hex[32];

	for (int i = 0; i < CAPS_COUNT; i++) {
		(void)snprintf(hex, sizeof(hex), "%016" PRIx64, r->caps[i]);
		(void)json_object_set_new(out, posture_cap_name((enum posture_caps)i),
					  json_string(hex));
	}
	return out;
}

static json_t *namespaces_to_json(const uint64_t ns[NS_COUNT])
{
	json_t *out = json_object();

	for (int i = 0; i < NS_COUNT; i++)
		(void)json_object_set_new(out, posture_ns_name((enum posture_ns)i),
					  json_integer((json_int_t)ns[i]));
	return out;
}

static json_t *rlimits_to_json(const struct posture_process *r)
{
	json_t *out = json_object();

	for (int i = 0; i < POSTURE_RLIMITS; i++)
		(void)json_object_set_new(out, posture_rlimit_name((enum posture_rlimit)i),
					  json_pack("{s:o, s:o}", "soft", limit(r->soft[i]), "hard",
						    limit(r->hard[i])));
	return out;
}

static json_t *fds_to_json(const struct posture_process *r)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < r->fd_count && i < POSTURE_FDS_MAX; i++)
		(void)json_array_append_new(
			out, json_pack("{s:I, s:s}", "fd", (json_int_t)r->fds[i].fd, "kind",
				       posture_fd_name((enum posture_fd_kind)r->fds[i].kind)));
	return out;
}

static json_t *process_to_json(const struct posture_process *r)
{
	json_t *out = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "pid", (json_int_t)r->pid,
		"pidInside", (json_int_t)r->pid_inside, "threads", (json_int_t)r->threads, "groups",
		(json_int_t)r->groups, "seccompMode", (json_int_t)r->seccomp, "seccompFilters",
		(json_int_t)r->seccomp_filters, "descriptorCount", (json_int_t)r->fd_count,
		"noNewPrivs", r->no_new_privs == 1, "setgroupsDenied", (int)r->setgroups_denied);

	/* Its own choice of name: escaped by the kernel, and here when it is no UTF-8. */
	(void)json_object_set_new(out, "name",
				  utf8_is_valid(r->name, strlen(r->name)) ? json_string(r->name)
									  : json_string("?"));
	(void)json_object_set_new(out, "uids", ids_to_json(r->uids));
	(void)json_object_set_new(out, "gids", ids_to_json(r->gids));
	(void)json_object_set_new(out, "uidMap", map_to_json(&r->uid_map));
	(void)json_object_set_new(out, "gidMap", map_to_json(&r->gid_map));
	(void)json_object_set_new(out, "capabilities", caps_to_json(r));
	(void)json_object_set_new(out, "namespaces", namespaces_to_json(r->ns));
	(void)json_object_set_new(out, "rlimits", rlimits_to_json(r));
	(void)json_object_set_new(out, "descriptors", fds_to_json(r));
	return out;
}

static json_t *processes_to_json(const struct posture *p)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < p->processes; i++)
		(void)json_array_append_new(out, process_to_json(&p->process[i]));
	return out;
}

static json_t *seccomp_to_json(const struct policy *p)
{
	static const enum seccomp_profile profiles[RUNTIME_COUNT] = {
		[RUNTIME_WASM] = SECCOMP_PLUGIN_WASM,
		[RUNTIME_JS] = SECCOMP_PLUGIN_JS,
		[RUNTIME_NATIVE] = SECCOMP_PLUGIN_NATIVE,
	};
	enum seccomp_profile profile = p->jit ? SECCOMP_PLUGIN_JS_JIT : profiles[p->runtime];
	json_t *calls = json_array();

	for (const char *const *c = seccomp_profile_calls(profile); *c; c++)
		(void)json_array_append_new(calls, json_string(*c));
	return json_pack("{s:s, s:o, s:s}", "profile", seccomp_profile_name(profile), "allowed",
			 calls, "otherwise", seccomp_profile_else(profile));
}

static json_t *differences_to_json(const struct posture_report *r)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < r->count && i < POSTURE_DIFFERENCES_MAX; i++)
		(void)json_array_append_new(
			out, json_pack("{s:s, s:s, s:s}", "what", r->row[i].what, "expected",
				       r->row[i].expected, "found", r->row[i].found));
	return out;
}

json_t *inspect_to_json(const struct posture *p, const struct posture_report *r,
			const struct policy *policy)
{
	const struct posture_head *h = &p->head;
	json_t *out =
		json_pack("{s:I, s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "uid",
			  (json_int_t)h->uid, "frozenWhileRead", (int)h->frozen, "landlockAtStart",
			  (int)h->has_landlock, "dataMaxBytes", (json_int_t)h->data_max_bytes,
			  "hostNamespaces", namespaces_to_json(h->host_ns), "mounts",
			  mounts_to_json(p), "labels", labels_to_json(p), "processes",
			  processes_to_json(p), "seccomp", seccomp_to_json(policy), "differences",
			  differences_to_json(r), "differenceCount", (json_int_t)r->count);

	(void)json_object_set_new(out, "disks", disks_to_json(h));
	(void)json_object_set_new(out, "guard",
				  h->has_guard ? json_pack("{s:b, s:I, s:I}", "enforces",
							   h->guard_phase == PHASE_ENFORCE, "flags",
							   (json_int_t)h->guard_flags, "refused",
							   (json_int_t)h->refused)
					       : json_null());
	(void)json_object_set_new(out, "cgroup",
				  h->has_cgroup ? json_pack("{s:I, s:o, s:o}", "id",
							    (json_int_t)h->cgroup, "instance",
							    group_to_json(&h->instance), "plugin",
							    group_to_json(&h->plugin))
						: json_null());
	return out;
}
