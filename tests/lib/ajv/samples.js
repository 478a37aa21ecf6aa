// SPDX-License-Identifier: Apache-2.0
// samples.js - texts at and one beyond every bound, good and bad. "good" and "bad" are only hints: the
// comparison asks both validators, and judges by what they say.
'use strict';

const range = (n) => Array.from({ length: n }, (_, i) => i);
const plain = [...'abcXYZ019 _-.,:;!?/()[]{}"\'\\*&<>=+@#~'];
const wide = [...'éßЖ漢あ한', '\u{1f415}', '\u{10ffff}', '\u00a0', '\u2027', '\ufffd'];
// Both sides of every range that is not printable.
const edges = [0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x9f, 0xa0, 0xad, 0x61b, 0x61c, 0x61d, 0x200b, 0x200d, 0x200e, 0x200f, 0x2010, 0x2027, 0x2028,
	0x2029, 0x202a, 0x202e, 0x202f, 0x2065, 0x2066, 0x2067, 0x2069, 0x206a, 0xd7ff, 0xe000, 0xfefe, 0xfeff, 0xff00,
	0xfffe, 0x10000, 0xe0001, 0x10ffff].map((c) => String.fromCodePoint(c));

const names = {
	good: ['a', 'Z', '0', 'a-b', 'a_b', 'a-', 'a_', 'a--b', 'ai-auto-linker', 'a'.repeat(62), 'a'.repeat(63), '9'.repeat(63)],
	bad: ['', '-a', '_a', '.a', 'a.b', 'a b', ' a', 'a ', 'a/b', 'a+', 'é', 'аb', 'a\u00e9', 'a'.repeat(64), 'a'.repeat(1000), '..', 'a:b', 'a@b', '[a]', 'a\u0000b', 'a`b', '/'],
};
const versions = {
	good: ['0.0.0', '1.0.0', '10.20.30', '1.0.0-a', '1.0.0-0', '1.0.0-alpha.1', '1.0.0-0a', '1.0.0--', '1.0.0-00a', '1.0.0+001', '1.0.0+a.b',
		'1.0.0-a+b', '1.0.0+a-b', `1.0.0-${'a'.repeat(25)}`, '1.0.0+00', '0.0.0-0.0.0', '1.0.0----', `${'9'.repeat(27)}.0.0`],
	bad: ['', '1', '1.0', '1.0.0.0', '01.0.0', '1.00.0', '1.0.01', '1.0.0-', '1.0.0+', '1.0.0-01', '1.0.0-a.01', '1.0.0-a..b', '1.0.0-.a',
		'1.0.0-a.', '1.0.0+a..b', '1.0.0+a+b', 'v1.0.0', '1.0.0 ', ' 1.0.0', '1.0.0-é', '1.0.0-a_b', '-1.0.0', '1.-0.0', '1..0', '.1.0',
		`1.0.0-${'a'.repeat(26)}`, '1.0.0-a+', '１.0.0', '1.0.0-00', '1,0,0', '1.0.0-+b', `${'9'.repeat(28)}.0.0`],
};
const entries = {
	good: ['main.wasm', 'main.js', 'main.mjs', 'main', 'a/b/c.wasm', '@a/=b+c,d~e', '_', '0', 'a'.repeat(100), `${'a'.repeat(100)}/b`,
		range(16).map(() => 'a').join('/'), [...range(2).map(() => 'a'.repeat(100)), 'a'.repeat(53)].join('/'), 'a..b', 'a.', 'a-', 'META', 'manifest.json'],
	bad: ['', '/', '/a', 'a/', 'a//b', '.', '..', './a', 'a/..', 'a/../b', '.a', '-a', 'a/.b', 'a/-b', 'a b', 'a\\b', 'a:b', 'é', 'a*', 'a?',
		'a'.repeat(101), `b/${'a'.repeat(101)}`, range(17).map(() => 'a').join('/'), [...range(2).map(() => 'a'.repeat(100)), 'a'.repeat(54)].join('/'), 'a'.repeat(256), 'a#b', 'a%b', 'a\'b'],
};
const licenses = {
	good: ['', 'MIT', 'Apache-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0', '(MIT OR 0BSD)', 'a'.repeat(63), ' ', '~'],
	bad: ['a'.repeat(64), 'MÏT', '\u007f', '\u00a0', 'a\tb', '漢'],
};
const globs = {
	good: ['**', '*', '?', 'a/**', '**/a', 'a/**/b', 'a*b', 'Été/**', 'a b', 'a.md', '...', '.a', 'a./b', '..a', 'a..', '.a/.b', '漢字/**', 'a!b', '~', '(a)', 'a:b', '$', '^a', 'a|b', '"'],
	bad: ['', '/', '/a', 'a/', 'a//b', '.', '..', './a', '../a', 'a/.', 'a/..', 'a/./b', 'a/../b', '!a', '!', '[a]', 'a]', '{a', 'a}', 'a\\b', '\\', '//', 'a/b/', '**/..'],
};
const paths = {
	good: ['data:/', 'vault:/', 'vault:/a', 'vault:/a/b', 'vault:/Été', 'vault:/...', 'vault:/.a', 'vault:/a b', 'vault:/..a', 'vault:/a.', 'vault:/[a]', 'vault:/vault:/a', 'vault:/*', 'vault:/a\\b'],
	bad: ['', 'vault', 'vault:', 'vault:a', 'data:', 'data:/a', 'data://', 'Data:/', 'vault:/..', 'vault:/.', 'vault:/a/..', 'vault:/a/./b', 'vault:/../a', 'vault:/./a', 'vault:/a/',
		'vault://', 'vault://a', 'vault:/a//b', 'vault:/a/..b/..', '/a', '/', 'file:/a', ' vault:/a', 'VAULT:/a', 'vault:/a/b/', 'data:/ ', 'xdata:/'],
};

// Up to max characters, wide_max of them outside ASCII (0: all may be), after a fixed beginning.
function texts(max, wideMax, before = '') {
	const good = [before, `${before}a`, `${before}${'a'.repeat(max - 1)}`, `${before}${'a'.repeat(max)}`];
	const bad = [`${before}${'a'.repeat(max + 1)}`, `${before}${'a'.repeat(max * 5)}`];
	for (const c of ['é', 'ࠀ', '漢', '\u{1f415}']) {
		const most = wideMax || max;
		good.push(before + c.repeat(most - 1), before + c.repeat(most), before + c.repeat(most) + 'a'.repeat(max - most),
			before + 'a'.repeat(max - most) + c.repeat(most), before + `${c}a`.repeat(Math.floor(Math.min(most, max / 2))));
		bad.push(before + c.repeat(most + 1), before + c.repeat(most) + 'a'.repeat(max - most + 1), before + c.repeat(max + 1),
			before + c.repeat(Math.floor(max / 2)) + 'a'.repeat(max));
	}
	for (const c of edges)
		good.push(`${before}x${c}y`, `${before}${c}`);
	return { good, bad };
}

const spellings = (unit) => ['', unit, `0${unit}`, `01${unit}`, `-1${unit}`, `+1${unit}`, `1.5${unit}`, ` 1${unit}`, `1 ${unit}`, `1${unit} `,
	`1${unit}${unit}`, `1${unit.toLowerCase()}`, `1${unit.toUpperCase()}`, `1${unit}B`, `１${unit}`, `1e3${unit}`, `999999999999999${unit}`,
	`9999999999999999${unit}`, `${'9'.repeat(40)}${unit}`, `0x1${unit}`, `1,000${unit}`, '1', '10', '64', '1d', '1T', '1k', '1us'];

function withUnits(units, { min, max }) {
	const good = [], bad = [];
	for (const [unit, factor] of units) {
		const least = Math.max(1, Math.ceil(min / factor)), most = Math.floor(max / factor);
		for (const n of [least, least + 1, Math.floor((least + most) / 2), most - 1, most])
			(n >= least && n <= most ? good : bad).push(`${n}${unit}`);
		for (let n = 10; n <= most; n *= 10)
			good.push(...[n - 1, n, n + 1].filter((v) => v >= least && v <= most).map((v) => `${v}${unit}`));
		bad.push(`${least - 1}${unit}`, `${most + 1}${unit}`, `${most * 10}${unit}`, ...spellings(unit));
	}
	return { good, bad };
}

function sizes({ minimum, maximum }) {
	return withUnits([['G', 2 ** 30], ['M', 2 ** 20], ['K', 2 ** 10]], { min: minimum, max: maximum });
}

function times(bounds) {
	return withUnits([['h', 3600000], ['m', 60000], ['s', 1000], ['ms', 1]], bounds);
}

module.exports = { plain, wide, names, versions, entries, licenses, globs, paths, texts, sizes, times };
