/* SPDX-License-Identifier: Apache-2.0 */
/* errors.js - errors as a plugin meets them. Each file of the prelude is the body of a function of
 * (native, kennel): what the process can do, and what the files share. None of it is an authority: a
 * plugin that got hold of it could do no more than it can. */
"use strict";
const codes = { AbortError: 20, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5,
	QuotaExceededError: 22, TypeMismatchError: 17, SyntaxError: 12, NotSupportedError: 9 };
class DOMException extends Error {
	#name;
	constructor(message = "", name = "Error") {
		super(message);
		this.#name = String(name);
	}
	get name() {
		return this.#name;
	}
	get code() {
		return codes[this.#name] ?? 0;
	}
}
/* What the host answered to a call: code and data are the wire's. */
class HostError extends Error {
	constructor({ code, message, data }, method) {
		super(message);
		this.name = "HostError";
		this.code = code;
		this.method = method;
		this.data = data ?? {};
		this.kind = this.data.kind;
		this.permission = this.data.permission;
		this.grant = this.data.grant;
	}
}
Object.assign(kennel, { DOMException, HostError });

/* ---- what a browser or Node would have, and a plugin has not ---- */
const instead = {
	fetch: "a plugin has no network of its own; use host.call(\"http.fetch\", …)",
	XMLHttpRequest: "a plugin has no network of its own; use host.call(\"http.fetch\", …)",
	WebSocket: "a plugin has no network of its own",
	EventSource: "a plugin has no network of its own",
	Worker: "a plugin is one thread; the host runs it beside its own work",
	SharedWorker: "a plugin is one thread; the host runs it beside its own work",
	importScripts: "use import; all modules come with the bundle",
	require: "use import … from \"./file.js\"; all modules come with the bundle",
};
const missing = {
	document: "a plugin has no page; use host.openDialog or return a result",
	window: "a plugin has no page; use globalThis",
	self: "use globalThis",
	localStorage: "a plugin keeps values with host.call(\"kv.put\", …)",
	sessionStorage: "a plugin keeps values with host.call(\"kv.put\", …)",
	indexedDB: "a plugin keeps values with host.call(\"kv.put\", …)",
	navigator: "a plugin runs in no browser",
	alert: "use host.openDialog",
	process: "this is not Node; configuration is in host.info",
	Buffer: "this is not Node; use Uint8Array, TextEncoder and TextDecoder",
	module: "use export",
	exports: "use export",
	__dirname: "files of the bundle are modules; use import",
	global: "use globalThis",
	WebAssembly: "a plugin that is WebAssembly has main.wasm as its entry",
};
for (const name of Object.keys(instead))
	Object.defineProperty(globalThis, name, {
		value: { [name]: function () {
			throw new TypeError(`${name}: ${instead[name]}`);
		} }[name],
		writable: true, configurable: true,
	});

kennel.hint = (error) => {
	const name = error instanceof ReferenceError &&
		/^Can't find variable: (\w+)$/.exec(error.message)?.[1];
	const hint = name && Object.hasOwn(missing, name) ? missing[name] : undefined;
	return hint ? ` (${hint})` : "";
};

/* "name@file:line:column" of the engine as "name (file:line:column)"; our own frames are left out. */
kennel.stack = (error) => String(error?.stack ?? "").split("\n").filter(Boolean).map((line) => {
	const at = /^(.*?)@(.*)$/.exec(line) ?? [line, line, ""];
	return [at[1], at[2]];
}).filter(([, place]) => place && !place.startsWith("kennel:") && place !== "[native code]")
	.slice(0, 32).map(([name, place]) => name ? `${name} (${place})` : place);

/* {kind, name, message, stack} of whatever was thrown. A kind that is a code stands in the message. */
kennel.describe = (error, kind = "exception") => {
	if (!(error instanceof Error))
		return { kind, name: "", message: `thrown: ${kennel.show(error)}`, stack: [] };
	const stack = kennel.stack(error);
	const parsed = error instanceof SyntaxError && error.sourceURL &&
		!error.sourceURL.startsWith("kennel:") ? `${error.sourceURL}:${error.line}` : "";
	if (parsed && !stack.length)
		stack.push(parsed);
	const name = String(error.name);
	if (error.kennelKind)
		return { kind: error.kennelKind, name, message: `${error.kennelKind}: ${error.message}`, stack };
	const code = kind.startsWith("E_") ? `${kind}: ` : "";
	const place = code && stack.length ? ` (${stack[0]})` : "";
	return { kind, name, message: `${code}${name}: ${error.message}${kennel.hint(error)}${place}`, stack };
};
