import type { Policy } from '../../verifier/policy/policy.ts';
import { temporaryFiles } from './directories.ts';
import { endpointUnits, type EndpointUnitOptions } from './endpoint-unit.ts';
import { imagePolicies, imagePolicyPaths } from './image-policies.ts';
import { mergeUnits, type MergeUnitOptions } from './merge-units.ts';
import type { PackagedFile } from './written-file.ts';

export interface PackagingInput extends MergeUnitOptions {
  readonly policy: Policy;
  /** The host's major version; null if unknown. */
  readonly systemd: number | null;
  readonly endpoint: Pick<EndpointUnitOptions, 'listen' | 'exposed' | 'tls' | 'tpmGroup'> | null;
}

export interface Packaging {
  readonly files: readonly PackagedFile[];
  readonly warnings: readonly string[];
}

/** All that is installed on a host, in the order in which it is written: what guards before what starts. */
export function packagedFiles(input: PackagingInput): Packaging {
  const { policy, systemd, endpoint, ...options } = input;
  const second = imagePolicies(policy, systemd);
  return {
    files: [
      temporaryFiles(),
      ...second.files,
      ...(endpoint === null ? [] : endpointUnits({ ...options, ...endpoint })),
      ...mergeUnits(options),
    ],
    warnings: [...second.warnings, ...warnOfVersion(systemd)],
  };
}

function warnOfVersion(systemd: number | null): string[] {
  return systemd === null || systemd >= 254
    ? []
    : [
        `systemd ${systemd} has no image policies and no confexts: what is merged past Touchstone is held to nothing`,
      ];
}

/** Where any of it can be, whatever the options and the version were. */
export function packagedPaths(): readonly string[] {
  const program = { node: '/node', main: '/main' };
  const options = { program, tpm: false, policyTrust: [] };
  const endpoint = { listen: '', exposed: false, tls: null, tpmGroup: false };
  return [
    ...[...mergeUnits(options), ...endpointUnits({ ...options, ...endpoint }), temporaryFiles()].map(
      ({ path }) => path,
    ),
    ...imagePolicyPaths,
  ];
}
