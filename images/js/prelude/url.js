/* SPDX-License-Identifier: Apache-2.0 */
/* url.js - URL and URLSearchParams, after the URL standard. Hosts are ASCII: an international name
 * is refused, and says so. */
"use strict";
const ports = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443", "ftp:": "21", "file:": "" };
const special = (scheme) => Object.hasOwn(ports, scheme);
const sets = {
	control: "",
	fragment: " \"<>`",
	query: " \"#<>",
	special_query: " \"#<>'",
	path: " \"#<>?`{}^",
	userinfo: " \"#<>?`{}/:;=@[\\]^|",
};
const encode = (text, set) => {
	let out = "";
	for (const c of text) {
		const code = c.codePointAt(0);
		if (code > 0x1f && code < 0x7f && !sets[set].includes(c))
			out += c;
		else
			for (const b of native.encode(c))
				out += `%${b.toString(16).toUpperCase().padStart(2, "0")}`;
	}
	return out;
};
const decode_bytes = (text) => {
	const bytes = native.encode(text), out = new Uint8Array(bytes.length);
	let n = 0;
	for (let i = 0; i < bytes.length; i++) {
		const hex = bytes[i] === 37 && i + 2 < bytes.length
			? String.fromCharCode(bytes[i + 1], bytes[i + 2]) : "";
		if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
			out[n++] = parseInt(hex, 16);
			i += 2;
		} else {
			out[n++] = bytes[i];
		}
	}
	return native.decode(out.subarray(0, n), false);
};
const fail = (what) => {
	throw new TypeError(`URL: ${what}`);
};

/* ---- hosts ---- */

function parse_ipv4(host) {
	const parts = host.split(".");
	if (parts.at(-1) === "" && parts.length > 1)
		parts.pop();
	if (!/^(0[xX][0-9a-fA-F]*|\d+)$/.test(parts.at(-1)))
		return null;
	const numbers = parts.map((part) => {
		if (/^0[xX][0-9a-fA-F]*$/.test(part))
			return parseInt(part.slice(2) || "0", 16);
		if (/^0[0-7]+$/.test(part))
			return parseInt(part, 8);
		return /^\d+$/.test(part) && !/^0\d/.test(part) ? parseInt(part, 10) : NaN;
	});
	const end = numbers.pop();
	if (parts.length > 4 || numbers.some((n) => !(n <= 255)) || !(end < 256 ** (4 - numbers.length)))
		fail(`the address ${host} is none`);
	const value = numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), end);
	return [3, 2, 1, 0].map((i) => Math.floor(value / 256 ** i) % 256).join(".");
}
function ipv6_pieces(text) {
	if (text === "")
		return [];
	return text.split(":").flatMap((piece, i, all) => {
		if (i === all.length - 1 && /^\d+\.\d+\.\d+\.\d+$/.test(piece)) {
			const b = piece.split(".").map(Number);
			if (b.some((n) => n > 255))
				fail("an IPv6 address that is none");
			return [b[0] * 256 + b[1], b[2] * 256 + b[3]];
		}
		if (!/^[0-9a-fA-F]{1,4}$/.test(piece))
			fail("an IPv6 address that is none");
		return [parseInt(piece, 16)];
	});
}
function parse_ipv6(text) {
	const halves = text.split("::").map(ipv6_pieces);
	const have = halves.flat().length;
	if (halves.length > 2 || (halves.length === 1 ? have !== 8 : have > 7))
		fail("an IPv6 address that is none");
	const all = halves.length === 1 ? halves[0]
		: [...halves[0], ...new Array(8 - have).fill(0), ...halves[1]];
	let best = { at: -1, n: 1 };
	for (let i = 0; i < 8; i++) {
		let n = 0;
		while (i + n < 8 && all[i + n] === 0)
			n++;
		if (n > best.n)
			best = { at: i, n };
	}
	const hex = all.map((n) => n.toString(16));
	return best.at < 0 ? `[${hex.join(":")}]`
		: `[${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.n).join(":")}]`;
}
function parse_host(text, scheme) {
	if (text.startsWith("[")) {
		if (!text.endsWith("]"))
			fail("an IPv6 address that does not end");
		return parse_ipv6(text.slice(1, -1));
	}
	if (!special(scheme)) {
		if (/[\0\t\n\r #/:<>?@[\\\]^|]/.test(text))
			fail(`the host ${text} has a character that no host has`);
		return encode(text, "control");
	}
	const host = decode_bytes(text).toLowerCase();
	if (/[^\0-\x7f]/.test(host))
		fail(`the host ${host} is international; write it as xn--…`);
	if (host === "" || /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/.test(host))
		fail(`the host ${text} has a character that no host has`);
	return parse_ipv4(host) ?? host;
}

/* ---- the parts ---- */

function parse_authority(u, text) {
	const at = text.lastIndexOf("@");
	if (at >= 0) {
		const [name, ...word] = text.slice(0, at).split(":");
		u.username = encode(name, "userinfo");
		u.password = encode(word.join(":"), "userinfo");
	}
	const rest = text.slice(at + 1);
	const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(rest) ?? fail("no host");
	if (host === "" && (special(u.scheme) || port !== undefined || at >= 0))
		fail("no host");
	u.host = host === "" ? "" : parse_host(host, u.scheme);
	if (port)
		set_port(u, port);
}
function set_port(u, text) {
	if (!/^\d+$/.test(text) || Number(text) > 65535)
		fail(`the port ${text} is none`);
	u.port = String(Number(text)) === ports[u.scheme] ? "" : String(Number(text));
}
/* "." and ".." in every spelling. */
const dot = (segment) => segment.toLowerCase().replaceAll("%2e", ".");
function parse_path(u, text, base) {
	const out = [...base];
	const segments = (special(u.scheme) ? text.replaceAll("\\", "/") : text).split("/");
	segments.forEach((segment, i) => {
		const kind = dot(segment), last = i === segments.length - 1;
		if (kind === "..")
			out.pop();
		if (kind !== "." && kind !== "..")
			out.push(encode(segment, "path"));
		else if (last)
			out.push("");
	});
	if (u.scheme === "file:" && /^[a-zA-Z]\|$/.test(out[0] ?? ""))
		out[0] = `${out[0][0]}:`;
	u.path = out;
}
/* text: what follows scheme and authority. */
function split_tail(text) {
	const hash = text.indexOf("#");
	const before = hash < 0 ? text : text.slice(0, hash);
	const ask = before.indexOf("?");
	return { path: ask < 0 ? before : before.slice(0, ask),
		query: ask < 0 ? null : before.slice(ask + 1),
		fragment: hash < 0 ? null : text.slice(hash + 1) };
}
function set_tail(u, { query, fragment }) {
	u.query = query === null ? null : encode(query, special(u.scheme) ? "special_query" : "query");
	u.fragment = fragment === null ? null : encode(fragment, "fragment");
}
function parse_relative(u, rest, base) {
	const tail = split_tail(rest);
	if (base.opaque !== null && tail.path === "" && tail.query === null && tail.fragment !== null) {
		Object.assign(u, base);
		u.fragment = encode(tail.fragment, "fragment");
		return u;
	}
	if (base.opaque !== null)
		fail(`${rest} is relative to a URL that has no path`);
	Object.assign(u, base, { path: [...base.path], fragment: null });
	const slashed = /^[/\\]/.test(tail.path) && (tail.path[0] === "/" || special(u.scheme));
	if (tail.path === "" && tail.query === null)
		tail.query = base.query;
	else if (slashed)
		parse_path(u, tail.path.slice(1), []);
	else if (tail.path !== "")
		parse_path(u, tail.path, base.path.slice(0, -1));
	const query = tail.query === base.query ? base.query : undefined;
	set_tail(u, tail);
	if (query !== undefined)
		u.query = query;
	return u;
}
function parse_hierarchy(u, rest) {
	const slash = special(u.scheme) ? /^[/\\]*/ : /^\/\//;
	const body = rest.replace(slash, "");
	const end = body.search(special(u.scheme) ? /[/\\?#]/ : /[/?#]/);
	const tail = split_tail(end < 0 ? "" : body.slice(end));
	parse_authority(u, end < 0 ? body : body.slice(0, end));
	if (special(u.scheme) || tail.path !== "")
		parse_path(u, tail.path.slice(1), []);
	set_tail(u, tail);
	return u;
}
function parse_file(u, rest, base) {
	const slashes = /^[/\\]*/.exec(rest)[0].length;
	if (slashes < 2 && base?.scheme === "file:")
		return parse_relative(u, rest, base);
	const body = slashes === 2 ? rest.slice(2) : rest.replace(/^[/\\]*/, "/");
	const end = body.search(/[/\\?#]/);
	const host = end < 0 ? body : body.slice(0, end);
	const tail = split_tail(end < 0 ? "" : body.slice(end));
	u.host = host === "" || host.toLowerCase() === "localhost" ? "" : parse_host(host, u.scheme);
	parse_path(u, tail.path.replace(/^[/\\]/, ""), []);
	set_tail(u, tail);
	return u;
}
function parse(input, base) {
	const text = String(input).replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
	const u = { scheme: "", username: "", password: "", host: null, port: "", path: [],
		opaque: null, query: null, fragment: null };
	const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*:)([^]*)$/.exec(text);
	if (!scheme) {
		if (!base)
			fail(`${kennel.show(text)} is relative, and there is no base`);
		if (special(base.scheme) ? /^[/\\]{2}/.test(text) : text.startsWith("//")) {
			u.scheme = base.scheme;
			return u.scheme === "file:" ? parse_file(u, text, null) : parse_hierarchy(u, text);
		}
		return parse_relative(u, text, base);
	}
	const rest = scheme[2];
	u.scheme = scheme[1].toLowerCase();
	if (u.scheme === "file:")
		return parse_file(u, rest, base);
	if (special(u.scheme) && base?.scheme === u.scheme && !/^[/\\]{2}/.test(rest))
		return parse_relative(u, rest, base);
	if (special(u.scheme) || rest.startsWith("//"))
		return parse_hierarchy(u, rest);
	const tail = split_tail(rest);
	if (rest.startsWith("/"))
		parse_path(u, tail.path.slice(1), []);
	else
		u.opaque = encode(tail.path, "control");
	set_tail(u, tail);
	return u;
}
const path_text = (u) => u.opaque ?? (u.path.length ? `/${u.path.join("/")}` : "");
const host_text = (u) => (u.host ?? "") + (u.port === "" ? "" : `:${u.port}`);
function print(u) {
	const who = u.username || u.password
		? `${u.username}${u.password ? `:${u.password}` : ""}@` : "";
	const where = u.host !== null ? `//${who}${host_text(u)}`
		: u.opaque === null && u.path.length > 1 && u.path[0] === "" ? "/." : "";
	return u.scheme + where + path_text(u) + (u.query === null ? "" : `?${u.query}`) +
		(u.fragment === null ? "" : `#${u.fragment}`);
}

/* ---- queries ---- */

const form = (text) => Array.from(native.encode(String(text)), (b) =>
	b === 32 ? "+" : /[A-Za-z0-9*._-]/.test(String.fromCharCode(b)) ? String.fromCharCode(b)
		: `%${b.toString(16).toUpperCase().padStart(2, "0")}`).join("");
const plain = (text) => decode_bytes(text.replaceAll("+", " "));
const read_query = (text) => text.split("&").filter(Boolean).map((pair) => {
	const at = pair.indexOf("=");
	return at < 0 ? [plain(pair), ""] : [plain(pair.slice(0, at)), plain(pair.slice(at + 1))];
});
let connect;
class URLSearchParams {
	#pairs = [];
	#changed = () => {};
	constructor(init = "") {
		if (typeof init === "object" && init !== null && typeof init[Symbol.iterator] === "function")
			for (const [name, value] of init)
				this.#pairs.push([String(name), String(value)]);
		else if (typeof init === "object" && init !== null)
			for (const name of Object.keys(init))
				this.#pairs.push([name, String(init[name])]);
		else
			this.#pairs = read_query(String(init).replace(/^\?/, ""));
	}
	static {
		connect = (params, query, changed) => {
			params.#pairs = read_query(query);
			params.#changed = changed;
		};
	}
	get size() {
		return this.#pairs.length;
	}
	append(name, value) {
		this.#pairs.push([String(name), String(value)]);
		this.#changed();
	}
	delete(name, value) {
		this.#pairs = this.#pairs.filter(([n, v]) => n !== String(name) ||
			(value !== undefined && v !== String(value)));
		this.#changed();
	}
	get(name) {
		return this.#pairs.find(([n]) => n === String(name))?.[1] ?? null;
	}
	getAll(name) {
		return this.#pairs.filter(([n]) => n === String(name)).map(([, v]) => v);
	}
	has(name, value) {
		return this.#pairs.some(([n, v]) => n === String(name) &&
			(value === undefined || v === String(value)));
	}
	set(name, value) {
		const at = this.#pairs.findIndex(([n]) => n === String(name));
		if (at < 0) {
			this.append(name, value);
			return;
		}
		this.#pairs = this.#pairs.filter(([n], i) => i <= at || n !== String(name));
		this.#pairs[at] = [String(name), String(value)];
		this.#changed();
	}
	sort() {
		this.#pairs.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
		this.#changed();
	}
	forEach(callback, self) {
		for (const [name, value] of this.#pairs)
			callback.call(self, value, name, this);
	}
	*entries() {
		for (const [name, value] of this.#pairs)
			yield [name, value];
	}
	*keys() {
		for (const [name] of this.#pairs)
			yield name;
	}
	*values() {
		for (const [, value] of this.#pairs)
			yield value;
	}
	[Symbol.iterator]() {
		return this.entries();
	}
	toString() {
		return this.#pairs.map(([name, value]) => `${form(name)}=${form(value)}`).join("&");
	}
}
class URL {
	#u;
	#params = new URLSearchParams();
	constructor(input, base) {
		this.#take(parse(input, base === undefined ? undefined : parse(base)));
	}
	#take(u) {
		this.#u = u;
		connect(this.#params, u.query ?? "", () => {
			this.#u.query = this.#params.toString() || null;
		});
	}
	static canParse(input, base) {
		return URL.parse(input, base) !== null;
	}
	static parse(input, base) {
		try {
			return new URL(input, base);
		} catch {
			return null;
		}
	}
	/* A setter that cannot do it changes nothing. */
	#try(change) {
		const u = { ...this.#u, path: [...this.#u.path] };
		try {
			change(u);
		} catch {
			return;
		}
		this.#u = u;
	}
	get href() {
		return print(this.#u);
	}
	set href(value) {
		this.#take(parse(value));
	}
	get origin() {
		const { scheme } = this.#u;
		return special(scheme) && scheme !== "file:" ? `${scheme}//${this.host}` : "null";
	}
	get protocol() {
		return this.#u.scheme;
	}
	set protocol(value) {
		const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):?/.exec(value)?.[1].toLowerCase();
		if (scheme && special(`${scheme}:`) === special(this.#u.scheme) && scheme !== "file")
			this.#try((u) => {
				u.scheme = `${scheme}:`;
				if (u.port)
					set_port(u, u.port);
			});
	}
	get username() {
		return this.#u.username;
	}
	set username(value) {
		if (this.#u.host)
			this.#u.username = encode(String(value), "userinfo");
	}
	get password() {
		return this.#u.password;
	}
	set password(value) {
		if (this.#u.host)
			this.#u.password = encode(String(value), "userinfo");
	}
	get host() {
		return host_text(this.#u);
	}
	set host(value) {
		const text = String(value).split(/[/?#]/)[0];
		this.#try((u) => {
			const { username, password, opaque } = u;
			if (opaque === null && text !== "")
				parse_authority(u, text.replace(/^.*@/, ""));
			Object.assign(u, { username, password });
		});
	}
	get hostname() {
		return this.#u.host ?? "";
	}
	set hostname(value) {
		const text = String(value).split(/[/?#]/)[0];
		this.#try((u) => {
			if (u.opaque === null && text !== "")
				u.host = parse_host(text, u.scheme);
		});
	}
	get port() {
		return this.#u.port;
	}
	set port(value) {
		const text = /^\d*/.exec(String(value))[0];
		this.#try((u) => {
			if (text === "" && String(value) === "")
				u.port = "";
			else if (u.host && u.scheme !== "file:")
				set_port(u, text);
		});
	}
	get pathname() {
		return path_text(this.#u);
	}
	set pathname(value) {
		if (this.#u.opaque === null)
			this.#try((u) => parse_path(u, String(value).replace(/^[/\\]/, ""), []));
	}
	get search() {
		return this.#u.query ? `?${this.#u.query}` : "";
	}
	set search(value) {
		const text = String(value).replace(/^\?/, "");
		const set = special(this.#u.scheme) ? "special_query" : "query";
		this.#u.query = String(value) === "" ? null : encode(text, set);
		this.#take(this.#u);
	}
	get searchParams() {
		return this.#params;
	}
	get hash() {
		return this.#u.fragment ? `#${this.#u.fragment}` : "";
	}
	set hash(value) {
		const text = String(value).replace(/^#/, "");
		this.#u.fragment = String(value) === "" ? null : encode(text, "fragment");
	}
	toString() {
		return this.href;
	}
	toJSON() {
		return this.href;
	}
}
kennel.globals({ URL, URLSearchParams });
