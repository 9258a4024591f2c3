import { Malformed } from '../../bytes/failures.ts';
import { parseEnvFile } from './env-file.ts';
import { splitWords } from './extension-release.ts';

/** What systemd compares extensions with: the host's os-release and architecture. Absent fields are ''. */
export interface HostRelease {
  /** Never empty. */
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string;
  readonly sysextLevel: string;
  readonly confextLevel: string;
  /** In systemd's words, for example `x86-64`. */
  readonly architecture: string;
}

/**
 * Parses a host's os-release file.
 *
 * @param architecture the host's, in systemd's words; os-release does not say it.
 * @throws Malformed as `parseEnvFile`, and if there is no ID: systemd then merges nothing, not even what is for `_any`.
 */
export function parseHostRelease(bytes: Uint8Array, architecture: string): HostRelease {
  const fields = parseEnvFile(bytes, 'os-release');
  const field = (name: string): string => fields.get(name) ?? '';
  if (field('ID') === '') throw new Malformed('os-release', 'has no ID');
  return {
    id: field('ID'),
    idLike: splitWords(field('ID_LIKE')),
    versionId: field('VERSION_ID'),
    sysextLevel: field('SYSEXT_LEVEL'),
    confextLevel: field('CONFEXT_LEVEL'),
    architecture,
  };
}
