/* SPDX-License-Identifier: Apache-2.0 */
/* main.js - one handler for each thing that js-run.sh looks at. Line numbers are looked at too. */
import whole, { add, count as counted, bump, seen } from "./lib/parts.js";
import * as parts from "./lib/parts.js";
import data from "./lib/data.json" with { type: "json" };
import { later } from "./lib/circle.js";

let events = 0;
export function onEcho(event) {
	return event;
}
export function onCount() {
	return ++events;
}
export const onNothing = () => {};
export const onModules = async () => [add(1, 2), whole.name, parts.add(3, 4), data.colour, later(),
	seen(), import.meta.url, (await import("./lib/parts.js")) === parts, Object.keys(parts)];
export function onLive() {
	const before = counted;
	bump();
	return [before, counted, parts.count];
}
export function onAssign() {
	counted = 5;
}
export function onThrow() {
	return deep(null); /* mark:thrower */
}
function deep(value) {
	return value.name; /* mark:deep */
}
export async function onThrowLater() {
	await null;
	throw new RangeError("after a while"); /* mark:later */
}
export function onThrowText() {
	throw "only text";
}
export function onThrowParts() {
	return parts.fail(); /* mark:parts */
}
export const onBigInt = () => 1n;
export const onCircle = () => {
	const a = {};
	a.a = a;
	return a;
};
export const onLarge = () => "x".repeat(1100000);
export const onBig = async (event, host) => (await host.big({ text: event.text })).text.length + event.text.length;
export const onSurrogate = () => "\ud800";

/* ---- calls ---- */

export const onCall = (event, host) => host.notes.read({ note: event.note });
export const onAlias = async (event, host) => (await host.readNotes({ note: "a.md" })).text;
export async function onMany(event, host) {
	const all = await Promise.all(Array.from({ length: 40 }, (_, i) => host.echo({ i })));
	return all.length;
}
export async function onRefused(event, host) {
	try {
		await host.links.write({}); /* mark:refused */
	} catch (e) {
		return [e instanceof host.HostError, e instanceof Error, e.name, e.code, e.permission,
			e.method, /main\.js:(\d+)/.exec(e.stack)?.[1]];
	}
}
export const onUncaughtRefusal = (event, host) => host.links.write({});
export const onBadParams = (event, host) => host.notes.read("a.md");
export const onLargeCall = (event, host) => host.echo({ text: "x".repeat(1100000) });
export const onInfo = (event, host) => [host.info.plugin, host.info.config?.colour, Object.isFrozen(host.info.limits)];
export async function onAbortCall(event, host) {
	const c = new AbortController();
	const call = host.echo({}, { signal: c.signal });
	c.abort(new Error("not wanted"));
	return call;
}

/* ---- nobody waits ---- */

export function onRejection() {
	Promise.reject(new Error("nobody waits")); /* mark:nobody */
	return new Promise(() => {});
}
export function onHandled() {
	const p = Promise.reject(new Error("somebody waits"));
	return Promise.resolve().then(() => p.catch((e) => e.message));
}
export function onTimerThrows() {
	setTimeout(() => {
		throw new Error("in a timer");
	}, 1);
	return new Promise(() => {});
}

/* ---- time ---- */

export const onTimers = async () => {
	const order = [];
	const stop = setInterval(() => order.push("i"), 5);
	setTimeout(() => order.push("never"), 1000000);
	clearTimeout(setTimeout(() => order.push("cleared"), 1));
	setTimeout((a) => order.push(a), 2, "first");
	await new Promise((done) => setTimeout(done, 30));
	clearInterval(stop);
	order.splice(2, 100, order.filter((o) => o === "i").length > 1);
	return order;
};
export const onMicro = async () => {
	const order = [];
	setTimeout(() => Promise.resolve().then(() => order.push("micro")), 0);
	setTimeout(() => order.push("timer"), 0);
	queueMicrotask(() => order.push("first"));
	await new Promise((done) => setTimeout(done, 5));
	return order;
};
export function onLoop() {
	for (;;);
}
export function onLoopCaught() {
	for (;;)
		try {
			for (;;);
		} catch {
			/* not this way */
		}
}
export const onForever = () => new Promise(() => {});
export async function onMicroLoop() {
	for (;;)
		await null;
}
export const onSignal = (event, host) => new Promise((done) => {
	host.signal.addEventListener("abort", () => console.log(`aborted ${host.signal.reason.name}`));
});

/* ---- memory ---- */

export function onMemory() {
	const all = [];
	for (;;)
		all.push(new Uint8Array(100000).fill(1));
}
export function onMemoryText() {
	let s = "x";
	for (;;)
		s = `${s}${s}`.split("").join("y");
}
export function onDeep() {
	return onDeep() + 1;
}
export function onGarbage() {
	let n = 0;
	for (let i = 0; i < 3000; i++)
		n += new Uint8Array(100000).length;
	return n;
}

/* ---- nothing but what is given ---- */

export const onEval = () => eval("1");
export const onFunction = () => new Function("return 1");
export const onAsyncFunction = () => (async () => {}).constructor("return 1");
export const onTimerText = () => setTimeout("1", 1);
export const onFetch = () => fetch("https://example.org/");
export const onRequire = () => require("fs");
export const onProcess = () => process.env.HOME;
export const onPage = () => document.title;
export const onGlobals = () => ["process", "Deno", "Bun", "WebAssembly", "SharedArrayBuffer", "ShadowRealm",
	"window", "document", "localStorage", "print", "load", "read", "native", "kennel"]
	.filter((name) => name in globalThis);
export const onBare = async () => import("lodash");
export const onOutside = async () => import("../../../etc/passwd");
export const onMissing = async () => import("./nothing.js");
export const onStrict = () => (function () {
	return this === undefined;
})() && this === undefined;

/* ---- what a worker has ---- */

export const onConsole = () => {
	console.log("plain %s %d", "text", 4, { a: [1, { b: { c: { d: 1 } } }], m: new Map([[1, 2]]) });
	console.warn("two\nlines");
	console.error(new TypeError("shown"));
	console.log("x".repeat(3000));
};
export const onText = () => {
	const d = new TextDecoder();
	const bytes = new TextEncoder().encode("é😀");
	let fatal = "";
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255]));
	} catch (e) {
		fatal = e.constructor.name;
	}
	return [[...bytes], d.decode(bytes), d.decode(new Uint8Array([0xf0, 0x9f]), { stream: true }),
		d.decode(new Uint8Array([0x98, 0x80]), { stream: true }), fatal,
		new TextEncoder().encodeInto("aé", new Uint8Array(2)), btoa("\xff\xfe"), atob("//4="),
		d.decode(new Uint8Array([65, 66, 67, 68]).subarray(1, 3))];
};
export const onUrl = () => [
	["https://user:pa%20ss@EXAMPLE.org:443/a/../b/./c?q=1 2#f g"], ["../x?y", "https://e.com/a/b/c"],
	["//h/p", "https://e.com"], ["http://[2001:db8::0:1]:8080/"], ["http://0x7f.1/"],
	["mailto:a@b.c?subject=1"], ["file:///C|/x/../y"], ["?q", "https://e.com/a?b#c"], ["#h", "https://e.com/a?b"],
].map((a) => new URL(...a).href).concat([["http://"], ["/x"], ["http://ü.de/"], ["http://a b/"], ["http://1.2.3.256/"]]
	.map((a) => URL.canParse(...a)));
export const onParams = () => {
	const u = new URL("https://e.com/?a=1&b=2+3&a=%C3%A9");
	const all = u.searchParams.getAll("a");
	u.searchParams.append("c", "x&y");
	u.searchParams.delete("a");
	u.hash = "z";
	u.port = "81";
	u.pathname = "/p q";
	return [all, u.href, String(new URLSearchParams({ k: "v w" })), [...new URLSearchParams("x=1&x=2")]];
};
export const onClone = () => {
	const v = { d: new Date(0), m: new Map([[1, new Set(["x"])]]), r: /a/gi, b: new Uint8Array([1, 2]), e: new RangeError("r") };
	v.self = v;
	const c = structuredClone(v);
	let refused = "";
	try {
		structuredClone(() => {});
	} catch (e) {
		refused = e.name;
	}
	return [c !== v, c.self === c, c.d.getTime(), [...c.m.get(1)], String(c.r), [...c.b], c.b.buffer !== v.b.buffer,
		c.e instanceof RangeError, refused];
};
export const onCrypto = () => {
	const a = crypto.getRandomValues(new Uint32Array(8)), b = crypto.getRandomValues(new Uint32Array(8));
	const view = new Uint8Array(8);
	crypto.getRandomValues(view.subarray(4));
	return [a.some((x, i) => x !== b[i]), /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(crypto.randomUUID()),
		view.subarray(0, 4).every((x) => x === 0), view.subarray(4).some((x) => x !== 0)];
};
export const onAbort = async () => {
	const c = new AbortController(), log = [];
	c.signal.addEventListener("abort", (e) => log.push(e.type), { once: true });
	c.abort();
	c.abort();
	const any = AbortSignal.any([new AbortController().signal, AbortSignal.abort("r")]);
	const timed = AbortSignal.timeout(1);
	await new Promise((done) => setTimeout(done, 10));
	return [log, c.signal.reason.name, any.reason, timed.reason.name];
};
