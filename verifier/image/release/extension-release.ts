import { Malformed } from '../../bytes/failures.ts';
import { parseEnvFile } from './env-file.ts';

/** The two kinds of extension; field names begin with theirs in capitals. */
export type ReleaseClass = 'sysext' | 'confext';

/** Fields that a file has once for each class: an image can be both. */
export interface ClassFields {
  /** SYSEXT_LEVEL, CONFEXT_LEVEL: the level of the interface that the extension needs; '' if none or empty. */
  readonly level: string;
  /** SYSEXT_SCOPE, CONFEXT_SCOPE: where it may be merged; null where the field is absent, which is not the same as empty. */
  readonly scopes: readonly string[] | null;
}

/**
 * What an extension-release file says (os-release(5)). Fields that are absent and fields that are empty are both '':
 * systemd makes no difference.
 */
export interface Release {
  /** ID of the system that the extension is for; `_any`: any. */
  readonly id: string;
  readonly versionId: string;
  /** In systemd's words (`x86-64`); `_any`: any. */
  readonly architecture: string;
  readonly sysext: ClassFields;
  readonly confext: ClassFields;
  /** Every pair of the file. */
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Parses an extension-release file.
 *
 * @throws Malformed as `parseEnvFile`.
 */
export function parseRelease(bytes: Uint8Array): Release {
  const fields = parseEnvFile(bytes, 'extension-release');
  return {
    id: fields.get('ID') ?? '',
    versionId: fields.get('VERSION_ID') ?? '',
    architecture: fields.get('ARCHITECTURE') ?? '',
    sysext: classFields(fields, 'SYSEXT'),
    confext: classFields(fields, 'CONFEXT'),
    fields,
  };
}

function classFields(fields: ReadonlyMap<string, string>, prefix: string): ClassFields {
  const scope = fields.get(`${prefix}_SCOPE`);
  return {
    level: fields.get(`${prefix}_LEVEL`) ?? '',
    scopes: scope === undefined ? null : splitWords(scope),
  };
}

/** Words between white space, as strv_split(text, WHITESPACE) gives them. */
export function splitWords(text: string): string[] {
  return text.split(/[ \t\n\r]+/).filter((word) => word !== '');
}

const maximumVersionLength = 128;

/**
 * The version of the extension itself, for events and for policies: SYSEXT_VERSION_ID (CONFEXT_VERSION_ID), which
 * os-release(5) names for it, else SYSEXT_IMAGE_VERSION; '' if it says neither.
 *
 * systemd compares neither with anything; only its portable services name an extension in the journal by its
 * IMAGE_VERSION first. Not so here: where both are there, VERSION_ID is the one that people write rules about, and a rule
 * `>= 2.1` would let in any image whose IMAGE_VERSION is a date.
 *
 * @throws Malformed if it is longer than 128 characters or is not printable ASCII: what stands in a log and in a policy
 *   must look like what is compared.
 */
export function releaseVersion(release: Release, releaseClass: ReleaseClass): string {
  const prefix = releaseClass === 'sysext' ? 'SYSEXT' : 'CONFEXT';
  for (const name of [`${prefix}_VERSION_ID`, `${prefix}_IMAGE_VERSION`]) {
    const version = release.fields.get(name) ?? '';
    if (version !== '') return checkVersion(version, name);
  }
  return '';
}

function checkVersion(version: string, name: string): string {
  const field = `extension-release: ${name}`;
  if (version.length > maximumVersionLength)
    throw new Malformed(field, `is longer than ${maximumVersionLength} characters`);
  if (!/^[\x20-\x7e]*$/.test(version)) throw new Malformed(field, 'is not printable ASCII');
  return version;
}
