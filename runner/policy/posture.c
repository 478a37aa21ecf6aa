/* SPDX-License-Identifier: Apache-2.0 */
/* posture.c - names for people. */
#include "policy/posture.h"

#include "base/cleanup.h"

#define NAME_(id, name) [id] = (name),
static const char *const ns_names[NS_COUNT] = { POSTURE_NS_TABLE(NAME_) };
static const char *const cap_names[CAPS_COUNT] = { POSTURE_CAP_TABLE(NAME_) };
#undef NAME_
static const char *const fd_names[] = { "other", "file", "folder", "device", "pipe", "socket" };
static const char *const rlimit_names[POSTURE_RLIMITS] = {
	[POSTURE_CORE] = "core",	 [POSTURE_MEMLOCK] = "memlock",
	[POSTURE_MSGQUEUE] = "msgqueue", [POSTURE_RTPRIO] = "rtprio",
	[POSTURE_NICE] = "nice",	 [POSTURE_SIGPENDING] = "sigpending",
	[POSTURE_STACK] = "stack",	 [POSTURE_NOFILE] = "nofile",
	[POSTURE_FSIZE] = "fsize",	 [POSTURE_NPROC] = "nproc",
};

const char *posture_ns_name(enum posture_ns n)
{
	return (unsigned int)n < NS_COUNT ? ns_names[n] : "unknown";
}

const char *posture_cap_name(enum posture_caps c)
{
	return (unsigned int)c < CAPS_COUNT ? cap_names[c] : "unknown";
}

const char *posture_rlimit_name(enum posture_rlimit r)
{
	return (unsigned int)r < POSTURE_RLIMITS ? rlimit_names[r] : "unknown";
}

const char *posture_fd_name(enum posture_fd_kind k)
{
	return (unsigned int)k < countof(fd_names) ? fd_names[k] : "unknown";
}
