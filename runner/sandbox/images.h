/* SPDX-License-Identifier: Apache-2.0 */
/* images.h - the base trees jails stand on: IMAGES/{wasm,native,js,compile}.
 * Owns: opening them, and the trust in their owner.  Must not know: plugins, mounts. */
#ifndef KENNEL_SANDBOX_IMAGES_H
#define KENNEL_SANDBOX_IMAGES_H

#include "base/err.h"
#include "proto/request.h"

struct image {
	int root_fd;   /* in the launcher's mount namespace; -1: this image is not installed */
	int canary_fd; /* 0444 and labelled with no rights */
};

const char *image_name(enum launch_image i); /* "wasm" ...; NULL outside */
/* All that are there; each must be root's and writable for nobody else, with /init, /canary and the
 * mount points of its kind. None at all is ERR_CONFIG. */
int images_open(const char *path, struct image ret[IMAGE_COUNT], struct err *e);
void images_close(struct image images[IMAGE_COUNT]);

#endif
