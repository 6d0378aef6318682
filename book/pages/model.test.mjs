// What the player makes of a file, without a browser.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { runInThisContext } from 'node:vm';

const book = join(import.meta.dirname, '..');
runInThisContext(readFileSync(join(book, 'assets/trace-model.js'), 'utf8'));
const { read, describe, details, now, barAt, queuedAt, time, NoTrace } = globalThis.traceModel;

const HEAD = { format: 'reference-runtime-trace', version: 1, dropped: 0, title: 'a test' };
const named = (tid, name) => ({ ph: 'M', name: 'thread_name', pid: 1, tid, args: { name } });
const span = (tid, name, ts, dur, args = {}, cat = 'poll') => ({ ph: 'X', name, cat, ts, dur, pid: 1, tid, args });
const instant = (tid, name, ts, args = {}) => ({ ph: 'i', name, ts, pid: 1, tid, args });
const trace = (traceEvents, other = {}) => read(JSON.stringify({ otherData: { ...HEAD, ...other }, traceEvents }));
const sentences = (model) => model.moments.map((moment) => describe(model, moment));

test('a poll that lasts is one of the main events, and one that does not is not', () => {
  const model = trace([named(1, 'w'), span(1, 'slow', 0, 10_000, { task: 1 }), span(1, 'quick', 20_000, 9_999, { task: 2 })]);
  assert.deepEqual(model.moments.map(({ isMain }) => isMain), [true, true, false, false]);
  assert.equal(model.duration, 29_999);
});

test('each event has a sentence', () => {
  const model = trace([
    named(1, 'w 1'),
    named(2, 'monitor'),
    instant(1, 'spawn', 1, { task: 7, name: 'page', spawned_at: 'a.rs:1:2', by: 3 }),
    span(1, 'page', 2, 20_000, { task: 7, result: 'ready' }),
    span(1, 'block_in_place', 3, 15_000, { task: 7 }),
    instant(1, 'wake', 4, { task: 8, by: null }),
    instant(2, 'block', 5_000, { thread: 1, task: 7, verdict: 'blocked', lasts: 4_000 }),
    instant(2, 'hand_off', 5_001, { processor: 0, from: 1, to: null }),
    instant(1, 'return', 20_003, { processor: 0, task: 7 }),
    span(1, 'park', 30_000, 10, { where: 'reactor' }, 'idle'),
  ]);
  assert.deepEqual(sentences(model), [
    'w 1 spawns page (task 7) at a.rs:1:2, from inside task 3',
    'w 1 begins to poll page (task 7)',
    'w 1 begins a block_in_place of task 7',
    'w 1 wakes task 8',
    'monitor finds w 1 blocked in task 7, for at least 4.00 ms',
    'monitor hands processor 0 from w 1 to a thread that is being started',
    'w 1 ends the block_in_place of task 7 after 15.0 ms',
    'w 1 ends its poll of page (task 7) after 20.0 ms: ready',
    'w 1 comes back from its poll, and processor 0 is gone',
    'w 1 goes to wait in the reactor',
    'w 1 wakes, after 10.0 µs',
  ]);
  const [lane] = model.lanes;
  assert.match(details(lane, lane.bars[0]), /keeps its thread/);
  assert.equal(now(model, 8_000), 'w 1 is in a block_in_place of task 7 for 8.00 ms.');
});

test('the innermost bar is found, and after its end the one around it', () => {
  const model = trace([span(1, 'outer', 0, 100, { task: 1 }), span(1, 'block_in_place', 10, 20), span(1, 'block_in_place', 40, 20)]);
  const [lane] = model.lanes;
  const names = [5, 15, 35, 45, 80, 100].map((at) => barAt(lane, at)?.name ?? null);
  assert.deepEqual(names, ['outer', 'block_in_place', 'outer', 'block_in_place', 'outer', null]);
  assert.equal(lane.deepest, 1);
});

test('queue depths are those of the last sample', () => {
  const sample = (ts, args) => ({ ph: 'C', name: 'queued', ts, pid: 1, tid: 1, args });
  const model = trace([span(1, 'p', 0, 100), sample(10, { injector: 2, w1: 1 }), sample(20, { injector: 0, w1: 0 })]);
  assert.deepEqual([5, 10, 15, 50].map((at) => queuedAt(model, at)?.total ?? null), [null, 3, 3, 0]);
});

test('a file of another program becomes bars, and what is missing is said', () => {
  const list = [
    { ph: 'B', name: 'outer', ts: 1e9, pid: 4, tid: 4 },
    { ph: 'X', name: 'inner', ts: 1e9 + 5, dur: 10, pid: 4, tid: 4 },
    { ph: 'E', ts: 1e9 + 50, pid: 4, tid: 4 },
    { ph: 'E', ts: 1e9 + 60, pid: 4, tid: 4 },
    { ph: 'n', name: 'async', ts: 1e9, pid: 4, tid: 4 },
    { ph: 'X', name: 'without a time', pid: 4, tid: 4 },
    null,
  ];
  const model = read(JSON.stringify(list));
  assert.equal(model.duration, 50);
  assert.deepEqual(model.lanes[0].bars.map(({ name, at, end, kind }) => [name, at, end, kind]), [
    ['outer', 0, 50, 'other'],
    ['inner', 5, 15, 'other'],
  ]);
  const notes = model.notes.join(' ');
  for (const part of ['not a trace of this runtime', '1 spans have a begin without', '"n"', 'without a time', 'no events']) {
    assert.ok(notes.includes(part), `${part}: ${notes}`);
  }
});

test('a newer version and dropped events are said', () => {
  const notes = trace([span(1, 'p', 0, 1)], { version: 2, dropped: 5 }).notes.join(' ');
  assert.match(notes, /version 2/);
  assert.match(notes, /dropped 5 events/);
});

test('what is no trace is refused in a sentence', () => {
  for (const text of ['', 'x', '3', 'null', '{}', '{"traceEvents": 3}', '[]', '[', '{"traceEvents": [1, 2]}']) {
    assert.throws(() => read(text), (error) => error instanceof NoTrace && error.message.endsWith('.'), text);
  }
});

test('no more lanes are kept than can be looked at', () => {
  const model = read(JSON.stringify([...Array(100).keys()].map((tid) => span(tid, 'p', tid, 1))));
  assert.equal(model.lanes.length, 24);
  assert.match(model.notes.join(' '), /Of 100 threads/);
});

test('times have three digits that count', () => {
  assert.deepEqual([0, 1.234, 12.34, 123.4, 1_234, 999_999, 1_500_000].map(time), [
    '0', '1.23 µs', '12.3 µs', '123 µs', '1.23 ms', '1000 ms', '1.50 s',
  ]);
});

test('the traces of the book are read without anything missing', () => {
  const folder = join(book, 'data/traces');
  for (const file of readdirSync(folder)) {
    const model = read(readFileSync(join(folder, file), 'utf8'));
    assert.deepEqual(model.notes, [], file);
    assert.ok(model.moments.some(({ isMain }) => isMain), file);
    assert.ok(sentences(model).every((sentence) => !/undefined|null|NaN/.test(sentence)), file);
  }
});
