/* SPDX-License-Identifier: Apache-2.0 */
/* grant.h - the vocabulary of permissions, runtimes, events and degradations.
 * Owns: names, classes, which need a scope.  Must not know: how they are enforced. */
#ifndef KENNEL_POLICY_GRANT_H
#define KENNEL_POLICY_GRANT_H

#include <stdbool.h>
#include <stdint.h>

/* One row each: enumerator, name in manifests and grants, class for consent, needs a note scope. */
#define PERMISSION_TABLE(X)                                        \
	X(PERM_READ_METADATA, "readMetadata", OBSERVE, true)       \
	X(PERM_READ_NOTES, "readNotes", READ, true)                \
	X(PERM_SEARCH_NOTES, "searchNotes", READ, true)            \
	X(PERM_READ_HISTORY, "readHistory", READ, true)            \
	X(PERM_CREATE_NOTES, "createNotes", WRITE, true)           \
	X(PERM_WRITE_NOTES, "writeNotes", WRITE, true)             \
	X(PERM_MOVE_NOTES, "moveNotes", WRITE, true)               \
	X(PERM_DELETE_NOTES, "deleteNotes", WRITE, true)           \
	X(PERM_READ_LINKS, "readLinks", READ, true)                \
	X(PERM_WRITE_LINKS, "writeLinks", WRITE, true)             \
	X(PERM_WRITE_METADATA, "writeMetadata", WRITE, true)       \
	X(PERM_READ_ATTACHMENTS, "readAttachments", READ, true)    \
	X(PERM_WRITE_ATTACHMENTS, "writeAttachments", WRITE, true) \
	X(PERM_STORAGE, "storage", WRITE, false)                   \
	X(PERM_USE_AI, "useAI", EGRESS, false)                     \
	X(PERM_NETWORK, "network", EGRESS, false)                  \
	X(PERM_USE_SECRETS, "useSecrets", EGRESS, false)           \
	X(PERM_OPEN_DIALOG, "openDialog", INTERACT, false)         \
	X(PERM_NOTIFY, "notify", INTERACT, false)                  \
	X(PERM_REGISTER_COMMANDS, "registerCommands", INTERACT, false) \
	X(PERM_EMIT_EVENTS, "emitEvents", COMPOSE, false)          \
	X(PERM_CALL_PLUGIN, "callPlugin", COMPOSE, false)          \
	X(PERM_SCHEDULE, "schedule", OBSERVE, false)

#define PERMISSION_ENUM_(id, name, class, scoped) id,
enum permission { PERMISSION_TABLE(PERMISSION_ENUM_) PERM_COUNT };
#undef PERMISSION_ENUM_

enum permission_class {
	CLASS_OBSERVE,
	CLASS_READ,
	CLASS_WRITE,
	CLASS_EGRESS,
	CLASS_INTERACT,
	CLASS_COMPOSE
};

typedef uint32_t permission_set; /* bit i: enum permission i */
#define PERM_BIT(p) (1u << (p))
#define PERM_ALL (PERM_BIT(PERM_COUNT) - 1u)

enum runtime { RUNTIME_NONE, RUNTIME_WASM, RUNTIME_JS, RUNTIME_NATIVE, RUNTIME_COUNT };
#define RUNTIME_BIT(r) (1u << (r))

/* What a plugin can be told; manifest "events" is the ceiling. */
#define EVENT_TABLE(X)                            \
	X(EVENT_NOTE_SAVE, "onNoteSave")          \
	X(EVENT_COMMAND_PALETTE, "onCommandPalette")

#define EVENT_ENUM_(id, name) id,
enum event_type { EVENT_TABLE(EVENT_ENUM_) EVENT_COUNT };
#undef EVENT_ENUM_
#define EVENT_BIT(ev) (1u << (ev))

/* What an operator may accept to run without; nothing else is ever left out. */
enum degradation {
	ACCEPT_NO_BPF_LSM,
	ACCEPT_NO_CGROUP,
	ACCEPT_NO_LANDLOCK,
	ACCEPT_NO_STORAGE_QUOTA,
	ACCEPT_NO_IO_LIMIT,
	ACCEPT_COUNT
};

const char *permission_name(unsigned int p);	/* NULL outside the table */
int permission_from_name(const char *name);	/* enum permission, or -1 */
enum permission_class permission_class(enum permission p);
bool permission_needs_scope(enum permission p);
/* Those of s that read notes and those that send something out, when there are both: together they
 * can carry notes away, each alone cannot. Else none. */
permission_set permissions_that_leak(permission_set s);
const char *runtime_name(unsigned int r);	/* "wasm", "js", "native"; NULL else */
int runtime_from_name(const char *name);	/* or -1 */
const char *event_name(unsigned int ev);
int event_from_name(const char *name);
const char *degradation_name(unsigned int d); /* as the configuration spells it; NULL else */

#endif
