/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - the plugin folder: which bundles lie there, and would each be accepted?
 * Owns: the folder's descriptor, what counts as lying in it.  Must not know: a bundle's bytes. */
#ifndef KENNEL_SUPERVISE_SCAN_H
#define KENNEL_SUPERVISE_SCAN_H

#include "supervise/control.h"

#define SCAN_FILES_MAX 256u
#define SCAN_SUFFIX ".kennel"

/* Before the process is confined; a folder that cannot be read is remembered with its reason. */
void scan_prepare(struct supervisor *s);
/* A regular file that really lies in the folder: ERR_OUTSIDE for a link, whatever it points to. */
int scan_open(struct supervisor *s, const char *file, struct err *e);

#endif
