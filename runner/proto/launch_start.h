/* SPDX-License-Identifier: Apache-2.0 */
/* launch_start.h - what an instance is started with: names, numbers and rules, no descriptor.
 * Owns: layout.  Must not know: other requests. */
#ifndef KENNEL_PROTO_LAUNCH_START_H
#define KENNEL_PROTO_LAUNCH_START_H

#include <stdint.h>

#include "base/limits.h"
#include "policy/policy.h"

enum launch_image {
	IMAGE_WASM = 1, /* nothing but init; the compiled plugin comes by the exec mount */
	IMAGE_NATIVE,
	IMAGE_JS, /* kennel-js and its libraries */
	IMAGE_COMPILE, /* C toolchain and wasm2c: for kennel-compile only */
	IMAGE_COUNT
};

struct launch_start {
	char tenant[NAME_MAX_BYTES];
	char plugin[NAME_MAX_BYTES];
	/* STATE/supervisor/store/PLUGIN/BUNDLE_HEX/{root -> /plugin, exec -> /exec}; the program is
	 * /exec/plugin, and nothing of /plugin can be executed. IMAGE_NATIVE has no /exec: it is
	 * /plugin/ENTRY, and /plugin is executable. IMAGE_JS has none either: /bin/kennel-js reads
	 * /plugin/ENTRY. */
	char bundle_hex[DIGEST_HEX_BYTES];
	/* IMAGE_COMPILE: STATE/supervisor/staging/NAME/in -> /in (ro) and out -> /out (rw; the
	 * job's own user's while it runs, the supervisor's after LAUNCH_NOTICE_ENDED). The module
	 * stands at in/module.wasm, the result at out/plugin. tenant and bundle_hex stay empty: the
	 * compiler belongs to no tenant. */
	char staging[NAME_MAX_BYTES];
	char entry[BUNDLE_PATH_MAX + 1]; /* IMAGE_NATIVE and IMAGE_JS; else "" */
	uint8_t reserved[7];
	uint32_t image;	    /* enum launch_image */
	uint32_t uid_index; /* plugin_uid_base + this */
	uint8_t jit;
	uint8_t reserved2[3];
	uint32_t file_count;
	struct limits limits;
	struct file_rule files[FILE_RULES_MAX];
	uint64_t cpu_budget_ms; /* 0: none, where the ceiling has none; the compiler has none */
};

#endif
