/* SPDX-License-Identifier: Apache-2.0 */
/* text.js - TextEncoder, TextDecoder, atob, btoa, crypto, performance. */
"use strict";
class TextEncoder {
	get encoding() {
		return "utf-8";
	}
	encode(text = "") {
		return native.encode(String(text));
	}
	encodeInto(text, target) {
		let read = 0, written = 0;
		for (const c of String(text)) {
			const bytes = native.encode(c);
			if (written + bytes.length > target.length)
				break;
			target.set(bytes, written);
			written += bytes.length;
			read += c.length;
		}
		return { read, written };
	}
}
const bytes_of = (data) => {
	if (data === undefined)
		return new Uint8Array();
	if (ArrayBuffer.isView(data))
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	if (data instanceof ArrayBuffer)
		return new Uint8Array(data);
	throw new TypeError("bytes are an ArrayBuffer or a view of one");
};
/* How many bytes at the end may be the beginning of a character. */
const unfinished = (bytes) => {
	for (let back = 1; back <= Math.min(3, bytes.length); back++) {
		const b = bytes[bytes.length - back];
		if ((b & 0xc0) === 0x80)
			continue;
		const need = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 1;
		return need > back ? back : 0;
	}
	return 0;
};
class TextDecoder {
	#fatal;
	#keep_bom;
	#rest = new Uint8Array();
	#begun = false;
	constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
		if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label))
			throw new RangeError(`TextDecoder: only utf-8 is known here, not ${label}`);
		this.#fatal = Boolean(fatal);
		this.#keep_bom = Boolean(ignoreBOM);
	}
	get encoding() {
		return "utf-8";
	}
	get fatal() {
		return this.#fatal;
	}
	get ignoreBOM() {
		return this.#keep_bom;
	}
	decode(data, { stream = false } = {}) {
		let bytes = bytes_of(data);
		if (this.#rest.length) {
			const all = new Uint8Array(this.#rest.length + bytes.length);
			all.set(this.#rest);
			all.set(bytes, this.#rest.length);
			bytes = all;
		}
		const keep = stream ? unfinished(bytes) : 0;
		this.#rest = bytes.slice(bytes.length - keep);
		let text = native.decode(bytes.subarray(0, bytes.length - keep), this.#fatal);
		if (!this.#keep_bom && !this.#begun && text.charCodeAt(0) === 0xfeff)
			text = text.slice(1);
		this.#begun = stream && (this.#begun || text.length > 0);
		return text;
	}
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const bad_base64 = () => new kennel.DOMException("not base64", "InvalidCharacterError");
function btoa(value) {
	const text = String(value);
	let out = "";
	for (let i = 0; i < text.length; i += 3) {
		const [a, b, c] = [0, 1, 2].map((k) => text.charCodeAt(i + k));
		if (a > 255 || b > 255 || c > 255)
			throw new kennel.DOMException("btoa: only characters up to U+00FF",
				"InvalidCharacterError");
		const n = a << 16 | (b || 0) << 8 | (c || 0);
		out += digits[n >> 18] + digits[n >> 12 & 63] +
			(i + 1 < text.length ? digits[n >> 6 & 63] : "=") +
			(i + 2 < text.length ? digits[n & 63] : "=");
	}
	return out;
}
function atob(value) {
	let text = String(value).replace(/[\t\n\f\r ]/g, "");
	if (text.length % 4 === 0)
		text = text.replace(/={1,2}$/, "");
	if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text))
		throw bad_base64();
	let out = "", bits = 0, have = 0;
	for (const c of text) {
		bits = (bits << 6 | digits.indexOf(c)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out += String.fromCharCode(bits >> have & 255);
		}
	}
	return out;
}

const crypto = Object.freeze({
	getRandomValues(view) {
		if (!ArrayBuffer.isView(view) || view instanceof DataView ||
			/^Float/.test(view.constructor.name))
			throw new kennel.DOMException("getRandomValues fills an array of integers",
				"TypeMismatchError");
		if (view.byteLength > 65536)
			throw new kennel.DOMException("getRandomValues gives 65536 bytes at most",
				"QuotaExceededError");
		native.random(bytes_of(view));
		return view;
	},
	randomUUID() {
		const b = crypto.getRandomValues(new Uint8Array(16));
		b[6] = b[6] & 15 | 64;
		b[8] = b[8] & 63 | 128;
		const hex = Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
		return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20),
			hex.slice(20)].join("-");
	},
	get subtle() {
		throw new TypeError("crypto.subtle is not here; bring an implementation in the bundle");
	},
});
const begun = native.now();
const performance = Object.freeze({ now: () => native.now() - begun,
	timeOrigin: Date.now() });
kennel.globals({ TextEncoder, TextDecoder, atob, btoa, crypto, performance });
