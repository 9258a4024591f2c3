import { type Reason, reason } from '../../reasons.ts';
import type { Release, ReleaseClass } from './extension-release.ts';
import type { HostRelease } from './host-os-release.ts';
import { quoted } from './quoted.ts';

/** Where an extension is merged: on a running system, or in its initrd (which has /etc/initrd-release). */
export type HostScope = 'system' | 'initrd';

export interface MatchOptions {
  readonly class: ReleaseClass;
  readonly scope: HostScope;
}

/** What an extension is good for that does not say: also for portable services, which Touchstone does not handle. */
const defaultScopes: readonly string[] = ['system', 'portable'];

/**
 * Whether an extension may be merged on a host by what both say of themselves: extension_release_validate() in
 * systemd's src/shared/extension-util.c, with the rules of 262.
 *
 * Where versions differ: the scope counts from 250, the architecture from 252, the host's ID_LIKE from 258
 * (and in Debian's 257.13). An older systemd passes over an image that fits by ID_LIKE alone.
 *
 * @returns what does not fit, each field in a sentence of its own; nothing if all does.
 */
export function matchRelease(release: Release, host: HostRelease, options: MatchOptions): Reason[] {
  if (release.fields.size === 0)
    return [reason('incompatible', 'The release file of the image says nothing: it has no KEY=VALUE line.')];
  return [
    ...checkScope(release, options),
    ...checkArchitecture(release, host),
    ...checkSystem(release, host, options.class),
  ];
}

function checkScope(release: Release, { class: releaseClass, scope }: MatchOptions): Reason[] {
  // An empty list is for nothing at all; only an absent one stands for the default.
  const scopes = release[releaseClass].scopes ?? defaultScopes;
  if (scopes.includes(scope)) return [];
  const field = releaseClass === 'sysext' ? 'SYSEXT_SCOPE' : 'CONFEXT_SCOPE';
  return [mismatch(field, scopes.join(' '), 'is in scope', scope)];
}

function checkArchitecture({ architecture }: Release, host: HostRelease): Reason[] {
  if (['', '_any', host.architecture].includes(architecture)) return [];
  const wanted = `The image is for ARCHITECTURE ${quoted(architecture)}`;
  return [reason('wrong-architecture', `${wanted}, the host has ${quoted(host.architecture)}.`)];
}

function checkSystem(release: Release, host: HostRelease, releaseClass: ReleaseClass): Reason[] {
  if (release.id === '') {
    const wanted = `the ID of the host (${quoted(host.id)}) or "_any"`;
    return [reason('incompatible', `The image does not say which system it is for: ID must be ${wanted}.`)];
  }
  if (release.id === '_any') return [];
  if (release.id !== host.id && !host.idLike.includes(release.id)) {
    const alike = host.idLike.length === 0 ? '' : ` and is like ${quoted(host.idLike.join(' '))}`;
    const message = `The image is for ID ${quoted(release.id)}, the host has ${quoted(host.id)}${alike}.`;
    return [reason('incompatible', message)];
  }
  return checkVersion(release, host, releaseClass);
}

function checkVersion(release: Release, host: HostRelease, releaseClass: ReleaseClass): Reason[] {
  const hostLevel = releaseClass === 'sysext' ? host.sysextLevel : host.confextLevel;
  const { level } = release[releaseClass];
  if (hostLevel !== '' && level !== '') {
    const field = releaseClass === 'sysext' ? 'SYSEXT_LEVEL' : 'CONFEXT_LEVEL';
    return level === hostLevel ? [] : [mismatch(field, level, 'has', hostLevel)];
  }
  // Rolling releases have no VERSION_ID. One that has a level all the same takes what does not name one, as systemd does.
  if (host.versionId === '' || release.versionId === host.versionId) return [];
  if (release.versionId !== '') return [mismatch('VERSION_ID', release.versionId, 'has', host.versionId)];
  const message = `The image names no VERSION_ID, the host has ${quoted(host.versionId)}.`;
  return [reason('incompatible', message)];
}

function mismatch(field: string, wanted: string, verb: string, found: string): Reason {
  const message = `The image is for ${field} ${quoted(wanted)}, the host ${verb} ${quoted(found)}.`;
  return reason('incompatible', message);
}
