/* SPDX-License-Identifier: Apache-2.0 */
/* loader.c - sizes of the loader's records. */
#include "proto/loader.h"

#include <stddef.h>

uint32_t loader_msg_size(uint32_t kind)
{
	static const uint32_t body[] = {
		[LOADER_IDENTITY] = sizeof(struct loader_identity),
		[LOADER_MANIFEST] = sizeof(struct manifest),
		[LOADER_FILE] = sizeof(struct loader_file),
		[LOADER_PROGRESS] = sizeof(struct loader_progress),
		[LOADER_CEILING] = sizeof(struct ceiling),
		[LOADER_DONE] = sizeof(struct loader_done),
		[LOADER_REFUSED] = sizeof(struct err),
		[LOADER_ROTATION] = sizeof(struct loader_rotation),
		[LOADER_REVOCATIONS] = sizeof(struct loader_revocations),
		[LOADER_REVOKED] = sizeof(struct loader_revoked),
	};

	if (kind >= sizeof(body) / sizeof(body[0]) || !body[kind])
		return 0;
	return (uint32_t)offsetof(struct loader_msg, u) + body[kind];
}
