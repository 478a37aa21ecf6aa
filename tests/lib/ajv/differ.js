// SPDX-License-Identifier: Apache-2.0
// differ.js - the published schema in ajv, and our validator, on the same manifests: the same verdict.
// Usage: differ.js BATCH SCHEMA. Prints "ok NAME", "not ok NAME: why" and one line "summary ...".
'use strict';
const { readFileSync } = require('fs');
const { spawnSync } = require('child_process');
const Ajv = require('ajv/dist/2020');
const { generate } = require('./generate.js');

const LEAST_MANIFESTS = 2000;
const LEAST_ACCEPTED = 0.3;
const SHOWN = 12;
const GLOBS_MOST = 32; // SCOPE_RULES_MAX: of all scopes together, a sum that no schema can say
const [batch, schemaPath] = process.argv.slice(2);
const schema = JSON.parse(readFileSync(schemaPath, 'utf8'));

function say(holds, name, why) {
	console.log(holds ? `ok ${name}` : `not ok ${name}: ${why}`);
}

function run(args, input) {
	const r = spawnSync(batch, args, { input, maxBuffer: 1 << 28, encoding: 'utf8' });
	if (r.status !== 0)
		throw new Error(`${batch}: exit status ${r.status}, ${r.signal}: ${r.stderr.slice(0, 2000)}`);
	return r.stdout.split('\n').slice(0, -1);
}

function compile(s) {
	return new Ajv({ strict: true, strictTypes: true, strictRequired: false, allErrors: false }).compile(s);
}

function countGlobs(text) {
	return Object.values(JSON.parse(text).scopes ?? {}).flatMap((scope) => Object.values(scope)).flat().length;
}

// Lines of the batch driver against a compiled schema.
function compare(cases, ours, validate) {
	const n = { both: 0, neither: 0, beyond: 0, differ: [] };
	cases.forEach((c, i) => {
		const we = ours[i] === 'ok' || ours[i].startsWith('beyond ');
		const they = validate(JSON.parse(c.text));
		if (we !== they && !(they && ours[i].startsWith('E_LIMIT ') && countGlobs(c.text) > GLOBS_MOST))
			n.differ.push({ c, ours: ours[i], theirs: they ? 'ok' : JSON.stringify(validate.errors[0]) });
		else if (we !== they || ours[i].startsWith('beyond '))
			n.beyond++;
		else if (we)
			n.both++;
		else
			n.neither++;
	});
	return n;
}

// The few cases that only our validator can refuse, each with its code.
function checkBeyond(cases, ours, validate) {
	const wrong = cases.map((c, i) => ({ c, said: ours[i].replace(/^beyond /, '').split(' ')[0] }))
		.filter(({ c, said }) => c.beyond && (said !== c.beyond || !validate(JSON.parse(c.text))));
	say(wrong.length === 0, 'what no schema can say is refused by us, with its name',
		wrong.slice(0, SHOWN).map(({ c, said }) => `${c.family}: ${said} ${c.text.slice(0, 200)}`).join(' | '));
}

// A schema that is one character off must be noticed, else the comparison proves nothing.
function checkItself(cases, ours) {
	const changes = [
		['a name of 64 characters', (s) => { s.properties.name.maxLength = 64; }],
		['a reason of 126', (s) => { s.$defs.reason.maxLength = 126; }],
		['a glob with 43 wide characters', (s) => {
			s.$defs.glob.allOf.forEach((a) => { a.pattern = a.pattern.replace('{0,42}', '{0,43}'); });
		}],
		['one task', (s) => { s.properties.limits.properties.tasks.minimum = 1; }],
		['no rule between keys', (s) => { s.allOf.splice(0, 5); }],
		['a longer runtime', (s) => {
			const t = s.properties.limits.properties.runtime;
			t.pattern = t.pattern.replace('3600000', '360000[0-1]');
		}],
	];
	const blind = changes.filter(([, change]) => {
		const s = structuredClone(schema);
		change(s);
		return compare(cases, ours, compile(s)).differ.length === 0;
	});
	say(blind.length === 0, `a schema that is slightly wrong is noticed, ${changes.length} ways`,
		blind.map(([name]) => name).join(', '));
}

function main() {
	const seed = process.env.KENNEL_SEED ? Number(process.env.KENNEL_SEED) >>> 0 : Math.floor(Math.random() * 2 ** 32);
	console.log(`# seed ${seed} (KENNEL_SEED=${seed} repeats it)`);
	const valid = new Ajv().validateSchema(schema);
	say(valid === true, 'the published schema is valid draft 2020-12', 'the metaschema refuses it');
	const validate = compile(schema);
	const times = Object.fromEntries(run(['times']).map((l) => l.split(' '))
		.map(([where, min, max]) => [where, { min: Number(min), max: Number(max) }]));
	const cases = generate(schema, times, seed);
	const ours = run([], cases.map((c) => c.text + '\n').join(''));
	if (ours.length !== cases.length)
		throw new Error(`${cases.length} manifests, ${ours.length} verdicts`);
	const n = compare(cases, ours, validate);
	for (const d of n.differ.slice(0, SHOWN))
		console.log(`# ${d.c.family}: we say ${d.ours}, ajv ${d.theirs}: ${d.c.text.slice(0, 700)}`);
	say(n.differ.length === 0, `${cases.length} manifests, the same verdict from us and from ajv`,
		`${n.differ.length} differ, seed ${seed}`);
	say(cases.length >= LEAST_MANIFESTS && n.both >= LEAST_ACCEPTED * cases.length,
		'enough of them, and enough good ones', `${n.both} of ${cases.length} accepted`);
	checkBeyond(cases, ours, validate);
	checkItself(cases, ours);
	console.log(`summary ${cases.length} manifests: ${n.both} accepted by both, ${n.neither} refused by both, ` +
		`${n.differ.length} differ; ${n.beyond} good for the schema, refused by a rule beyond it`);
}

try {
	main();
} catch (e) {
	say(false, 'manifest-ajv', e.stack.replace(/\n/g, ' '));
}
