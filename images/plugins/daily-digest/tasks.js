/* SPDX-License-Identifier: Apache-2.0 */
/* tasks.js - open tasks of a note's text: "- [ ] water the plants due:2026-05-02".
 * Owns: how a task is written.  Must not know: where notes come from. */

const TASK = /^\s*(?:[-*+]|\d+[.)])\s+\[ \]\s+(\S.*)$/;
const DUE = /(?:\bdue:\s*|📅\s*)(\d{4}-\d{2}-\d{2})\b/u;
const FENCE = /^\s*(```+|~~~+)/;

/** @returns {{text: string, due: string | null}[]} in the order of the note; code is left out */
export function openTasks(markdown) {
	const tasks = [];
	let fence = null;
	for (const line of markdown.split("\n")) {
		const mark = FENCE.exec(line)?.[1];
		if (mark && (fence === null || mark.startsWith(fence))) {
			fence = fence === null ? mark : null;
			continue;
		}
		const text = fence === null && TASK.exec(line)?.[1];
		if (text)
			tasks.push({ text: text.replace(DUE, "").trim(), due: DUE.exec(text)?.[1] ?? null });
	}
	return tasks;
}

/** What is due first stands first, what has no date last. */
export const byDue = (a, b) => a.due === b.due ? 0 : a.due === null ? 1 : b.due === null ? -1
	: a.due < b.due ? -1 : 1;
