/* SPDX-License-Identifier: Apache-2.0 */
/* console.js - values as text, and the log: a line on stderr, which the host captures and bounds. */
"use strict";
kennel.globals = (names) => {
	for (const [name, value] of Object.entries(names))
		Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
};
kennel.globals({ DOMException: kennel.DOMException });

const quote = (text) => JSON.stringify(text.length > 400 ? text.slice(0, 400) + "…" : text);
const show_key = (key) => typeof key === "symbol" ? `[${String(key)}]`
	: /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
const list = (items, open, close) => items.length > 100
	? list([...items.slice(0, 100), `… ${items.length - 100} more`], open, close)
	: items.length ? `${open} ${items.join(", ")} ${close}` : open + close;

function show_object(value, depth, above) {
	if (value instanceof Error)
		return [`${value.name}: ${value.message}`,
			...kennel.stack(value).map((line) => `    at ${line}`)].join("\n");
	if (value instanceof Date)
		return isNaN(value) ? "Invalid Date" : value.toISOString();
	if (value instanceof RegExp)
		return String(value);
	if (above.includes(value))
		return "[circular]";
	const name = Object.getPrototypeOf(value)?.constructor?.name;
	const title = name && name !== "Object" && name !== "Array" ? `${name} ` : "";
	if (depth === 0)
		return Array.isArray(value) ? "[…]" : `${title}{…}`;
	const inner = (v) => show(v, depth - 1, [...above, value]);
	if (Array.isArray(value))
		return list(value.slice(0, 101).map(inner), "[", "]");
	if (ArrayBuffer.isView(value) && !(value instanceof DataView))
		return title + list(Array.from(value.subarray(0, 101), String), "[", "]");
	if (value instanceof Map)
		return title + list([...value].map(([k, v]) => `${inner(k)} => ${inner(v)}`), "{", "}");
	if (value instanceof Set)
		return title + list([...value].map(inner), "{", "}");
	return title + list(Reflect.ownKeys(value).filter((key) =>
		Object.getOwnPropertyDescriptor(value, key)?.enumerable).map((key) => {
		const at = Object.getOwnPropertyDescriptor(value, key);
		return `${show_key(key)}: ${"value" in at ? inner(at.value) : "[getter]"}`;
	}), "{", "}");
}
function show(value, depth = 3, above = []) {
	switch (typeof value) {
	case "string":
		return quote(value);
	case "bigint":
		return `${value}n`;
	case "function":
		return `[function ${value.name || "without a name"}]`;
	case "object":
		return value === null ? "null" : show_object(value, depth, above);
	default:
		return String(value);
	}
}
/* A getter or a proxy of the plugin may throw: a log line is not worth an event. */
kennel.show = (value) => {
	try {
		return show(value);
	} catch {
		return "[cannot be shown]";
	}
};

const format = (values) => {
	const rest = [...values];
	let text = "";
	if (typeof rest[0] === "string")
		text = rest.shift().replace(/%([sdifjoOc%])/g, (all, kind) => {
			if (kind === "%")
				return "%";
			if (!rest.length)
				return all;
			const value = rest.shift();
			return kind === "c" ? "" : kind === "s" ? String(value)
				: kind === "d" || kind === "i" || kind === "f" ? String(Number(value))
				: kennel.show(value);
		});
	const more = rest.map((v) => typeof v === "string" ? v : kennel.show(v));
	return [text, ...more].filter((part, i) => i > 0 || part !== "" || !more.length).join(" ");
};
let indent = "";
const counts = new Map(), timers = new Map();
const say = (level) => (...values) => {
	let text;
	try {
		text = format(values);
	} catch {
		text = "[cannot be shown]";
	}
	for (const line of text.split("\n"))
		native.log(level, indent + line);
};
const log = say("info");
const console = {
	log, info: log, debug: say("debug"), trace: say("debug"), warn: say("warn"),
	error: say("error"), dir: (value) => log(value), table: (value) => log(value),
	assert(truth, ...values) {
		if (!truth)
			console.error("Assertion failed", ...values);
	},
	group(...values) {
		if (values.length)
			log(...values);
		indent = (indent + "  ").slice(0, 40);
	},
	groupEnd() {
		indent = indent.slice(2);
	},
	count(label = "default") {
		counts.set(label, (counts.get(label) ?? 0) + 1);
		log(`${label}: ${counts.get(label)}`);
	},
	countReset: (label = "default") => void counts.delete(label),
	time: (label = "default") => void timers.set(label, native.now()),
	timeLog: (label = "default", ...values) => log(`${label}: ${
		(native.now() - (timers.get(label) ?? NaN)).toFixed(1)} ms`, ...values),
	timeEnd(label = "default") {
		console.timeLog(label);
		timers.delete(label);
	},
};
console.groupCollapsed = console.group;
kennel.globals({ console });
