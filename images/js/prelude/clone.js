/* SPDX-License-Identifier: Apache-2.0 */
/* clone.js - structuredClone. */
"use strict";
const refuse = (what) => {
	throw new kennel.DOMException(`structuredClone: ${what} cannot be cloned`, "DataCloneError");
};
const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const boxed = [Boolean, Number, String, BigInt];

function copy_buffer(buffer, seen, moved) {
	if (typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer)
		refuse("a SharedArrayBuffer");
	const copy = moved.has(buffer) ? buffer.transfer() : buffer.slice(0);
	seen.set(buffer, copy);
	return copy;
}
function copy_view(view, seen, moved) {
	const { byteOffset, byteLength, length } = view;
	const buffer = clone(view.buffer, seen, moved);
	const copy = view instanceof DataView ? new DataView(buffer, byteOffset, byteLength)
		: new view.constructor(buffer, byteOffset, length);
	seen.set(view, copy);
	return copy;
}
function copy_error(error, seen, moved) {
	const copy = new (Object.hasOwn(errors, error.name) ? errors[error.name] : Error)(error.message);
	seen.set(error, copy);
	if (Object.hasOwn(error, "cause"))
		copy.cause = clone(error.cause, seen, moved);
	Object.defineProperty(copy, "stack", { value: error.stack, writable: true,
		configurable: true });
	return copy;
}
function fill(copy, value, seen, moved) {
	seen.set(value, copy);
	if (value instanceof Map)
		for (const [k, v] of [...value])
			copy.set(clone(k, seen, moved), clone(v, seen, moved));
	else if (value instanceof Set)
		for (const v of [...value])
			copy.add(clone(v, seen, moved));
	else
		for (const k of Object.keys(value))
			copy[k] = clone(value[k], seen, moved);
	return copy;
}
function clone(value, seen, moved) {
	if (typeof value === "symbol" || typeof value === "function")
		refuse(`a ${typeof value}`);
	if (typeof value !== "object" || value === null)
		return value;
	if (seen.has(value))
		return seen.get(value);
	if (boxed.some((type) => value instanceof type))
		return Object(value.valueOf());
	if (value instanceof Date)
		return new Date(value);
	if (value instanceof RegExp)
		return new RegExp(value.source, value.flags);
	if (value instanceof ArrayBuffer)
		return copy_buffer(value, seen, moved);
	if (ArrayBuffer.isView(value))
		return copy_view(value, seen, moved);
	if (value instanceof Error)
		return copy_error(value, seen, moved);
	for (const type of [WeakMap, WeakSet, WeakRef, Promise, EventTarget])
		if (value instanceof type)
			refuse(`a ${type.name}`);
	if (Array.isArray(value))
		return fill(new Array(value.length), value, seen, moved);
	return fill(value instanceof Map ? new Map() : value instanceof Set ? new Set() : {}, value,
		seen, moved);
}
kennel.globals({
	structuredClone(value, { transfer = [] } = {}) {
		const moved = new Set(transfer);
		for (const item of moved)
			if (!(item instanceof ArrayBuffer))
				refuse("what is no ArrayBuffer, by transfer,");
		return clone(value, new Map(), moved);
	},
});
