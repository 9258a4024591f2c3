import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeErofs } from '../../../test-vectors/generate/make-image.ts';
import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openFileSystem } from './open-file-system.ts';

const open = (bytes: Uint8Array) => openFileSystem(bytesSource(bytes));

test('a file system is opened by its magic, if it has one', async () => {
  const erofs = makeErofs({ x: 'x' });
  assert.equal((await open(erofs)).type, 'erofs');
  const two = Buffer.from(erofs);
  two.write('hsqs', 0);
  await assert.rejects(
    open(two),
    (error) => error instanceof Malformed && /any of squashfs, erofs/.test(error.message),
  );
  const xfs = Buffer.alloc(4096);
  xfs.write('XFSB', 0);
  await assert.rejects(open(xfs), (error) => error instanceof Unsupported && /is xfs/.test(error.message));
  await assert.rejects(
    open(Buffer.alloc(4096)),
    (error) => error instanceof Unsupported && /no kind/.test(error.message),
  );
});
