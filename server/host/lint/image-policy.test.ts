import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../../../verifier/bytes/failures.ts';
import {
  parseImagePolicy,
  partitionPolicy,
  type PartitionPolicy,
  type PolicyPartition,
  type Switch,
  unsignedUses,
} from './image-policy.ts';

const columns: readonly PolicyPartition[] = [
  ...(['root', 'usr', 'home', 'root-verity', 'usr-verity', 'root-verity-sig', 'usr-verity-sig'] as const),
];

/** A policy, and what `systemd-analyze image-policy POLICY` of systemd 257 prints for these partitions: mode, read-only, growfs. */
// prettier-ignore
const printed: readonly (readonly string[])[] = [
  ['*', 'open - -', 'open - -', 'encrypted+unprotected+unused+absent - -', 'unprotected+unused+absent - -', 'unprotected+unused+absent - -', 'unprotected+unused+absent - -', 'unprotected+unused+absent - -'],
  ['-', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['~', 'absent - -', 'absent - -', 'absent - -', 'absent - -', 'absent - -', 'absent - -', 'absent - -'],
  ['', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['root=signed+absent:usr=signed+absent', 'signed+absent - -', 'signed+absent - -', 'ignore - -', 'unprotected+absent - -', 'unprotected+absent - -', 'unprotected+absent - -', 'unprotected+absent - -'],
  ['root=verity+signed+absent:usr=verity+signed+absent', 'verity+signed+absent - -', 'verity+signed+absent - -', 'ignore - -', 'unprotected+absent - -', 'unprotected+absent - -', 'unprotected+absent - -', 'unprotected+absent - -'],
  ['root=signed', 'signed - -', 'ignore - -', 'ignore - -', 'unprotected - -', 'ignore - -', 'unprotected - -', 'ignore - -'],
  ['root=', 'open - -', 'ignore - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -'],
  ['root=-', 'open - -', 'ignore - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -'],
  ['=signed', 'signed - -', 'signed - -', '- - -', '- - -', '- - -', '- - -', '- - -'],
  ['root=open:=absent', 'open - -', 'absent - -', 'absent - -', 'unprotected+unused+absent - -', 'absent - -', 'unprotected+unused+absent - -', 'absent - -'],
  ['usr=encrypted+unprotected+unused', 'ignore - -', 'encrypted+unprotected+unused - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['root=signed:root-verity=absent', 'signed - -', 'ignore - -', 'ignore - -', 'absent - -', 'ignore - -', 'unprotected - -', 'ignore - -'],
  ['root=verity:root-verity-sig=unprotected+verity', 'verity - -', 'ignore - -', 'ignore - -', 'unprotected - -', 'ignore - -', 'unprotected - -', 'ignore - -'],
  ['root=encrypted:=absent', 'encrypted - -', 'absent - -', 'absent - -', 'absent - -', 'absent - -', 'absent - -', 'absent - -'],
  ['home=signed+encrypted', 'ignore - -', 'ignore - -', 'encrypted - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['root=signed+read-only-on:usr=ignore+growfs-off', 'signed yes -', 'ignore - no', 'ignore - -', 'unprotected yes -', 'ignore - -', 'unprotected yes -', 'ignore - -'],
  ['root=signed+read-only-on+read-only-off+growfs-on', 'signed - yes', 'ignore - -', 'ignore - -', 'unprotected - yes', 'ignore - -', 'unprotected - yes', 'ignore - -'],
  [' root = signed + absent ', 'signed+absent - -', 'ignore - -', 'ignore - -', 'unprotected+absent - -', 'ignore - -', 'unprotected+absent - -', 'ignore - -'],
  ['root=absent+read-only-on', 'absent - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['usr=unused+absent+signed', 'ignore - -', 'signed+unused+absent - -', 'ignore - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -', 'unprotected+unused+absent - -'],
  ['=signed+encrypted', 'signed+encrypted - -', 'signed+encrypted - -', 'encrypted - -', '- - -', '- - -', '- - -', '- - -'],
  ['root=verity:usr=absent:=open', 'verity - -', 'absent - -', 'encrypted+unprotected+unused+absent - -', 'unprotected - -', 'unprotected+unused+absent - -', 'unprotected+unused+absent - -', 'unprotected+unused+absent - -'],
  ['root=open+signed', 'open - -', 'ignore - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -', 'unprotected+unused+absent - -', 'ignore - -'],
  ['=:root=signed', 'signed - -', 'open - -', 'encrypted+unprotected+unused+absent - -', 'unprotected - -', 'unprotected+unused+absent - -', 'unprotected - -', 'unprotected+unused+absent - -'],
  ['root-verity=signed:root=signed+unused', 'signed+unused - -', 'ignore - -', 'ignore - -', '- - -', 'ignore - -', 'unprotected+unused - -', 'ignore - -'],
  ['home=verity', 'ignore - -', 'ignore - -', '- - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['home=unprotected', 'ignore - -', 'ignore - -', 'unprotected - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
  ['home=-', 'ignore - -', 'ignore - -', 'encrypted+unprotected+unused+absent - -', 'ignore - -', 'ignore - -', 'ignore - -', 'ignore - -'],
];

/** As systemd-analyze prints it; it knows one way of encrypting less. */
function print({ uses, readOnly, growFileSystem }: PartitionPolicy): string {
  const mode = [...uses].filter((use) => use !== 'encryptedwithintegrity').join('+');
  const shortcut = {
    'verity+signed+encrypted+unprotected+unused+absent': 'open',
    'unused+absent': 'ignore',
    '': '-',
  };
  const short = Object.entries(shortcut).find(([long]) => long === mode)?.[1] ?? mode;
  const state = (said: ReadonlySet<Switch>): string =>
    said.size !== 1 ? '-' : said.has('on') ? 'yes' : 'no';
  return `${short} ${state(readOnly)} ${state(growFileSystem)}`;
}

for (const [text = '', ...expected] of printed) {
  test(`the policy "${text}" means what systemd-analyze says`, () => {
    const policy = parseImagePolicy(text);
    assert.deepEqual(
      columns.map((partition) => print(partitionPolicy(policy, partition))),
      expected,
    );
  });
}

// systemd-analyze of systemd 257 takes none of these.
for (const text of [
  ...['root', 'root=signed:', ':root=signed', 'root=signed::usr=signed', '=:=', 'root=signed:root=verity'],
  ...[
    'root=foo',
    'bar=signed',
    'root=signed=absent',
    'ROOT=signed',
    'root=signed+',
    'root=+signed',
    '**',
    ' *',
  ],
  ...['root=signed,absent', '"root=signed"'],
]) {
  test(`"${text}" is no policy`, () => {
    assert.throws(() => parseImagePolicy(text), Malformed);
  });
}

test('the words of systemd 260 are known', () => {
  const policy = parseImagePolicy('root=signed+erofs+squashfs:usr=encryptedwithintegrity');
  assert.deepEqual([...partitionPolicy(policy, 'root').fileSystems], ['erofs', 'squashfs']);
  assert.deepEqual([...partitionPolicy(policy, 'usr').uses], ['encryptedwithintegrity']);
});

test('a policy enforces signatures only if it allows nothing else', () => {
  const table: [string, string[]][] = [
    ['root=signed+absent:usr=signed+absent', []],
    ['root=signed', []],
    ['-', []],
    ['~', []],
    ['root=verity+signed+absent:usr=signed+absent', ['root=verity']],
    ['root=signed+absent:usr=signed+unprotected', ['usr=unprotected']],
    ['root=signed:usr=encrypted', ['usr=encrypted']],
    ['root=signed:usr=encryptedwithintegrity', ['usr=encryptedwithintegrity']],
    ['root=signed+erofs', []],
    // What is not said is allowed: flags that only name a file system, and partitions where the rule for others is open.
    [
      'root=erofs+read-only-on:usr=absent',
      ['root=verity', 'root=encrypted', 'root=encryptedwithintegrity', 'root=unprotected'],
    ],
    ['root=signed:=verity', ['usr=verity']],
    ['root=signed:=signed', []],
  ];
  for (const [text, expected] of table)
    assert.deepEqual(unsignedUses(parseImagePolicy(text)), expected, text);
});
