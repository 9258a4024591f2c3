import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { run } from '../../os/run.ts';

/** What systemd can do, by the release that was the first to do it (its NEWS, and what was tried; docs/systemd-versions.md). */
const since = {
  /** `systemd-sysext --image-policy=`. */
  imagePolicySwitch: 254,
  /** systemd-confext. */
  confext: 254,
  /** `--no-reload`, and EXTENSION_RELOAD_MANAGER= in release data. */
  noReload: 255,
  /** The Varlink interface io.systemd.PCRExtend. */
  pcrExtendVarlink: 255,
  /** systemd's own log of measurements, tpm2-measure.log. */
  measureLog: 255,
  /** `--mutable=`, and versioned directories `NAME.raw.v/`. */
  mutable: 256,
  versionedDirectories: 256,
  /** sysext.conf and confext.conf, in which an image policy can stand. */
  configFile: 259,
  /** The file `origin` in the top layer, with the root hash of each extension; `refresh` that changes nothing does nothing. */
  origin: 260,
  /** `systemd.sysext=0` and `systemd.confext=0` on the kernel command line. */
  killSwitches: 261,
  /** `status --json=` has an array for each hierarchy; before, the word `none` where nothing is merged. */
  statusJsonArray: 262,
  /** EXTENSION_RESTART_UNITS= and EXTENSION_RELOAD_OR_RESTART_UNITS= in release data: units are started by the merge itself. */
  restartsUnits: 262,
} as const;

export type Capability = keyof typeof since;

export type Capabilities = Readonly<Record<Capability, boolean>>;

/** The release that was the first with each capability. */
export const firstVersions: Readonly<Record<Capability, number>> = since;

/** The oldest release that Touchstone works with: Debian 12's. */
export const oldestVersion = 252;

/** What a release of systemd can do. @param version its number, for example 257. */
export function capabilities(version: number): Capabilities {
  const has = (name: Capability): boolean => version >= since[name];
  return {
    imagePolicySwitch: has('imagePolicySwitch'),
    confext: has('confext'),
    noReload: has('noReload'),
    pcrExtendVarlink: has('pcrExtendVarlink'),
    measureLog: has('measureLog'),
    mutable: has('mutable'),
    versionedDirectories: has('versionedDirectories'),
    configFile: has('configFile'),
    origin: has('origin'),
    killSwitches: has('killSwitches'),
    statusJsonArray: has('statusJsonArray'),
    restartsUnits: has('restartsUnits'),
  };
}

/**
 * To be in the environment of every systemd-sysext and systemd-confext that merges. systemd 257 gives images that have the
 * same root hash one dm-verity device, also that of an earlier merge which is still in use; then nothing tells which of two
 * images is merged. Releases that know no such variable share nothing.
 */
export const mergeEnvironment: Readonly<Record<string, string>> = { SYSTEMD_VERITY_SHARING: '0' };

/**
 * The release of the systemd-sysext that is run here.
 *
 * @throws CouldNotDecide if there is none, or it does not say.
 */
export async function systemdVersion(): Promise<number> {
  const { stdout } = await run('systemd-sysext', ['--version'], {
    timeoutMs: 10_000,
    maxOutputBytes: 65_536,
  });
  return parseSystemdVersion(Buffer.from(stdout).toString('utf8'));
}

/** The release in what a tool of systemd prints for `--version`, for example 257 in `systemd 257 (257.13-1~deb13u1)`. @throws CouldNotDecide */
export function parseSystemdVersion(text: string): number {
  const version = /^systemd ([0-9]{1,6})\b/.exec(text)?.[1];
  if (version === undefined) throw new CouldNotDecide('systemd-sysext --version does not say what it is');
  return Number(version);
}
