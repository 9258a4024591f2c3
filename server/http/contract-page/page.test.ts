import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Malformed } from '../../../verifier/bytes/failures.ts';
import { type ContractDocument, parseContract } from './contract-document.ts';
import { contractPage } from './page.ts';

const source = readFileSync('openapi.yaml', 'utf8');
const contract: ContractDocument = parseContract(source);
const { text, contentSecurityPolicy } = contractPage(source);

const escaped = (part: string): string =>
  part.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Every text that the contract has under one of these keys, at any depth. */
function textsUnder(keys: ReadonlySet<string>, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [
    ...(keys.has(key) && typeof one === 'string' ? [one] : []),
    ...textsUnder(keys, one),
  ]);
}

test('the page has every operation, parameter, answer and schema of the contract', () => {
  for (const [path, methods] of Object.entries(contract.paths))
    for (const [method, { operationId, parameters = [], responses }] of Object.entries(methods)) {
      const section = text.split(`<section id="${operationId}">`)[1]?.split('</section>')[0] ?? '';
      assert.ok(section.includes(`${method.toUpperCase()} ${path}`), operationId);
      for (const status of Object.keys(responses)) assert.ok(section.includes(`<b>${status}</b>`), status);
      for (const one of parameters)
        if ('name' in one) assert.ok(section.includes(`<code>${one.name}</code>`));
    }
  for (const name of Object.keys(contract.components.schemas))
    assert.ok(text.includes(`<section id="schema-${name}">`), name);
});

test('every description, pattern and problem type is on the page as it stands in the contract', () => {
  const plain = text.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
  const parts = textsUnder(new Set(['description', 'summary', 'url']), contract);
  assert.ok(parts.length > 60);
  for (const part of parts)
    for (const paragraph of part.split('\n\n'))
      assert.ok(plain.includes(escaped(paragraph.replaceAll('`', '').trim())), paragraph);
  for (const pattern of textsUnder(new Set(['pattern', '$ref']), contract.components.schemas).filter(
    (one) => !one.startsWith('#'),
  ))
    assert.ok(text.includes(escaped(JSON.stringify(pattern))), pattern);
  for (const type of source.match(/urn:touchstone:problem:[a-z-]+/g) ?? []) assert.ok(text.includes(type));
});

test('the page has its examples, and every link leads somewhere', () => {
  assert.ok(text.includes(escaped('"credentialBlob": "AEQAIHZtyKHa')));
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link ?? '');
  assert.ok(links.length > 60);
  for (const link of links)
    assert.ok(link === 'openapi.yaml' || (link.startsWith('#') && ids.includes(link.slice(1))), link);
});

test('the page has no script and loads nothing, and its policy allows its own style alone', () => {
  assert.doesNotMatch(text, /<script|<link|<img|<iframe|\son\w+=|\sstyle=|src=|javascript:/i);
  const style = /<style>([^<]*)<\/style>/.exec(text)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  assert.match(
    contentSecurityPolicy,
    /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'/,
  );
  assert.ok(contentSecurityPolicy.includes(`'sha256-${hash}'`));
});

test('every element of the page is closed', () => {
  const open: string[] = [];
  for (const [, close, name = '', end] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (close === '/') assert.equal(open.pop(), name);
    else if (end !== '/') open.push(name);
  }
  assert.deepEqual(open, []);
});

test('nothing of a contract becomes markup', () => {
  const attack = `</p><script>alert("1")</script>'`;
  const attacked = contractPage(
    source.replace("summary: The host's public keys", `summary: ${JSON.stringify(attack)}`),
  );
  assert.doesNotMatch(attacked.text, /<script/);
  assert.ok(attacked.text.includes(escaped(attack)));
});

test('what the page would have to leave out is an error', () => {
  assert.throws(
    () =>
      contractPage(source.replace('operationId: getHealth', 'operationId: getHealth\n      callbacks: {}')),
    Malformed,
  );
  assert.throws(
    () => contractPage(source.replace('responses/BadRequest', 'responses/Missing')),
    /Missing, which is not there/,
  );
});
