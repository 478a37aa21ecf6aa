/* SPDX-License-Identifier: Apache-2.0 */
/* ceiling.h - the flat records of what the host, a tenant and a key allow at most.
 * Owns: their shape; equal iff the bytes are equal, so producers zero them first.  No pointers.
 * Must not know: plugins, JSON, files. */
#ifndef KENNEL_POLICY_CEILING_H
#define KENNEL_POLICY_CEILING_H

#include <stdint.h>

#include "base/bounds.h"
#include "base/limits.h"
#include "policy/grant.h"

#define POLICY_ABI 4u /* every record below starts with it; a mismatch is refused */

/* 0 in a manifest means "not asked"; in a ceiling or a policy every field is set. */
struct limits {
	uint64_t memory_bytes;	   /* memory.max of the plugin, all instances */
	uint64_t cpu_time_ms;	   /* CPU time of one event; 0: only cpu.max holds */
	uint32_t cpu_percent;	   /* of one core: 100 is one core */
	uint32_t tasks;		   /* pids.max */
	uint32_t event_timeout_ms; /* wall time of one event ("runtime") */
	uint32_t calls_per_second;
	uint64_t data_bytes; /* largest single file and sum below /data; 0: no /data */
	uint64_t io_bytes;   /* a second, read from each disk and as many written: io.max */
	uint32_t freeze_after_ms; /* without work */
	uint32_t stop_after_ms;	  /* the same */
	uint32_t instances;	  /* at once: the one that works, and those that stand by */
	uint32_t reserved;
};

/* What one tenant may have: root's configuration, through the loader, to the launcher. */
struct tenant_ceiling {
	char name[NAME_MAX_BYTES];
	uint32_t uid; /* owner of the vault; never 0 */
	uint32_t gid;
	char vault[HOST_PATH_MAX];
	permission_set permissions;
	uint32_t runtimes; /* RUNTIME_BIT(...) */
	uint8_t jit;
	uint8_t reserved[7];
	struct limits limits; /* the most one plugin gets */
};

/* Where lists of what is not trusted any more come from, and what holds without one. */
struct revocation_conf {
	char url[HOST_PATH_MAX];    /* kennel-fetch asks there; "": somebody else brings the file */
	char folder[HOST_PATH_MAX]; /* the file "revocations" stands here; "": STATE/fetch */
	uint64_t every_ms;	    /* the supervisor looks so often */
	uint32_t stale_warns;	    /* none or an expired one: 0 refuses installations, 1 warns */
	uint8_t configured;
	uint8_t reserved[3];
};

/* Only this bundle, or versions that fit, may be installed under a name. */
struct pin {
	char plugin[NAME_MAX_BYTES];
	char what[DIGEST_HEX_BYTES]; /* a bundle id, or a version with '*' and '?' */
	uint8_t reserved[7];
};

/* A language model that plugins may be given under this name; its address and key are seen by
 * kennel-fetch only. */
struct ai_profile {
	char name[NAME_MAX_BYTES];
	char url[HOST_PATH_MAX]; /* "https://host/v1"; /chat/completions and /embeddings go behind
				    it */
	char socket[UNIX_PATH_BYTES]; /* "": TCP; else the server listens there */
	uint32_t answer_tokens;	      /* the most one answer may have */
	char model[NAME_MAX_BYTES * 2];
	char key[HOST_PATH_MAX]; /* root's file with the bearer token; "": none */
	uint64_t tokens_per_day; /* of one plugin */
	uint32_t timeout_ms;
	uint32_t plugin_count; /* 0: whoever has useAI */
	uint8_t plain_http; /* to another host, with all that is said there readable on the way */
	uint8_t reserved[7];
	char plugins[AI_PLUGINS_MAX][NAME_MAX_BYTES];
};

/* The configuration as the launcher holds it. Nothing else decides uids and vault roots. */
struct ceiling {
	uint32_t abi;
	uint32_t tenant_count;
	uint32_t plugin_uid_base;
	uint32_t plugin_uid_count;
	uint32_t accept; /* bit: enum degradation */
	uint32_t pin_count;
	uint64_t min_release_age_ms; /* since a bundle was first seen; 0: none */
	struct bundle_bounds bundles;
	char state[HOST_PATH_MAX];  /* /var/lib/kennel */
	char images[HOST_PATH_MAX]; /* base images, root-owned */
	char cgroup[HOST_PATH_MAX]; /* below /sys/fs/cgroup; "": the process's own group */
	char scan[HOST_PATH_MAX];   /* plugin folder of scan_plugins; "": STATE/incoming */
	struct revocation_conf revocations;
	struct tenant_ceiling tenants[TENANTS_MAX];
	struct pin pins[PINS_MAX];
	uint32_t ai_count;
	uint32_t reserved;
	struct ai_profile ai[AI_PROFILES_MAX];
};

/* A key's ceiling, from its trust file. */
struct key_ceiling {
	permission_set permissions;
	uint32_t runtimes;
	uint8_t native;
	uint8_t jit;
	uint8_t reserved[6];
	uint64_t memory_bytes; /* 0: no own bound */
};

#endif
