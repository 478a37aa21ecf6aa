/* SPDX-License-Identifier: Apache-2.0 */
/* modules.js - links and evaluates the modules of the bundle. The process splits a module into its
 * declarations and a function's body (module.h); here the body gets its imports. What never changes is
 * handed over as a value once its module has run; what may change is looked up each time. */
"use strict";
const records = new Map();

const error = (code, text) => Object.assign(new SyntaxError(text), { kennelKind: code });
/* line 0: by import() */
const place = (from, line) => line ? `${from}:${line}: ` : `${from}: import() of `;
/* The path inside the bundle that specifier means in the module `from`. */
function resolve(specifier, from, line) {
	const at = place(from, line);
	if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(specifier))
		throw error("E_JS_IMPORT", `${at}"${specifier}" is no file of the bundle; ` +
			"all modules come with it");
	if (!/^\.{0,2}\//.test(specifier))
		throw error("E_JS_IMPORT", `${at}"${specifier}" is not in the bundle; import a file by ` +
			"its path, like ./name.js, or put the package into the bundle with a bundler");
	const out = specifier.startsWith("/") ? [] : from.split("/").slice(0, -1);
	for (const part of specifier.split("/")) {
		if (part === ".." && !out.length)
			throw error("E_JS_IMPORT", `${at}"${specifier}" lies outside the bundle`);
		if (part === "..")
			out.pop();
		else if (part !== "." && part !== "")
			out.push(part);
	}
	return out.join("/");
}
function load_json(path) {
	const text = native.read(path);
	let value;
	try {
		value = JSON.parse(text);
	} catch (e) {
		throw error("E_JS_SYNTAX", `${path}: ${e.message}`);
	}
	return { path, state: "done", ran: Promise.resolve(), requests: [], imports: [], indirect: [],
		stars: [], needs: [], local: new Map([["default", { constant: true, get: () => value }]]) };
}
function load(path, from, line, json) {
	const known = records.get(path);
	if (known)
		return known;
	if (/\.json$/.test(path) !== json)
		throw error("E_JS_IMPORT", `${place(from, line)}"${path}": a .json file is imported with ` +
			"{ type: \"json\" }, and only that");
	let record;
	try {
		record = json ? load_json(path) : { path, state: "new", ran: null, needs: [],
			local: new Map(), ...JSON.parse(native.load(path)) };
	} catch (e) {
		const [, code, what] = /^(E_\w+): ([^]*)$/.exec(e.message) ?? [];
		if (from && code === "E_NOT_FOUND")
			throw error("E_JS_IMPORT", `${place(from, line)}"${path}" is not in the bundle`);
		throw code ? error(code, what) : e;
	}
	records.set(path, record);
	for (const x of json ? [] : record.exports)
		record.local.set(x.name, { constant: x.constant, get: () => {
			throw new ReferenceError(`${path} has not run yet: ${x.name}`);
		} });
	for (const r of record.requests)
		record.needs.push(load(resolve(r.specifier, path, r.line), path, r.line, r.json));
	return record;
}

/* {record, name} of what `name` means in a record; name "*" a namespace; null: nothing. */
function find(record, name, seen = []) {
	if (record.local.has(name))
		return { record, name };
	if (seen.some((s) => s.record === record && s.name === name))
		return null;
	const way = [...seen, { record, name }];
	const row = record.indirect.find((i) => i.name === name);
	if (row)
		return row.imported === "*" ? { record: record.needs[row.from], name: "*" }
			: find(record.needs[row.from], row.imported, way);
	if (name === "default")
		return null;
	let found = null;
	for (const star of record.stars) {
		const one = find(record.needs[star], name, way);
		if (one && found && (one.record !== found.record || one.name !== found.name))
			return null; /* two of this name: none */
		found ??= one;
	}
	return found;
}
const names = (record, seen = new Set()) => {
	if (seen.has(record))
		return [];
	seen.add(record);
	return [...new Set([...record.local.keys(), ...record.indirect.map((i) => i.name),
		...record.stars.flatMap((s) => names(record.needs[s], seen)
			.filter((n) => n !== "default"))])].sort();
};
function namespace(record) {
	if (record.namespace)
		return record.namespace;
	const space = record.namespace = Object.create(null);
	for (const name of names(record)) {
		const at = find(record, name);
		if (at)
			Object.defineProperty(space, name, { enumerable: true, get: () => value_of(at) });
	}
	Object.defineProperty(space, Symbol.toStringTag, { value: "Module" });
	return Object.freeze(space);
}
const value_of = ({ record, name }) => name === "*" ? namespace(record)
	: record.local.get(name).get();

/* ---- the function that a module becomes ---- */

function bind_imports(record) {
	const fixed = Object.create(null), live = Object.create(null);
	for (const i of record.imports) {
		const from = record.needs[i.from];
		const at = i.name === "*" ? { record: from, name: "*" } : find(from, i.name);
		if (!at)
			throw error("E_JS_IMPORT", `${record.path}:${i.line}: "${from.path}" exports no ` +
				`"${i.name}"`);
		const is_fixed = at.name === "*" ||
			(at.record.state === "done" && at.record.local.get(at.name).constant);
		if (is_fixed)
			fixed[i.local] = value_of(at);
		else
			Object.defineProperty(live, i.local, { get: () => value_of(at), set: () => {
				throw new TypeError(`${i.local} is imported, and cannot be assigned to`);
			} });
	}
	return { fixed, live };
}
function body_of(record, { fixed, live }) {
	const k = record.prefix;
	const constants = Object.keys(fixed).join();
	const exported = record.exports.map((x) => `${JSON.stringify(x.name)}:()=>${x.local}`).join();
	return `(function(${k}import,${k}meta,${k}export,${k}fixed,${k}live){` +
		(Object.getOwnPropertyNames(live).length ? `with(${k}live)` : "") +
		`return(function(){"use strict";${constants ? `const{${constants}}=${k}fixed;` : ""}` +
		`return async function(){"use strict";${k}export({${exported}});${record.source}\n}})()})`;
}
function make_dynamic(record) {
	return async (specifier) => {
		const path = resolve(String(specifier), record.path, 0);
		const target = load(path, record.path, 0, /\.json$/.test(path));
		await run(target, []);
		return namespace(target);
	};
}
async function evaluate(record, above) {
	for (const need of record.needs)
		if (!above.includes(need))
			await run(need, [...above, need]);
	record.state = "running";
	const bound = bind_imports(record);
	const make = native.evaluate(body_of(record, bound), record.path);
	const meta = Object.assign(Object.create(null), { url: `bundle:/${record.path}` });
	const start = make(make_dynamic(record), meta, (getters) => {
		for (const [name, get] of Object.entries(getters))
			record.local.get(name).get = get;
	}, bound.fixed, bound.live);
	record.source = null;
	await start.call(undefined);
	record.state = "done";
}
const run = (record, above) => record.ran ??= evaluate(record, above);

kennel.modules = {
	/* The namespace of the entry, when all has run. */
	async start(path) {
		const record = load(path, "", 1, false);
		await run(record, [record]);
		return namespace(record);
	},
	/* Finds everything that is wrong without running any of it. */
	check(path) {
		load(path, "", 1, false);
		for (const record of records.values()) {
			if (record.state === "done")
				continue;
			native.evaluate(body_of(record, bind_imports(record)), record.path);
			for (const i of record.indirect)
				if (!find(record, i.name))
					throw error("E_JS_IMPORT", `${record.path}:${i.line}: there is no ` +
						`"${i.imported}" to export`);
		}
	},
};
