/* SPDX-License-Identifier: Apache-2.0 */
/* timers.js - setTimeout and its kin. The process asks when the next one is due, and fires them one
 * by one, so that promises are settled between them. */
"use strict";
const TIMERS_MAX = 10000, DELAY_MAX = 2147483647;
const timers = new Map(); /* id -> {due, every, run}, soonest found by looking */
let last = 0, soonest = null;

const find = () => {
	if (soonest === null)
		for (const [id, t] of timers)
			if (soonest === null || t.due < timers.get(soonest).due)
				soonest = id;
	return soonest;
};
function add(callback, delay, args, repeats) {
	if (typeof callback !== "function")
		throw new TypeError("a timer takes a function, not a text: no code from strings");
	if (timers.size >= TIMERS_MAX)
		throw new RangeError(`more than ${TIMERS_MAX} timers`);
	const ms = Math.min(Math.max(Number(delay) || 0, repeats ? 1 : 0), DELAY_MAX);
	timers.set(++last, { due: native.now() + ms, every: repeats ? ms : null,
		run: () => callback(...args) });
	soonest = null;
	return last;
}
const clear = (id) => {
	timers.delete(id);
	soonest = null;
};
/* -1: none; else milliseconds until the next. */
kennel.due = () => {
	const id = find();
	return id === null ? -1 : Math.max(0, Math.ceil(timers.get(id).due - native.now()));
};
kennel.fire = () => {
	const id = find(), timer = timers.get(id);
	soonest = null;
	if (timer.every === null)
		timers.delete(id);
	else
		timer.due = native.now() + timer.every;
	try {
		timer.run();
	} catch (error) {
		kennel.uncaught(error);
	}
};
kennel.globals({
	setTimeout: (callback, delay, ...args) => add(callback, delay, args, false),
	setInterval: (callback, delay, ...args) => add(callback, delay, args, true),
	clearTimeout: clear,
	clearInterval: clear,
	queueMicrotask: (callback) => {
		if (typeof callback !== "function")
			throw new TypeError("queueMicrotask takes a function");
		Promise.resolve().then(() => {
			try {
				callback();
			} catch (error) {
				kennel.uncaught(error);
			}
		});
	},
});
