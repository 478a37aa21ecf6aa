/* SPDX-License-Identifier: Apache-2.0 */
/* audit_link.c - the client side of the audit writer. */
#include "proto/audit_link.h"

#include <string.h>

#include "base/record.h"

int audit_write(int sock, struct audit_record *r, struct err *e)
{
	static uint64_t next_serial; /* one client socket a process */
	struct audit_ack ack;
	long n;

	r->abi = AUDIT_ABI;
	r->serial = ++next_serial;
	if (record_send(sock, r, sizeof(*r), NULL, 0, e) < 0)
		goto gone;
	do {
		n = record_recv(sock, &ack, sizeof(ack), NULL, 0, e);
	} while (n == (long)sizeof(ack) && ack.serial < r->serial);
	if (n != (long)sizeof(ack) || ack.abi != AUDIT_ABI || ack.serial != r->serial)
		goto gone;
	if (ack.result < 0)
		return err_set(e, ERR_AUDIT,
			       "the audit log cannot take a record; nothing was done");
	return 0;
gone:
	return err_set(e, ERR_AUDIT, "the audit writer does not answer; nothing was done");
}
