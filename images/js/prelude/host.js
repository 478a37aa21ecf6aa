/* SPDX-License-Identifier: Apache-2.0 */
/* host.js - events in, calls out: the host API as promises, one event at a time. */
"use strict";
const OPEN_MAX = 8; /* calls at once; more wait here */
const waiting = [], open = new Map();
let handlers = null, info = Object.freeze({}), current = null;

/* ---- calls ---- */

function pump() {
	while (waiting.length && open.size < OPEN_MAX) {
		const call = waiting.shift();
		const sent = native.send(call.method, call.text);
		if (typeof sent === "number")
			open.set(call.id = sent, call);
		else
			settle(call, JSON.parse(sent));
	}
}
function settle(call, answer) {
	if (answer.error)
		call.reject(Object.assign(new kennel.HostError(answer.error, call.method),
			{ stack: call.from }));
	else
		call.resolve(answer.result);
}
/* One that waits here is never sent; one that a person is asked for need not be answered. */
function withdraw(call, reason) {
	const at = waiting.indexOf(call);
	if (at >= 0)
		waiting.splice(at, 1);
	else if (open.has(call.id)) {
		call.onChunk = undefined;
		native.withdraw(call.id);
	}
	call.reject(reason);
}
function call(method, params = {}, { signal, onChunk } = {}) {
	if (typeof method !== "string" || method.length > 63)
		throw new TypeError("host.call: the method is a short text");
	if (typeof params !== "object" || params === null || Array.isArray(params))
		throw new TypeError(`${method}: parameters are an object`);
	if (onChunk !== undefined && typeof onChunk !== "function")
		throw new TypeError(`${method}: onChunk is a function`);
	if (signal?.aborted)
		return Promise.reject(signal.reason);
	const text = JSON.stringify(onChunk ? { ...params, stream: true } : params), from = new Error().stack;
	return new Promise((resolve, reject) => {
		const one = { method, text, resolve, reject, from, onChunk, id: 0 };
		waiting.push(one);
		signal?.addEventListener("abort", () => withdraw(one, signal.reason), { once: true });
		pump();
	});
}
kennel.answer = (id, text) => {
	const done = open.get(id);
	open.delete(id);
	pump();
	if (done)
		settle(done, JSON.parse(text));
};

/* What a piece of an answer is used for may fail; the answer still comes. */
kennel.chunk = (id, text) => {
	try {
		open.get(id)?.onChunk?.(text);
	} catch (error) {
		kennel.uncaught(error);
	}
};

/* host.notes.read(…) is host.call("notes.read", …), host.readNotes(…) host.call("readNotes", …). */
const none = ["then", "toJSON", "constructor", "prototype", "valueOf", "toString"];
const method_proxy = (name) => new Proxy((params, options) => call(name, params, options), {
	get: (target, key) => typeof key === "symbol" || none.includes(key) ? undefined
		: method_proxy(`${name}.${key}`),
	set: () => false,
	defineProperty: () => false,
});
const make_host = (signal) => {
	const own = Object.freeze({ __proto__: null, call, signal, info, HostError: kennel.HostError });
	return new Proxy(own, {
		get: (target, key) => key in own ? own[key]
			: typeof key === "symbol" || none.includes(key) ? undefined : method_proxy(key),
	});
};

/* ---- events ---- */

const as_result = (value) => {
	try {
		return JSON.stringify(value ?? null) ?? "null";
	} catch (error) {
		throw new TypeError(`the result is no JSON: ${error.message}`);
	}
};
function report(what, problem) {
	native.log("error", `${what}: ${problem.message}`);
	for (const line of problem.stack)
		native.log("error", `    at ${line}`);
}
function finish(event, problem, text) {
	if (current !== event)
		return; /* it has ended already */
	current = null;
	if (problem)
		report(event.name, problem);
	native.finish(!problem, problem ? JSON.stringify(problem) : text);
}
/* An error nobody waits for: it is the event's that runs, and only that one's. */
kennel.uncaught = (error, kind = "uncaught") => {
	const problem = kennel.describe(error, kind);
	if (current)
		finish(current, problem);
	else
		report(kind, problem);
};
kennel.rejected = (promise, reason) => kennel.uncaught(reason, "rejection");

/* false: there is no such handler. */
kennel.event = (name, text) => {
	const handler = /^on[A-Z]/.test(name) && Object.hasOwn(handlers, name) ? handlers[name] : null;
	if (typeof handler !== "function")
		return false;
	const abort = new AbortController();
	const event = current = { name, abort };
	(async () => handler(JSON.parse(text), make_host(abort.signal)))().then(as_result).then(
		(result) => finish(event, null, result),
		(error) => finish(event, kennel.describe(error)));
	return true;
};
kennel.cancel = (reason) => {
	if (!current)
		return;
	const error = new kennel.DOMException(reason, "AbortError");
	current.abort.abort(error);
};
/* The event is over for the host: nothing of it is answered any more. */
kennel.abandon = (reason) => {
	kennel.cancel(reason);
	current = null;
};

/* ---- the start ---- */

const freeze = (value) => {
	if (typeof value === "object" && value !== null)
		Object.values(value).forEach(freeze);
	return Object.freeze(value);
};
const describe_start = (error) => kennel.describe(error,
	error instanceof SyntaxError ? "E_JS_SYNTAX" : "E_JS_START");
const failed = (error) => {
	const problem = describe_start(error);
	report("start", problem);
	native.ready(false, JSON.stringify(problem));
};
kennel.start = (path, text) => {
	info = freeze(JSON.parse(text));
	kennel.modules.start(path).then((space) => {
		handlers = space;
		native.ready(true, "");
	}).catch(failed);
};
kennel.check = (path) => {
	try {
		kennel.modules.check(path);
		return "";
	} catch (error) {
		return describe_start(error).message;
	}
};
