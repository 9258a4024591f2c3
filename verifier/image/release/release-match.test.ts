import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../../bytes/failures.ts';
import { parseRelease, releaseVersion } from './extension-release.ts';
import { type HostRelease, parseHostRelease } from './host-os-release.ts';
import { matchRelease } from './release-match.ts';

// Which extension fits is in test-vectors/release; here is what is said of those that do not.

const host = parseHostRelease(
  Buffer.from('ID=debian\nID_LIKE="gnu linux"\nVERSION_ID=13\nSYSEXT_LEVEL=2\n'),
  'x86-64',
);

function reasons(text: string, on: HostRelease = host): string[] {
  const found = matchRelease(parseRelease(Buffer.from(text)), on, { class: 'sysext', scope: 'system' });
  return found.map(({ code, message }) => `${code}: ${message}`);
}

test('every field that does not fit has its sentence, with what the image wants and what the host has', () => {
  assert.deepEqual(reasons('ID=fedora\nSYSEXT_SCOPE="initrd portable"\nARCHITECTURE=arm64\n'), [
    'incompatible: The image is for SYSEXT_SCOPE "initrd portable", the host is in scope "system".',
    'wrong-architecture: The image is for ARCHITECTURE "arm64", the host has "x86-64".',
    'incompatible: The image is for ID "fedora", the host has "debian" and is like "gnu linux".',
  ]);
});

test('the version that does not fit is told', () => {
  const ofVersion = 'incompatible: The image is for VERSION_ID "12", the host has "13".';
  assert.deepEqual(reasons('ID=debian\nVERSION_ID=12\n'), [ofVersion]);
  const ofLevel = 'incompatible: The image is for SYSEXT_LEVEL "1", the host has "2".';
  assert.deepEqual(reasons('ID=debian\nVERSION_ID=13\nSYSEXT_LEVEL=1\n'), [ofLevel]);
  assert.deepEqual(reasons('ID=debian\n'), [
    'incompatible: The image names no VERSION_ID, the host has "13".',
  ]);
});

test('a missing ID and an empty file are told', () => {
  assert.deepEqual(reasons('VERSION_ID=13\n'), [
    'incompatible: The image does not say which system it is for: ID must be the ID of the host ("debian") or "_any".',
  ]);
  assert.deepEqual(reasons(''), [
    'incompatible: The release file of the image says nothing: it has no KEY=VALUE line.',
  ]);
});

test('what an image says cannot move the cursor or fill the screen', () => {
  const [message = ''] = reasons(`ID=\u001b[2J\u202e${'x'.repeat(10_000)}\n`);
  assert.match(message, /^[\x20-\x7e]{1,250}$/);
});

test('fields of a release are those of the file, absent ones empty', () => {
  const release = parseRelease(
    Buffer.from(
      'ID=a\nVERSION_ID=b\nARCHITECTURE=c\nSYSEXT_LEVEL=d\nSYSEXT_SCOPE="e f"\nCONFEXT_LEVEL=g\nCONFEXT_SCOPE= \n',
    ),
  );
  const { fields, ...typed } = release;
  assert.deepEqual(typed, {
    ...{ id: 'a', versionId: 'b', architecture: 'c' },
    sysext: { level: 'd', scopes: ['e', 'f'] },
    confext: { level: 'g', scopes: [] },
  });
  assert.equal(fields.size, 7);
  assert.equal(parseRelease(Buffer.from('ID=a\n')).sysext.scopes, null);
});

test('a version of 128 characters is told whole, one more is malformed', () => {
  const version = (length: number): string =>
    releaseVersion(parseRelease(Buffer.from(`SYSEXT_VERSION_ID=${'1'.repeat(length)}\n`)), 'sysext');
  assert.equal(version(128).length, 128);
  assert.throws(() => version(129), Malformed);
});
