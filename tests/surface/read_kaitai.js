// SPDX-License-Identifier: MIT
// read_kaitai.js KSY SEGMENT [DUMP]: read the segment by the description; it
// has what cute-shm-dump --json --header has in the file DUMP.  Needs the
// packages kaitai-struct-compiler, kaitai-struct and js-yaml of npm, where
// NODE_PATH finds them; exit status 77 without.
'use strict';

let compiler, runtime, yaml;
try {
	compiler = require('kaitai-struct-compiler');
	runtime = require('kaitai-struct');
	yaml = require('js-yaml');
} catch (problem) {
	console.log('skipped: ' + problem.message.split('\n')[0]);
	process.exit(77);
}
const assert = require('assert');
const fs = require('fs');

const kinds = { 0x50555247: 'group', 0x59525241: 'array', 0x4b4e494c: 'link' };

// Of the values, those that are one text of variable length.
function attribute(body)
{
	const ret = { dtype: body.dtype, shape: body.shape };

	assert.strictEqual(body.value.length, body.valueSize);
	if (body.dtype === '*|S1' && body.shape.length === 0)
		ret.value = Buffer.from(body.value.slice(16)).toString();
	return ret;
}

// A node without its attributes; paths are by the offset of the record.
function node(record, paths)
{
	const body = record.body;
	const ret = { path: body.path, kind: kinds[record.tag] };

	if (ret.kind === 'link')
		ret.target = paths.get(body.target);
	if (ret.kind !== 'array')
		return ret;
	assert.strictEqual(body.data.length, body.dataSize);
	ret.dtype = body.dtype;
	ret.shape = body.shape;
	ret.data_offset = body.dataSize > 0 ? body.dataOffset : null;
	if (body.dtype[0] === '*')
		ret.values_offset = body.valuesOffset;
	return ret;
}

function pathsOf(segment)
{
	const paths = new Map();
	let at = segment.header.recordsOffset;

	for (const record of segment.records.record) {
		if (kinds[record.tag])
			paths.set(at, record.body.path);
		at += record.recordSize;
	}
	return paths;
}

function nodesOf(segment)
{
	const paths = pathsOf(segment), nodes = [];

	for (const record of segment.records.record) {
		if (kinds[record.tag]) {
			nodes.push(node(record, paths));
			continue;
		}
		const last = nodes[nodes.length - 1];
		last.attributes = last.attributes || {};
		last.attributes[record.body.name] = attribute(record.body);
	}
	for (const row of segment.index)
		assert(paths.has(row.offset), 'an index row leads nowhere');
	assert.strictEqual(segment.index.length, nodes.length);
	assert.strictEqual(segment.liveSlots.length,
			   segment.header.arrayCount);
	assert.strictEqual(segment.blockDigests.length,
			   segment.header.blockCount);
	if (segment.header.viewOffset > 0)
		assert.strictEqual(segment.view.length,
				   segment.header.viewSize);
	return nodes;
}

// What is compared of it.
function nodesOfDump(text)
{
	const nodes = JSON.parse(text).nodes;

	for (const one of nodes)
		for (const value of Object.values(one.attributes || {}))
			if (value.dtype !== '*|S1' || value.shape.length > 0)
				delete value.value;
	return nodes;
}

async function compile(ksy)
{
	const description = yaml.load(fs.readFileSync(ksy, 'utf8'));
	const made = await compiler.compile('javascript', description, null,
					    false);
	const module = { exports: {} };
	const find = (name) => name === 'kaitai-struct/KaitaiStream'
		? runtime.KaitaiStream || runtime : require(name);

	new Function('module', 'exports', 'require', made['CuteShm.js'])(
		module, module.exports, find);
	return module.exports.CuteShm || module.exports;
}

async function main(ksy, file, dump)
{
	const Segment = await compile(ksy);
	const Stream = runtime.KaitaiStream || runtime;
	const bytes = new Uint8Array(fs.readFileSync(file)).buffer;
	const nodes = nodesOf(new Segment(new Stream(bytes)));

	if (dump)
		assert.deepStrictEqual(nodes,
			nodesOfDump(fs.readFileSync(dump, 'utf8')));
	console.log(file + ': ' + nodes.length + ' nodes');
}

main(...process.argv.slice(2)).catch((problem) => {
	console.error(String(problem && problem.message || problem));
	process.exit(1);
});
