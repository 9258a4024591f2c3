import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import type { UnjudgedCase } from './release-case.ts';
import { findCases } from './release-find-cases.ts';
import { type ReleaseGroup, releaseGroupShape, releaseSchemaText } from './release-group.ts';
import { matchCases } from './release-match-cases.ts';
import { syntaxCases } from './release-syntax-cases.ts';

const directory = join('test-vectors', 'release');
const extensionUtil = 'systemd, src/shared/extension-util.c, extension_release_validate()';
const osUtil = 'systemd, src/basic/os-util.c, open_extension_release_at()';
const envFile = 'systemd, src/basic/env-file.c, parse_env_file_internal()';

const notes: ReleaseGroup['notes'] = {
  System: { effect: 'An extension for another system is merged.', reference: extensionUtil },
  Like: {
    effect: 'An extension for a related system is merged, or not, against its word.',
    reference: extensionUtil,
  },
  Version: { effect: 'An extension for another version of the system is merged.', reference: extensionUtil },
  Level: { effect: 'An extension for another level of the interface is merged.', reference: extensionUtil },
  Scope: {
    effect: 'An extension for the initrd is merged on the system, or the reverse.',
    reference: extensionUtil,
  },
  Architecture: { effect: 'An extension for another machine is merged.', reference: extensionUtil },
  Host: {
    effect: 'Extensions are compared with a host that does not say what it is.',
    reference: 'os-release(5)',
  },
  Quotes: { effect: 'A field has another value for systemd than for the verifier.', reference: envFile },
  Escapes: { effect: 'A field has another value for systemd than for the verifier.', reference: envFile },
  Comments: { effect: 'A field is there for one and a comment for the other.', reference: envFile },
  Lines: { effect: 'A field is there for one and not for the other.', reference: envFile },
  Text: { effect: 'A file is taken that systemd does not read, or the reverse.', reference: envFile },
  Own: { effect: 'An old image passes for a new one.', reference: 'os-release(5), SYSEXT_VERSION_ID' },
  Strict: { effect: 'An image is merged under a name that it does not allow.', reference: osUtil },
  Name: { effect: 'An image is merged under a name that it does not allow.', reference: osUtil },
  Unversioned: { effect: 'The release file of another version is taken, or none.', reference: osUtil },
  Links: {
    effect: 'Another file is taken for the release file, or one outside of the image.',
    reference: osUtil,
  },
  Kinds: { effect: 'Something is taken for a release file that is none.', reference: osUtil },
  Class: { effect: 'A confext is merged as a sysext, or the reverse.', reference: osUtil },
  OsRelease: {
    effect: 'The merged system takes itself for another.',
    reference: 'systemd, src/shared/extension-util.c, extension_has_forbidden_content()',
  },
  Usr: {
    effect: 'The tree of a usr partition is taken for a whole one.',
    reference: 'UAPI.2, systemd-sysext(8)',
  },
};

/** The group, the same each time, before any tool has judged it. */
export function makeReleaseCases(): readonly UnjudgedCase[] {
  return [...matchCases, ...syntaxCases, ...findCases];
}

/** The group as it is published, with what tools said of cases that have not changed since. */
export function makeReleaseGroup(before: ReleaseGroup['cases']): ReleaseGroup {
  return releaseGroupShape.parse({
    schema: '../schemas/release.schema.json',
    generator: 'test-vectors/generate/release.ts',
    notes,
    cases: makeReleaseCases().map(({ why, ...one }) => {
      const old = before.find(({ id, inputs }) => id === one.id && isDeepStrictEqual(inputs, one.inputs));
      return { ...one, judged: old?.judged ?? [], why };
    }),
  });
}

export function readReleaseGroup(): ReleaseGroup['cases'] {
  const path = join(directory, 'release.json');
  return existsSync(path) ? releaseGroupShape.parse(JSON.parse(readFileSync(path, 'utf8'))).cases : [];
}

export function writeReleaseGroup(before: ReleaseGroup['cases']): void {
  writeFileSync(join(directory, 'release.json'), `${JSON.stringify(makeReleaseGroup(before), null, 2)}\n`);
  writeFileSync(join('test-vectors', 'schemas', 'release.schema.json'), releaseSchemaText());
}

// From the root of the repository: node dist/test-vectors/generate/release.js
if (import.meta.filename === process.argv[1]) writeReleaseGroup(readReleaseGroup());
