import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import { type Frame, parseFrame, readFrames } from './frame.ts';

const boot = '7c4f2a64-3a43-4e39-9d0e-2f6a5a1f6a11';
const answer = JSON.stringify({ id: 3, status: 1, stdout: 'aGVsbG8K', stderr: '' });

test('an answer is decoded', () => {
  assert.deepEqual(parseFrame(answer), { kind: 'answer', id: 3, status: 1, stdout: 'hello\n', stderr: '' });
});

test('a boot announces its identity', () => {
  assert.deepEqual(parseFrame(`{"boot":"${boot}"}`), { kind: 'boot', boot });
});

test('what is cut off, or has members too few or too many, is no frame', () => {
  for (const line of [
    '',
    'null',
    answer.slice(0, -5),
    '{"id":3}',
    `{"boot":"${boot}","id":1}`,
    '{"boot":"x"}',
  ])
    assert.equal(parseFrame(line), null);
});

test('frames are found however the bytes arrive, and lines between them are passed over', () => {
  const bytes = Buffer.from(`{"boot":"${boot}"}\n${answer}\n{"id":4,"status":0,"std\n${answer}\n`);
  for (const size of [1, 7, bytes.length]) {
    const stream = new PassThrough();
    const frames: Frame[] = [];
    readFrames(stream, (frame) => frames.push(frame));
    for (let at = 0; at < bytes.length; at += size) stream.emit('data', bytes.subarray(at, at + size));
    assert.deepEqual(
      frames.map(({ kind }) => kind),
      ['boot', 'answer', 'answer'],
    );
  }
});
