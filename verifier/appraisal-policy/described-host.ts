import { digest } from '../bytes/digest.ts';
import { type Hex, parseHex, toHex } from '../bytes/hex.ts';
import type { Authority } from '../firmware-log/authority.ts';
import type { SecureBoot } from '../firmware-log/secure-boot.ts';
import type { EfiSignature } from '../firmware-log/signature-list.ts';
import type { MeasuredSet } from '../measurement/extension-history.ts';
import { reason } from '../reasons.ts';
import type { HostDescription } from './host-test-schema.ts';
import type { ProvedFirmware, ProvedHost } from './proved-host.ts';

/** What would have been proved of a host that is only described. What the description leaves out is not known, or not there. */
export function describedHost(host: HostDescription): ProvedHost {
  const now = {
    clock: BigInt(host.sinceEarlier?.seconds ?? 0) * 1000n,
    resetCount: host.sinceEarlier?.resets ?? 0,
  };
  return {
    enrolment: host.enrolment ?? null,
    pcrs: new Map(Object.entries(host.pcrs).map(([pcr, value]) => [Number(pcr), toDigest(value)])),
    firmwareVersion: BigInt(`0x${host.tpmFirmware}`),
    clock: { ...now, restartCount: host.clock.restarts, safe: host.clock.safe },
    previousClock:
      host.sinceEarlier === undefined ? null : { clock: 0n, resetCount: 0, restartCount: 0, safe: true },
    firmware: host.firmwareLog === undefined ? null : describedFirmware(host.firmwareLog),
    replayed: new Set(),
    sets: new Map(host.sets.map((set) => [set.class, describedSet(set)])),
    mutable: host.mutable ?? null,
  };
}

function toDigest(text: string): Hex {
  return parseHex(text, 'describe', 32);
}

function describedFirmware(log: NonNullable<HostDescription['firmwareLog']>): ProvedFirmware {
  const image = (pcr: number) => (value: string) => ({
    ...{ number: 0, pcr, digest: toDigest(value), claimedType: 'described', loggedPath: null },
  });
  const explained = Array.from({ length: 24 }, (_, pcr) => pcr).filter(
    (pcr) => !log.unexplainedPcrs.includes(pcr),
  );
  return {
    unexplained: log.unexplainedPcrs,
    values: new Map(explained.map((pcr) => [pcr, new Uint8Array(32)])),
    facts: {
      secureBoot: describedSecureBoot(log.secureBoot),
      images: [...log.drivers.map(image(2)), ...log.images.map(image(4))],
      commands: log.commandLines.map((text) => ({ number: 0, pcr: 12, text, claimedKind: null })),
      actions: [],
      sections: Object.entries(log.sections).map(([name, value]) => ({
        ...{ number: 0, name, digest: toDigest(value) },
      })),
      contents: [],
    },
  };
}

type SecureBootDescription = NonNullable<HostDescription['firmwareLog']>['secureBoot'];

function describedSecureBoot(state: SecureBootDescription): SecureBoot {
  if (state === undefined)
    return {
      known: false,
      reasons: [reason('secure-boot-unclear', 'The host is described without Secure Boot.')],
    };
  const { enabled, deployedMode, db, dbx, authorities, sbatLevel } = state;
  const entry = (value: string): EfiSignature => ({ kind: 'sha256', owner: null, sha256: toDigest(value) });
  const deployed: ReadonlyMap<string, Uint8Array> =
    deployedMode === undefined ? new Map() : new Map([['DeployedMode', Uint8Array.of(deployedMode ? 1 : 0)]]);
  return {
    ...{ known: true, enabled, pk: [], kek: [], actions: [], others: deployed },
    db: db.map(entry),
    dbx: dbx.map(entry),
    authorities: [
      ...authorities.map((value): Authority => ({ ...described, variable: 'db', content: entry(value) })),
      ...(sbatLevel === undefined ? [] : [describedLevel(sbatLevel)]),
    ],
  };
}

const described = { number: 0, vendor: 'described' };

function describedLevel(date: string): Authority {
  return { ...described, variable: 'SbatLevel', content: { kind: 'sbat-level', text: date, date } };
}

type SetDescription = HostDescription['sets'][number];

function describedSet({ class: extensionClass, state, policy, extensions }: SetDescription): MeasuredSet {
  const { name, version, sha256 } = policy;
  const file = sha256 === undefined ? madeUp('policy') : toDigest(sha256);
  return {
    ...{ class: extensionClass, state, sha256: madeUp('set') },
    policy: { type: 'policy', name, version: String(version), sha256: file },
    extensions: extensions.map((extension) => ({
      ...{ type: 'extension', class: extensionClass, ...extension, hashAlgorithm: 'sha256' },
      ...{ rootHash: madeUp(extension.name), signer: 'unsigned', rule: 'described' },
    })),
  };
}

// Nothing that a policy lists by chance.
function madeUp(what: string): Hex {
  return toHex(digest('sha256', Buffer.from(`touchstone policy test: ${what}`)));
}
