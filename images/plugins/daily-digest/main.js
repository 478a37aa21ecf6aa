/* SPDX-License-Identifier: Apache-2.0 */
/* main.js - daily-digest: the open tasks of all notes it may read, on a command, as a note where it may
 * write one.
 * Owns: what a digest says.  Must not know: how a task is written. */
import { byDue, openTasks } from "./tasks.js";

const PERMISSION_DENIED = 1001, SCOPE_DENIED = 1002, NOT_FOUND = 1010;
const FOLDER = "Digests/"; /* what lies there is ours: its tasks stand elsewhere */
const READERS = 4; /* notes read at once */

async function* allNotes(host) {
	let cursor;
	do {
		const page = await host.notes.list(cursor ? { limit: 200, cursor } : { limit: 200 });
		yield* page.notes;
		cursor = page.cursor;
	} while (cursor);
}

/* Tasks of one note; null: it may be listed, not read. */
async function tasksOf(host, path) {
	try {
		const note = await host.notes.read({ note: path });
		return openTasks(note.text).map((task) => ({ ...task, note: path }));
	} catch (error) {
		if (error.code === SCOPE_DENIED)
			return null;
		throw error;
	}
}

const may_not = (error) => error.code === PERMISSION_DENIED || error.code === SCOPE_DENIED;

/* Today's digest, made or brought up to date; null: it may not write. Somebody else's edit meanwhile is a
 * conflict, and fails the command. */
async function keep(host, today, text) {
	const note = `${FOLDER}${today}.md`;
	const before = await host.notes.stat({ note }).catch((error) => {
		if (error.code !== NOT_FOUND && !may_not(error))
			throw error;
		return null;
	});
	try {
		if (before)
			await host.notes.write({ note, baseRevision: before.revision, text });
		else
			await host.notes.create({ note, text });
	} catch (error) {
		if (may_not(error))
			return null;
		throw error;
	}
	return note;
}

const line = (task, today) => `- [ ] ${task.text} ([[${task.note.replace(/\.md$/, "")}]])` +
	(task.due === null ? "" : task.due < today ? ` – overdue since ${task.due}` : ` – ${task.due}`);

export async function onCommandPalette(event, host) {
	const today = event.today ?? new Date().toISOString().slice(0, 10);
	const paths = [], tasks = [];
	let notes = 0, unread = 0;
	for await (const note of allNotes(host))
		if (!note.path.startsWith(FOLDER))
			paths.push(note.path);
	await Promise.all(Array.from({ length: READERS }, async () => {
		for (let path; (path = paths.shift()) !== undefined && !host.signal.aborted;) {
			const found = await tasksOf(host, path);
			notes += found !== null;
			unread += found === null;
			tasks.push(...found ?? []);
		}
	}));
	tasks.sort((a, b) => byDue(a, b) || (a.note < b.note ? -1 : 1));
	const overdue = tasks.filter((task) => task.due !== null && task.due < today).length;
	const text = [`## ${today}: ${tasks.length} open, ${overdue} overdue`, "",
		...tasks.slice(0, 100).map((task) => line(task, today))].join("\n");
	return { notes, unread, open: tasks.length, overdue, text, kept: await keep(host, today, `${text}\n`) };
}

export async function onNoteSave(event, host) {
	if (event.note.path.startsWith(FOLDER))
		return { open: 0 };
	const tasks = await tasksOf(host, event.note.path);
	console.log("%s: %d open tasks", event.note.path, tasks?.length ?? 0);
	return { open: tasks?.length ?? 0 };
}
