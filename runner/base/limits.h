/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every bound by name, each with its reason.
 * Owns: numbers that several parts share.  Must not know: how they are enforced.
 * A limit of one file only stands at the top of that file. */
#ifndef KENNEL_BASE_LIMITS_H
#define KENNEL_BASE_LIMITS_H

/* ---- names ---- */
#define NAME_MAX_BYTES 64u    /* plugin, tenant, permission and method names, with the final NUL */
#define VERSION_MAX_BYTES 32u /* "1.2.3-rc.1", with the final NUL */
#define TEXT_MAX_BYTES 256u   /* shown to people, with the final NUL */
#define LINE_MAX_CHARS 127u   /* a manifest's author and reasons */
#define LINE_MAX_BYTES 512u   /* the same as UTF-8, with the final NUL */
#define PROSE_MAX_CHARS 255u  /* a manifest's description */
#define PROSE_MAX_BYTES 1024u /* the same as UTF-8, with the final NUL */
#define VAULT_PATH_MAX 512u   /* a note's path below its vault, with the final NUL */
#define HOST_PATH_MAX 512u    /* an absolute path in the configuration, with the final NUL */
#define UNIX_PATH_BYTES 108u  /* of struct sockaddr_un */
#define DIGEST_BYTES 32u      /* BLAKE2b-256 and SHA-256 */
#define DIGEST_HEX_BYTES 65u  /* the same as hex, with the final NUL */

/* ---- bundle (notes: 64 MiB packed covers every plugin of the known markets) ---- */
#define BUNDLE_MAX (64u << 20)
#define BUNDLE_UNPACKED_MAX (256u << 20)
#define BUNDLE_FILES_MAX 4096u
#define BUNDLE_FILE_MAX (64u << 20)
/* What kennel.json can raise them to. None costs memory: a bundle is walked frame by frame, and a
 * list of 4,096 files and 1,100 frames still is a TOC_MAX. */
#define BUNDLE_MOST (512u << 20)
#define BUNDLE_UNPACKED_MOST (1u << 30)
#define BUNDLE_FILE_MOST (512u << 20)
#define BUNDLE_PATH_MAX 255u /* ustar: 155 prefix + 100 name */
#define BUNDLE_DEPTH_MAX 16u
#define BUNDLE_COMPONENT_MAX 100u
#define BUNDLE_SIGNATURES_MAX 8u
#define BUNDLE_COUNTER_MAX 0x80000000ull /* room to recover from a stolen key that jumped ahead */
#define FRAME_PLAIN_MAX (1u << 20)	 /* one zstd frame decodes into one fixed buffer */
#define TOC_MAX (1u << 20)		 /* 4,096 files x 220 bytes */
#define MANIFEST_MAX 65536u /* largest example is 3 KiB; Jansson needs about 20x while parsing */
#define SIGNATURE_FILE_MAX 2048u
#define TRUST_KEYS_MAX 256u
#define TRUST_FILE_MAX 8192u
#define TRUST_MEMORY_MIB_MAX (1u << 20) /* a key's ceiling: 1 TiB */
#define STATEMENT_MAX                                                               \
	(1u << 20) /* a revocation list of REVOCATIONS_MAX entries takes half of it \
		    */
#define REVOCATIONS_MAX 4096u

/* ---- JSON ---- */
#define JSON_DEPTH_MANIFEST 8u
#define JSON_DEPTH_TOC 4u
#define JSON_DEPTH_WIRE 64u
#define JSON_NODES_MAX 32768u /* at 236 bytes a node in Jansson: 8 MiB */

/* ---- policy ---- */
#define SCOPE_RULES_MAX 32u /* allow and deny globs of one plugin, all permissions together */
#define SCOPE_GLOB_MAX 256u /* with the final NUL */
#define SCOPE_GLOB_CHARS 127u
#define SCOPE_GLOB_WIDE 42u /* of them outside ASCII, up to 4 bytes each: 127 + 3 x 42 < 256 */
#define FILE_PATH_CHARS 255u
#define FILE_PATH_WIDE 85u /* 255 + 3 x 85 < VAULT_PATH_MAX */
#define FILE_RULES_MAX 8u
#define EVENTS_MAX 16u
#define TENANTS_MAX 32u
#define PINS_MAX 64u
#define GRANTS_MAX 256u /* plugins in one grant file */
#define CONFIG_FILE_MAX 65536u
#define GRANT_FILE_MAX (1u << 20)

/* ---- processes ---- */
#define INSTANCES_MAX 1024u /* the launcher's table, allocated once */
#define RECORD_MAX 65536u   /* one fixed-size record between our own processes */
#define RECORD_FDS_MAX 8u
#define CONTROL_FRAME_MAX (4u << 20) /* one answer to the command line */
#define CONTROL_CLIENTS_MAX 64u

/* ---- a plugin's jail ---- */
#define PLUGIN_TMP_BYTES (4u << 20)
#define PLUGIN_FILES_MAX 256u /* descriptors */
#define PLUGIN_FILE_SLACK_BYTES \
	(1u << 20) /* the quota is to refuse first: an error, where this is a signal */
#define JAIL_STACK_BYTES (8u << 20) /* the usual; wasm2c's own depth limit lies far below */
#define JAIL_SIGPENDING_MAX 256u

/* ---- the wire to a plugin ---- */
#define WIRE_FRAME_MAX (1u << 20)
#define WIRE_HANDSHAKE_MS 10000u
#define WIRE_INFLIGHT_MAX 8u	/* calls a plugin may have open at once */
#define WIRE_OUT_MAX (4u << 20) /* bytes queued towards a plugin that does not read */
#define EVENT_DEADLINE_MS 30000u
#define EVENT_QUEUE_MAX 1024u
#define EVENT_RESULT_MAX 16384u /* of a handler, as emit --wait shows it */
#define LOG_LINE_MAX 1024u
#define LOG_BYTES_PER_SECOND 65536u /* of one instance; the rest is counted and dropped */

/* ---- dialogs: questions of plugins to people ---- */
#define DIALOG_BYTES_MAX 8192u /* of the question, and of all values answered, as JSON */
#define DIALOG_TITLE_CHARS 120u
#define DIALOG_MESSAGE_CHARS 2000u
#define DIALOG_LABEL_CHARS 80u /* of a field, a choice, a button */
#define DIALOG_FIELDS_MAX 16u
#define DIALOG_CHOICES_MAX 32u
#define DIALOG_MS_NORMAL 300000u /* a person may be at lunch; a queue must not fill for a day */
#define DIALOG_MS_MAX 3600000u
#define DIALOGS_OF_ONE_MAX 4u /* of one plugin at once: no plugin shuts the others out */
#define DIALOGS_MAX 64u	      /* of one tenant at once */

/* ---- AI: questions to a language model ---- */
#define AI_PROFILES_MAX 8u
#define AI_PLUGINS_MAX 8u	  /* that one profile names */
#define AI_REQUEST_MAX (256u << 10) /* bytes of one question, as a message */
#define AI_MESSAGES_MAX 64u	  /* of one conversation */
#define AI_INPUTS_MAX 64u	  /* texts of one ai.embed */
#define AI_NUMBERS_MAX 65536u /* of all vectors of one ai.embed */
#define AI_STOPS_MAX 4u
#define AI_STOP_BYTES_MAX 64u
#define AI_FRAME_MAX (1u << 20)	  /* between kennel-broker and kennel-fetch */
#define AI_OUT_MAX (8u << 20)	  /* queued between them */
#define AI_TEXT_MAX (256u << 10)  /* of an answer, as text */
#define AI_BODY_MAX (4u << 20)	  /* bytes taken from a server for one question */
#define AI_KEY_MAX 512u		  /* of the file that holds a server's key */
#define AI_TOKENS_MAX 131072u	  /* of one answer */
#define AI_TOKENS_NORMAL 1024u
#define AI_TOKENS_A_DAY_NORMAL 200000u
#define AI_MS_NORMAL 60000u
#define AI_MS_MAX 600000u
#define AI_GRACE_MS 5000u /* after its time-out kennel-fetch has said so */
#define AI_OF_ONE_MAX 4u  /* questions of one plugin at once */
#define AI_CALLS_MAX 32u  /* of one tenant */

/* ---- what a plugin remembers ---- */
#define KV_BYTES_MAX (256u << 10) /* of all its keys and values, as they are stored */
#define KV_VALUE_BYTES_MAX (32u << 10)
#define KV_KEY_BYTES_MAX 128u
#define KV_KEYS_MAX 1024u
#define KV_TTL_MS_MAX (366ull * 24 * 3600 * 1000)

/* ---- notes ---- */
#define NOTE_MAX (1u << 20)
#define VAULT_NOTES_MAX 100000u
#define WRITE_BYTES_PER_SECOND (256u << 10) /* a plugin's new texts: no vault grows faster by it \
					     */
#define WRITE_BYTES_BURST (8u << 20)
#define VAULT_FREE_MIN (64ull << 20) /* what plugins leave free on the vault's disk */

/* ---- audit ---- */
#define AUDIT_LINE_MAX 4096u
#define AUDIT_FIELD_MAX 1024u

#endif
