/* SPDX-License-Identifier: Apache-2.0 */
/* revoked.h - the revocation list in force: which one, since when, and what it takes away.
 * Owns: revocations.json, the serial that only rises, looking for a newer list.  Must not know: how
 * a list is spelled or signed (the loader reads it). */
#ifndef KENNEL_SUPERVISE_REVOKED_H
#define KENNEL_SUPERVISE_REVOKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "proto/loader.h"
#include "supervise/control.h"

struct supervisor;

struct revoked_list {
	struct loader_revocations head; /* serial 0: there never was one */
	struct loader_revoked *entries; /* head.count */
};

struct revoked_state {
	struct revoked_list now;
	struct revoked_list next; /* being received */
	uint32_t received;
	int folder;	 /* -1: none configured, or why says what is wrong */
	struct err why;	 /* of the last look; code 0: nothing to say */
	int64_t seen[4]; /* of the file looked at last: inode, size, change in s and ns */
	bool busy;
	bool told_stale;
	struct control_ref asked; /* waits for this look; client 0: nobody */
	int64_t deadline_ms;	  /* of the next look; 0: none is configured */
};

/* revocations.json below dir; none is an empty list. Anything odd is refused. */
int revoked_load(int dir, struct revoked_list *ret, struct err *e);
int revoked_save(int dir, const struct revoked_list *l, struct err *e);
void revoked_free_p(struct revoked_list *l);
/* The reason's word, or NULL: not on the list. */
const char *revoked_find(const struct revoked_list *l, uint32_t kind,
			 const uint8_t digest[DIGEST_BYTES]);
/* May next take the place of now? ERR_REVOCATIONS_OLD: a lower serial, or the same for another
 * list. 0: yes; 1: it is the very same. */
int revoked_compare(const struct revoked_list *now, const struct revoked_list *next, struct err *e);

/* Opens the folder and reads what was accepted; before the process is confined. */
int revoked_open(struct supervisor *s, struct err *e);
void revoked_close(struct supervisor *s);
void revoked_on_time(struct supervisor *s, int64_t now_ms);
/* Looks now, whatever the clock says; the answer goes to who. */
int revoked_look(struct supervisor *s, struct control_ref who, struct err *e);
/* ERR_BUNDLE_REVOKED; ERR_REVOCATIONS_STALE where the configuration says refuse. */
int revoked_check_install(struct supervisor *s, const uint8_t bundle_id[DIGEST_BYTES],
			  struct err *e);
int revoked_check_launch(const struct supervisor *s, const uint8_t bundle_id[DIGEST_BYTES],
			 struct err *e);
/* {configured, serial, issued, expires, entries, stale, error?} */
json_t *revoked_describe(const struct supervisor *s);

#endif
