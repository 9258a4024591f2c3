import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { type JunitCase, junitXml } from './junit.ts';

const plain: JunitCase = {
  name: 'a',
  subject: 'edge',
  at: 'edge.test.yaml:4:5',
  seconds: 0.25,
  problem: null,
};

const reader = `
import json, sys, xml.etree.ElementTree as tree
def plain(e): return [e.tag, e.attrib, (e.text or '').strip(), [plain(c) for c in e]]
print(json.dumps(plain(tree.fromstring(sys.stdin.buffer.read()))))
`;

type Element = [tag: string, attributes: Record<string, string>, text: string, children: Element[]];

/** What another parser reads. */
function read(xml: string): Element {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', reader], { input: xml, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('a parser of others reads suites, cases, places and problems', () => {
  const failed: JunitCase = {
    ...{ ...plain, name: 'b', at: 'C:/x:y.yaml:17:3' },
    problem: { kind: 'failure', message: 'expected accepted\nbecause of nothing' },
  };
  const error: JunitCase = { ...plain, name: 'c', problem: { kind: 'error', message: 'cannot be read' } };
  const [tag, totals, , suites] = read(
    junitXml([
      { name: 'one', cases: [plain, failed] },
      { name: 'two', cases: [error] },
    ]),
  );
  assert.equal(tag, 'testsuites');
  assert.deepEqual(totals, {
    ...{ name: 'touchstone policy test', tests: '3', failures: '1', errors: '1', time: '0.750' },
  });
  const [[, one, , [first, second]], [, two, , [third]]] = suites as [Element, Element];
  assert.deepEqual(one, { name: 'one', tests: '2', failures: '1', errors: '0', time: '0.500', skipped: '0' });
  assert.equal(two['errors'], '1');
  assert.deepEqual(first, [
    'testcase',
    { name: 'a', classname: 'edge', file: 'edge.test.yaml', line: '4', time: '0.250' },
    '',
    [],
  ]);
  assert.equal(second![1]['file'], 'C:/x:y.yaml');
  assert.equal(second![1]['line'], '17');
  assert.deepEqual(second![3], [
    [
      'failure',
      { message: 'expected accepted', type: 'failure' },
      'expected accepted\nbecause of nothing\nC:/x:y.yaml:17:3',
      [],
    ],
  ]);
  assert.equal(third![3][0]![0], 'error');
});

test('no name can end an attribute or an element', () => {
  const name = `"/><failure a='b'>]]></testcase>&amp;<!--`;
  const [, , , [suite]] = read(junitXml([{ name, cases: [{ ...plain, name, subject: name }] }]));
  assert.equal(suite![1]['name'], name);
  assert.equal(suite![3].length, 1);
  assert.equal(suite![3][0]![1]['name'], name);
  assert.equal(suite![3][0]![1]['classname'], name);
});

test('characters that XML cannot have, and those that make text read otherwise, are shown as escapes', () => {
  const message = 'a\u0000b\u001bc\ud800d\uffffe\u202ef\u2028g\tz';
  const xml = junitXml([{ name: 's', cases: [{ ...plain, problem: { kind: 'error', message } }] }]);
  const [, , , [suite]] = read(xml);
  assert.equal(
    suite![3][0]![3][0]![1]['message'],
    'a\\u0000b\\u001bc\\ud800d\\uffffe\\u202ef\\u2028g\\u0009z',
  );
  assert.doesNotMatch(xml, /[^\n\x20-\x7e]/);
});

test('letters of all languages and characters beyond 16 bits stay', () => {
  const name = 'Prüfung 試験 🧪';
  const [, , , [suite]] = read(junitXml([{ name, cases: [] }]));
  assert.equal(suite![1]['name'], name);
  assert.equal(suite![1]['tests'], '0');
});

test('a place without a line leaves file and line away', () => {
  const [, , , [suite]] = read(junitXml([{ name: 's', cases: [{ ...plain, at: 'nowhere' }] }]));
  assert.deepEqual(Object.keys(suite![3][0]![1]), ['name', 'classname', 'time']);
});
