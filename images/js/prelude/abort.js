/* SPDX-License-Identifier: Apache-2.0 */
/* abort.js - Event, EventTarget, AbortController, AbortSignal. */
"use strict";
class Event {
	#stopped = false;
	#prevented = false;
	constructor(type, { cancelable = false } = {}) {
		this.type = String(type);
		this.cancelable = Boolean(cancelable);
		this.target = this.currentTarget = null;
		this.timeStamp = performance.now();
	}
	get defaultPrevented() {
		return this.#prevented;
	}
	preventDefault() {
		this.#prevented = this.cancelable;
	}
	stopPropagation() {}
	stopImmediatePropagation() {
		this.#stopped = true;
	}
	static stopped(event) {
		return event.#stopped;
	}
}
const stopped = Event.stopped;
delete Event.stopped;
class EventTarget {
	#listeners = [];
	addEventListener(type, listener, options) {
		const { once = false, signal } = typeof options === "object" && options ? options : {};
		if (!listener || signal?.aborted ||
			this.#listeners.some((l) => l.type === type && l.listener === listener))
			return;
		this.#listeners.push({ type, listener, once });
		signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
	}
	removeEventListener(type, listener) {
		this.#listeners = this.#listeners.filter((l) => l.type !== type ||
			l.listener !== listener);
	}
	dispatchEvent(event) {
		event.target = event.currentTarget = this;
		for (const l of this.#listeners.filter((x) => x.type === event.type)) {
			if (l.once)
				this.removeEventListener(l.type, l.listener);
			try {
				if (typeof l.listener === "function")
					l.listener.call(this, event);
				else
					l.listener.handleEvent(event);
			} catch (error) {
				kennel.uncaught(error);
			}
			if (stopped(event))
				break;
		}
		return !event.defaultPrevented;
	}
}
const key = Symbol("by its controller only");
class AbortSignal extends EventTarget {
	#aborted = false;
	#reason;
	onabort = null;
	constructor(by) {
		super();
		if (by !== key)
			throw new TypeError("AbortSignal: use AbortController");
	}
	get aborted() {
		return this.#aborted;
	}
	get reason() {
		return this.#reason;
	}
	throwIfAborted() {
		if (this.#aborted)
			throw this.#reason;
	}
	static fire(signal, reason) {
		if (signal.#aborted)
			return;
		signal.#aborted = true;
		signal.#reason = reason === undefined
			? new kennel.DOMException("the operation was aborted", "AbortError") : reason;
		const event = new Event("abort");
		if (typeof signal.onabort === "function")
			signal.addEventListener("abort", signal.onabort);
		signal.dispatchEvent(event);
	}
	static abort(reason) {
		const signal = new AbortSignal(key);
		fire(signal, reason);
		return signal;
	}
	static timeout(ms) {
		const signal = new AbortSignal(key);
		setTimeout(() => fire(signal, new kennel.DOMException("the time is over",
			"TimeoutError")), ms);
		return signal;
	}
	static any(signals) {
		const signal = new AbortSignal(key);
		for (const s of signals) {
			if (s.aborted) {
				fire(signal, s.reason);
				break;
			}
			s.addEventListener("abort", () => fire(signal, s.reason));
		}
		return signal;
	}
}
const fire = AbortSignal.fire;
delete AbortSignal.fire;
class AbortController {
	#signal = new AbortSignal(key);
	get signal() {
		return this.#signal;
	}
	abort(reason) {
		fire(this.#signal, reason);
	}
}
kennel.globals({ Event, EventTarget, AbortController, AbortSignal });
