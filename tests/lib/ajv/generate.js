// SPDX-License-Identifier: Apache-2.0
// generate.js - manifests, good and bad: from the published schema's words and bounds, and by changing one
// thing, or several, in good ones. Each is { family, text, beyond }: JSON of one line; beyond is the name
// of the refusal where no schema can say it.
'use strict';
const samples = require('./samples.js');

const RANDOM_GOOD = 1800;
const RANDOM_BAD = 900;

function random(seed) { // mulberry32
	let a = seed;
	const next = () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), a | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (n) => Math.floor(next() * n);
	return {
		below,
		chance: (p) => next() < p,
		pick: (list) => list[below(list.length)],
		some: (list, p) => list.filter(() => next() < p),
	};
}

// ---- places in a document ----

function places(value, path = []) {
	const all = [path];
	if (value && typeof value === 'object')
		for (const key of Object.keys(value))
			all.push(...places(value[key], [...path, key]));
	return all;
}

function get(doc, path) {
	return path.reduce((v, key) => v[key], doc);
}

function changed(doc, path, change) {
	const copy = structuredClone(doc);
	if (!path.length)
		return change(copy);
	const parent = get(copy, path.slice(0, -1)), key = path[path.length - 1];
	const value = change(parent[key]);
	if (value !== undefined)
		parent[key] = value;
	else if (Array.isArray(parent))
		parent.splice(Number(key), 1);
	else
		delete parent[key];
	return copy;
}

// ---- good ones ----

function words(schema) {
	const p = schema.properties;
	return {
		permissions: p.permissions.items.enum,
		scoped: Object.keys(p.scopes.properties),
		events: p.events.items.enum,
		policies: p.restart.properties.policy.enum,
	};
}

function fillText(r, max) {
	let s = '';
	for (let n = r.below(max + 1); n > 0; n--)
		s += r.chance(0.9) ? r.pick(samples.plain) : r.pick(samples.wide);
	return s;
}

function goodScopes(r, listed) {
	const scopes = {};
	let left = 31; // goodFiles may add one
	for (const p of r.some(listed, 0.7)) {
		scopes[p] = {};
		for (const list of r.some(['allow', 'deny'], 0.7)) {
			const n = Math.min(left, r.below(5));
			left -= n;
			scopes[p][list] = Array.from({ length: n }, () => r.pick(samples.globs.good));
		}
	}
	return scopes;
}

function goodFiles(r, m) {
	const files = r.chance(0.5) ? [{ path: 'data:/', access: r.pick(['read', 'write']) }] : [];
	if (m.permissions.includes('readNotes'))
		for (const folder of r.some(['a', 'b/c', 'Été', 'd/e/f'], 0.4))
			files.push({ path: `vault:/${folder}`, access: 'read' });
	if (files.some((f) => f.path.startsWith('vault:'))) {
		m.scopes = m.scopes || {};
		m.scopes.readNotes = { allow: ['**'] };
	}
	return files;
}

function goodLimits(r, schema, times) {
	const limits = {};
	for (const [key, s] of Object.entries(schema.properties.limits.properties)) {
		const number = s.anyOf ? s.anyOf[0] : s;
		if (r.chance(0.4))
			continue;
		if (s.type === 'string')
			limits[key] = r.pick(samples.times(times[`/limits/${key}`]).good);
		else if (s.anyOf && r.chance(0.6))
			limits[key] = r.pick(samples.sizes(number).good);
		else
			limits[key] = number.minimum + r.below(number.maximum - number.minimum + 1);
	}
	return limits;
}

function goodRestart(r, w, schema, times) {
	const restart = { policy: r.pick(w.policies) };
	if (r.chance(0.5))
		restart.max = 1 + r.below(schema.properties.restart.properties.max.maximum);
	if (r.chance(0.5))
		restart.within = r.pick(samples.times(times['/restart/within']).good);
	return restart;
}

function good(r, schema, times) {
	const w = words(schema);
	const m = {
		name: r.pick(samples.names.good), schemaVersion: '1.0', version: r.pick(samples.versions.good),
		entry: r.pick(samples.entries.good), permissions: r.some(w.permissions, r.below(10) / 10),
	};
	const may = {
		description: () => fillText(r, 255),
		author: () => fillText(r, 127),
		license: () => r.pick(samples.licenses.good),
		events: () => r.some(w.events, 0.5),
		signature: () => '',
		recommendedPermissions: () => Object.fromEntries(r.some(m.permissions, 0.6).map((p) => [p, fillText(r, 127)])),
		scopes: () => goodScopes(r, m.permissions.filter((p) => w.scoped.includes(p))),
		files: () => goodFiles(r, m),
		limits: () => goodLimits(r, schema, times),
		restart: () => goodRestart(r, w, schema, times),
		runtime: () => (/\.wasm$/.test(m.entry) ? 'wasm' : /\.m?js$/.test(m.entry) ? 'js' : r.pick(['wasm', 'js', 'native'])),
		jit: () => (m.runtime === 'js' || /\.m?js$/.test(m.entry)) && r.chance(0.5),
	};
	for (const key of r.some(Object.keys(may), 0.6))
		m[key] = may[key]();
	return Object.fromEntries(Object.keys(m).sort(() => r.below(3) - 1).map((k) => [k, m[k]]));
}

// One with every field in it, for the systematic changes.
function full() {
	return {
		name: 'linker', schemaVersion: '1.0', version: '1.2.3', description: 'Links notes', author: 'An Author',
		license: 'MIT', permissions: ['readNotes', 'writeLinks', 'useAI'],
		recommendedPermissions: { readNotes: 'to find names', useAI: '' }, entry: 'main.js',
		events: ['onNoteSave'], signature: '',
		scopes: { readNotes: { allow: ['**'] }, writeLinks: { allow: ['a/**'], deny: ['a/b/**'] } },
		files: [{ path: 'vault:/a', access: 'read' }, { path: 'data:/', access: 'write' }],
		limits: { memory: '32M', cpu: 50, tasks: 4, runtime: '5s', cpuTime: '1m', callsPerSecond: 9, storage: 65536, io: '2M' },
		restart: { policy: 'on-failure', max: 3, within: '1m' }, runtime: 'js', jit: true,
	};
}

// ---- systematic changes ----

const otherTypes = [null, true, false, 0, 1, -1, 2, 1.5, 4294967296, 4294967297, 9007199254740991, 1e21, '', 'x', '0', ' ',
	[], {}, [[]], [null], [{}], [''], ['x'], { a: 1 }, { '': '' }, { allow: [] }, ['readNotes', 'readNotes'], ['readNotes', 1]];

function wrongTypes(doc) {
	return places(doc).flatMap((path) => otherTypes.map((v) => changed(doc, path, () => v)));
}

function missing(doc) {
	return places(doc).slice(1).map((path) => changed(doc, path, () => undefined));
}

function unknownKeys(doc, keys) {
	const objects = places(doc).filter((path) => {
		const v = get(doc, path);
		return v && typeof v === 'object' && !Array.isArray(v);
	});
	return objects.flatMap((path) => keys.map((key) => changed(doc, path, (o) =>
		(Object.prototype.hasOwnProperty.call(o, key) ? o : Object.defineProperty(o, key,
			{ value: 1, enumerable: true, configurable: true, writable: true })))));
}

function inPlace(doc, path, values) {
	return values.map((v) => changed(doc, path, () => v));
}

function strings(doc, schema, times) {
	const limits = schema.properties.limits.properties;
	const put = (path, s) => inPlace(doc, path, [...s.good, ...s.bad]);
	return [
		...put(['name'], samples.names), ...put(['version'], samples.versions),
		...put(['entry'], samples.entries).map((m) => { delete m.runtime; delete m.jit; return m; }),
		...put(['license'], samples.licenses), ...put(['schemaVersion'], { good: ['1.0'], bad: ['1', '1.', '1.1', '1.00', ' 1.0', '01.0', '1.0\u00a0'] }),
		...put(['description'], samples.texts(255, 0)), ...put(['author'], samples.texts(127, 0)),
		...put(['recommendedPermissions', 'useAI'], samples.texts(127, 0)),
		...put(['scopes', 'writeLinks', 'allow', 0], samples.globs), ...put(['scopes', 'writeLinks', 'deny', 0], samples.globs),
		...put(['scopes', 'writeLinks', 'deny', 0], samples.texts(127, 42)),
		...put(['files', 0, 'path'], samples.paths), ...put(['files', 1, 'path'], samples.paths),
		...put(['files', 0, 'path'], samples.texts(255, 85, 'vault:/')),
		...put(['limits', 'memory'], samples.sizes(limits.memory.anyOf[0])),
		...put(['limits', 'storage'], samples.sizes(limits.storage.anyOf[0])),
		...put(['limits', 'runtime'], samples.times(times['/limits/runtime'])),
		...put(['limits', 'cpuTime'], samples.times(times['/limits/cpuTime'])),
		...put(['restart', 'within'], samples.times(times['/restart/within'])),
	];
}

function numbers(doc, schema) {
	const at = (path, s) => inPlace(doc, path, [s.minimum - 1, s.minimum, s.minimum + 1, s.maximum - 1, s.maximum,
		s.maximum + 1, -s.minimum, s.minimum + 2 ** 32, s.maximum + 2 ** 32, 0, -1, s.minimum + 0.5]);
	const limits = Object.entries(schema.properties.limits.properties);
	return [
		...limits.flatMap(([key, s]) => (s.type === 'string' ? [] : at(['limits', key], s.anyOf ? s.anyOf[0] : s))),
		...at(['restart', 'max'], schema.properties.restart.properties.max),
	];
}

function lists(doc, schema) {
	const w = words(schema);
	const off = (word) => [word, word.slice(1), word.slice(0, -1), word + 's', word.toUpperCase(), ` ${word}`, `${word}\u200b`];
	const granted = changed(doc, ['permissions'], () => w.permissions);
	const items = schema.properties.files.maxItems;
	return [
		...w.permissions.flatMap((p) => off(p).map((s) => changed(doc, ['permissions'], (list) => [...list, s]))),
		...w.permissions.flatMap((p) => [doc, granted].flatMap((d) => [
			changed(d, ['scopes'], (s) => ({ ...s, [p]: { allow: ['x'] } })),
			changed(d, ['recommendedPermissions'], (s) => ({ ...s, [p]: 'because' })),
			changed(d, ['recommendedPermissions'], (s) => ({ ...s, [`${p}x`]: 'because' })),
		])),
		...w.events.flatMap((e) => off(e).map((s) => changed(doc, ['events'], () => [s]))),
		...w.policies.flatMap((e) => off(e).map((s) => changed(doc, ['restart', 'policy'], () => s))),
		...['wasm', 'js', 'native', 'none'].flatMap((e) => off(e).map((s) => changed(doc, ['runtime'], () => s))),
		...['read', 'write', 'exec', 'readwrite'].flatMap((e) => off(e).flatMap((s) => [0, 1].map((i) => changed(doc, ['files', i, 'access'], () => s)))),
		changed(doc, ['permissions'], () => w.permissions), changed(doc, ['permissions'], () => [...w.permissions, 'readNotes']),
		...[0, 1, items - 1, items, items + 1].map((n) => changed(doc, ['files'], () =>
			Array.from({ length: n }, (_, i) => ({ path: `vault:/f${i}`, access: 'read' })))),
		...[0, 29, 30].map((n) => changed(doc, ['scopes', 'readNotes', 'allow'], () => Array(n).fill('**'))),
		...[31, 32, 33].map((n) => changed(doc, ['scopes'], () => ({ readNotes: { allow: Array(n).fill('**') } }))),
		changed(doc, ['files'], (f) => [...f, f[1]]), changed(doc, ['files'], (f) => [...f, f[0]]),
		changed(doc, ['files'], (f) => [f[0], { access: 'read', path: 'vault:/a' }]),
	];
}

function together(doc) {
	const all = [];
	for (const entry of ['main.wasm', 'main.js', 'main.mjs', 'main', 'x.WASM', 'a.js.wasm', 'wasm', 'js', 'a.jsx', 'a.wasm/b', 'a.js/b.wasm'])
		for (const runtime of [undefined, 'wasm', 'js', 'native'])
			for (const jit of [undefined, false, true])
				all.push(changed(changed(changed(doc, ['entry'], () => entry), ['runtime'], () => runtime), ['jit'], () => jit));
	for (const path of ['vault:/', 'vault:/a', 'data:/'])
		for (const access of ['read', 'write'])
			for (const permissions of [['writeLinks', 'useAI'], ['readNotes', 'writeLinks', 'useAI']]) {
				const m = changed(changed(doc, ['files'], () => [{ path, access }]), ['permissions'], () => permissions);
				if (!permissions.includes('readNotes')) {
					delete m.scopes.readNotes;
					delete m.recommendedPermissions.readNotes;
				}
				all.push(m);
			}
	return all;
}

function beyond(doc) {
	const rules = (scope, files) => changed(changed(doc, ['scopes', 'readNotes'], () => scope), ['files'],
		() => files.map((f) => ({ path: f, access: 'read' })));
	return [
		['E_FILES_RULE', rules({ allow: ['a/**'] }, ['vault:/b'])],
		['E_FILES_RULE', rules({ allow: ['a/*'] }, ['vault:/a'])],
		['E_FILES_RULE', rules({}, ['vault:/a'])],
		['E_FILES_RULE', rules({ allow: ['**'], deny: ['**/x'] }, ['vault:/a'])],
		['E_FILES_RULE', rules({ allow: ['**'] }, ['vault:/a', 'vault:/a/b'])],
		['E_FILES_RULE', rules({ allow: ['**'] }, ['vault:/', 'vault:/a'])],
		['E_FILES_RULE', changed(doc, ['files'], (f) => [...f, { path: 'data:/', access: 'read' }])],
		['E_LIMIT', changed(doc, ['scopes', 'readNotes', 'allow'], () => Array(31).fill('**'))],
		['E_LIMIT', changed(doc, ['scopes'], () => ({ readNotes: { allow: Array(32).fill('**'), deny: ['a'] } }))],
	];
}

function manyChanges(r, doc) {
	let m = doc;
	for (let n = 1 + r.below(3); n > 0; n--) {
		const path = r.pick(places(m));
		const v = r.pick([...otherTypes, ...samples.globs.bad, ...samples.names.good, undefined]);
		if (path.length || typeof v === 'object')
			m = changed(m, path, () => v);
		if (m === undefined || m === null || typeof m !== 'object')
			return m === undefined ? null : m;
	}
	return m;
}

function generate(schema, times, seed) {
	const r = random(seed), doc = full(), cases = [];
	const add = (family, list) => list.forEach((m) => cases.push({ family, text: JSON.stringify(m) }));
	const keys = ['x', '', 'Name', 'name ', '$schema', '__proto__', 'allow', 'path', 'policy', 'memory', 'io', 'ai', 'network',
		'secrets', 'schedules', 'commands', 'config', 'toString', 'readNotes', 'a/b~c', 'é'];

	add('full', [doc]);
	add('wrong type', wrongTypes(doc));
	add('missing', missing(doc));
	add('unknown key', unknownKeys(doc, keys));
	add('string', strings(doc, schema, times));
	add('number', numbers(doc, schema));
	add('list', lists(doc, schema));
	add('together', together(doc));
	for (const [code, m] of beyond(doc))
		cases.push({ family: 'beyond', text: JSON.stringify(m), beyond: code });
	for (let i = 0; i < RANDOM_GOOD; i++)
		add('random good', [good(r, schema, times)]);
	for (let i = 0; i < RANDOM_BAD; i++)
		add('random bad', [manyChanges(r, good(r, schema, times))]);
	return cases;
}

module.exports = { generate };
