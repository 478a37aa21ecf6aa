/* SPDX-License-Identifier: Apache-2.0 */
// kennel.d.ts - what a JavaScript plugin exports, and what it is given. For an editor that checks:
//
//   // @ts-check
//   /** @type {import("./kennel").NoteSaveHandler} */
//   export const onNoteSave = async (event, host) => { … };

interface EventBase {
	readonly type: string;
	readonly eventId: string | number;
	/** 1 the first time; more, where an instance ended before it had answered */
	readonly attempt: number;
	readonly origin?: string;
}
export interface NoteSaveEvent extends EventBase {
	readonly type: "onNoteSave";
	readonly note: { readonly path: string; readonly revision: string };
}
export interface CommandPaletteEvent extends EventBase {
	readonly type: "onCommandPalette";
	readonly command: string;
}

/** What JSON can say; undefined is null. A promise is waited for. */
export type Result = unknown;
export type NoteSaveHandler = (event: NoteSaveEvent, host: Host) => Result | Promise<Result>;
export type CommandPaletteHandler = (event: CommandPaletteEvent, host: Host) => Result | Promise<Result>;

export interface NoteInfo {
	readonly path: string;
	readonly title: string;
	readonly aliases: readonly string[];
	readonly tags: readonly string[];
	readonly revision: string;
}
export interface NoteFound {
	readonly path: string;
	readonly title: string;
	readonly revision: string;
	/** to rank by; the list is in the order of paths */
	readonly score: number;
	readonly snippet?: string;
}
export interface NoteWritten {
	readonly note: string;
	readonly revision: string;
	readonly changed: boolean;
}
export interface Scope {
	readonly allow?: readonly string[];
	readonly deny?: readonly string[];
}
export interface Link {
	/** the path of a note that the plugin may read */
	target: string;
	/** the text that becomes the link; without it the link stands below the managed heading */
	anchor?: string;
}
export interface LinksWritten {
	readonly added: readonly { readonly target: string }[];
	readonly skipped: readonly unknown[];
	readonly [more: string]: unknown;
}
export interface CallOptions {
	/** the promise is rejected with its reason; the host may still do what was asked, but asks no person and no model any more */
	signal?: AbortSignal;
}

export interface DialogField {
	/** of the value in the answer */
	name: string;
	label: string;
	/** one line, unless said */
	kind?: "line" | "text" | "choice" | "check";
	/** what stands there at first */
	value?: string | boolean;
	/** of a choice */
	choices?: string[];
	required?: boolean;
}
export interface DialogAnswer {
	/** withdrawn: the host's word for one whose signal was aborted */
	readonly action: "accept" | "decline" | "timeout" | "withdrawn";
	/** of every field, after accept; else empty */
	readonly values: Readonly<Record<string, string | boolean>>;
}

export interface AiUsage {
	readonly promptTokens: number;
	readonly answerTokens: number;
}
export interface AiAnswer {
	/** may be wrong, and may be what somebody wrote into a note for it to say */
	readonly text: string;
	/** length: it was cut at maxTokens */
	readonly finish: "stop" | "length" | "other";
	readonly usage: AiUsage;
}
export interface AiQuestion {
	messages: { role: "system" | "user" | "assistant"; content: string }[];
	/** a name of the operator's; "default", unless said */
	profile?: string;
	maxTokens?: number;
	temperature?: number;
	stop?: string[];
}

/** Each method resolves with the host's result, or rejects with a HostError. */
export interface Host {
	readonly notes: {
		/** readMetadata */
		list(params?: { limit?: number; cursor?: string }, options?: CallOptions):
			Promise<{ readonly notes: readonly NoteInfo[]; readonly cursor?: string }>;
		/** readMetadata */
		stat(params: { note: string }, options?: CallOptions):
			Promise<NoteInfo & { readonly bytes: number; readonly modifiedMs: number }>;
		/** searchNotes; each word must stand in title, alias, tag or text; snippets need readNotes */
		search(params: { query: string; limit?: number; cursor?: string }, options?: CallOptions):
			Promise<{ readonly notes: readonly NoteFound[]; readonly cursor?: string }>;
		/** writeNotes; a note that changed since baseRevision is a conflict (1005) */
		write(params: { note: string; baseRevision: string; text: string }, options?: CallOptions):
			Promise<NoteWritten>;
		/** createNotes; what has the name is a conflict (1005) */
		create(params: { note: string; text: string }, options?: CallOptions): Promise<NoteWritten>;
		/** deleteNotes; the host keeps the text, and a person can undo it */
		delete(params: { note: string; baseRevision: string }, options?: CallOptions): Promise<object>;
		/** readNotes */
		read(params: { note: string }, options?: CallOptions):
			Promise<NoteInfo & { readonly text: string }>;
	};
	readonly links: {
		/** readLinks; target is absent where there is no such note, or none that the plugin may see */
		list(params: { note: string }, options?: CallOptions): Promise<{
			readonly note: string;
			readonly revision: string;
			readonly links: readonly { readonly link: string; readonly kind: "wiki" | "markdown";
				readonly target?: string }[];
			readonly more: boolean;
		}>;
		/** readLinks; the notes that link to it, and how often */
		backlinks(params: { note: string; limit?: number; cursor?: string }, options?: CallOptions): Promise<{
			readonly notes: readonly { readonly path: string; readonly title: string;
				readonly revision: string; readonly links: number }[];
			readonly cursor?: string;
		}>;
		/** writeLinks; a note that changed since baseRevision is a conflict (1005) */
		write(params: { note: string; baseRevision: string; add?: Link[]; remove?: Link[] },
			options?: CallOptions): Promise<LinksWritten>;
	};
	readonly ui: {
		/** openDialog; a person answers, so it takes a while; the time of the event stands still */
		openDialog(params: { title: string; message?: string; fields?: DialogField[]; accept?: string;
			decline?: string; timeoutMs?: number }, options?: CallOptions): Promise<DialogAnswer>;
	};
	/** storage; what the plugin keeps from one event to the next, for itself alone */
	readonly kv: {
		/** version 0: there is nothing under this key */
		get(params: { key: string }, options?: CallOptions):
			Promise<{ readonly value: any; readonly version: number }>;
		list(params?: { prefix?: string; after?: string; limit?: number }, options?: CallOptions):
			Promise<{ readonly keys: readonly string[]; readonly more: boolean }>;
		/** with ifVersion, another version is a conflict (1005); 0 is none */
		put(params: { key: string; value: unknown; ifVersion?: number; ttlMs?: number },
			options?: CallOptions): Promise<{ readonly version: number }>;
		delete(params: { key: string; ifVersion?: number }, options?: CallOptions):
			Promise<{ readonly deleted: boolean }>;
	};
	readonly ai: {
		/** useAI; a model answers, so it takes a while; the time of the event stands still */
		complete(question: AiQuestion, options?: CallOptions & {
			/** gets each piece of the text as it comes; the promise still has all of it */
			onChunk?: (text: string) => void;
		}): Promise<AiAnswer>;
		/** useAI; one vector for each text */
		embed(params: { input: string[]; profile?: string }, options?: CallOptions):
			Promise<{ readonly vectors: readonly (readonly number[])[]; readonly usage: AiUsage }>;
	};
	readonly grants: {
		/** what was granted, and the globs of the scopes */
		query(params?: object, options?: CallOptions): Promise<{
			readonly permissions: readonly string[];
			readonly asked: Readonly<Record<string, Scope>>;
			readonly granted: Readonly<Record<string, Scope>>;
		}>;
	};
	readonly log: {
		write(params: { level: "error" | "warn" | "info" | "debug"; message: string },
			options?: CallOptions): Promise<object>;
	};
	/** any method by its name */
	call(method: string, params?: object, options?: CallOptions): Promise<any>;
	/** aborted when the event is cancelled, or its time is over */
	readonly signal: AbortSignal;
	/** what the host said at the start */
	readonly info: {
		readonly plugin: string;
		readonly version: string;
		readonly tenant: string;
		readonly instance: string;
		readonly grants: readonly string[];
		readonly events: readonly string[];
		readonly limits: Readonly<Record<string, number>>;
		readonly config?: Readonly<Record<string, unknown>>;
	};
	readonly HostError: HostErrorConstructor;
}
export interface HostError extends Error {
	readonly name: "HostError";
	/** of the wire: 1001 permission denied, 1002 scope denied, 1003 rate limited, 1005 conflict, 1010 not found … */
	readonly code: number;
	readonly kind?: string;
	readonly method: string;
	readonly permission?: string;
	/** the line of a grant that would allow it */
	readonly grant?: string;
	readonly data: Readonly<Record<string, unknown>>;
}
export interface HostErrorConstructor {
	readonly prototype: HostError;
	[Symbol.hasInstance](value: unknown): boolean;
}
