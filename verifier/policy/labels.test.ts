import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseLabels } from './labels.ts';
import { PolicyInvalid } from './policy-text.ts';

const parse = (text: string) => parseLabels(Buffer.from(text), 'labels.yaml');

test('labels are words by words, in YAML or JSON', () => {
  const expected = new Map([
    ['env', 'staging'],
    ['site/rack', 'b-12'],
  ]);
  assert.deepEqual(parse('env: staging\nsite/rack: b-12\n'), expected);
  assert.deepEqual(parse('{"env": "staging", "site/rack": "b-12"}'), expected);
  assert.deepEqual(parse('{}'), new Map());
});

test('what is no label is a problem with its place', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['env: [a]\n', /labels\.yaml:1:6: env: /],
    ['env: 1\n', /labels\.yaml:1:6: env: .*put it in quotes/],
    ['a: b\nenv: a b\n', /labels\.yaml:2:6: env: is not 1 to 63/],
    ['"a b": c\n', /labels\.yaml:1:1: the name "a b" is not 1 to 63/],
    ['env: a\nenv: b\n', /labels\.yaml:2:1/],
    ['- a\n', /labels\.yaml:1:1/],
    ['', /labels\.yaml:1:1/],
  ];
  for (const [text, says] of bad)
    assert.throws(
      () => parse(text),
      (error) => error instanceof PolicyInvalid && says.test(error.message),
      text,
    );
});
