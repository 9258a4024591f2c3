import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { inOrderOf, parseGetfattr } from './getfattr-output.ts';

function parsed(text: string) {
  return parseGetfattr(Buffer.from(text, 'latin1')).map(({ path, attributes }) => ({
    path,
    attributes: attributes.map(({ name, value }) => [
      Buffer.from(name).toString('latin1'),
      Buffer.from(value).toString('hex'),
    ]),
  }));
}

test('files and their attributes are read, escapes undone', () => {
  assert.deepEqual(
    parsed('# file: /a\nuser.a=0x00ff\nuser.empty=0x\n\n# file: /b\\012c\nuser.a\\075b\\134=0x31\n\n'),
    [
      {
        path: '/a',
        attributes: [
          ['user.a', '00ff'],
          ['user.empty', ''],
        ],
      },
      { path: '/b\nc', attributes: [['user.a=b\\', '31']] },
    ],
  );
  assert.deepEqual(parsed(''), []);
});

test('bytes above 127 stay what they are', () => {
  assert.deepEqual(parsed('# file: /\xff\nuser.\\377\xe9=0x31\n'), [
    { path: '/\xff', attributes: [['user.\xff\xe9', '31']] },
  ]);
});

test('what is not understood is no answer, so that nothing is left out', () => {
  for (const text of [
    'user.a=0x31\n',
    '# file: /a\nuser.a\n',
    '# file: /a\nuser.a="1"\n',
    '# file: /a\nuser.a=0sMQ==\n',
    '# file: /a\nuser.a=0x3\n',
    '# file: /a\nuser.a=0x3G\n',
    '# file: /a\n=0x31\n',
    '# file: /a\nuser.a\\9=0x31\n',
    '# file: /a\nuser.a\\705=0x31\n',
    '# file: \nuser.a=0x31\n',
    '# file /a\nuser.a=0x31\n',
  ])
    assert.throws(() => parsed(text), CouldNotDecide, text);
});

test('attributes are those of the files asked about, in their order, and of no others', () => {
  const attributes = [{ name: Buffer.from('user.a'), value: Buffer.from('1') }];
  const file = (path: string) => ({ path, attributes });
  assert.deepEqual(inOrderOf(['a', 'b'], [file('b')]), [[], attributes]);
  assert.throws(() => inOrderOf(['a'], [file('b')]), CouldNotDecide);
  assert.throws(() => inOrderOf(['a'], [file('a'), file('a')]), CouldNotDecide);
});
