/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - fixed-size records with descriptors between our own processes (SOCK_SEQPACKET).
 * Owns: whole records, descriptors received close-on-exec.  Must not know: what a record means. */
#ifndef KENNEL_BASE_RECORD_H
#define KENNEL_BASE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

struct record_fds {
	int fd[RECORD_FDS_MAX];
	size_t count;
};

/* Both ends close-on-exec. */
int record_pair(int ret_ends[2], struct err *e);

/* Sends one record. With MSG_DONTWAIT in flags a full peer is ERR_FULL. fds may be NULL. SIGPIPE is
 * never raised; a gone peer is ERR_IO. The descriptors stay the caller's. */
int record_send(int sock, const void *p, size_t n, const struct record_fds *fds, int flags,
		struct err *e);

/* Receives one record of at most cap bytes. Returns its length; 0 when the peer closed; -1 on
 * error, also for a record or a descriptor list that was cut. With MSG_DONTWAIT nothing there is
 * RECORD_AGAIN. Received descriptors are the caller's (ret_fds NULL: any descriptor is an error).
 */
#define RECORD_AGAIN (-2)
long record_recv(int sock, void *p, size_t cap, struct record_fds *ret_fds, int flags,
		 struct err *e);

void record_fds_close(struct record_fds *fds);

#endif
