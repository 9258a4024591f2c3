import { Unsupported } from '../bytes/failures.ts';
import type { Policy } from '../policy/policy.ts';
import { type CompiledFile, compiledText } from './compiled-file.ts';
import { type Admitted, mergingUnits, type Place, unitLines, type Versions } from './compile-units.ts';
import { admittedForms, type AdmittedForms, imagePolicy, withoutGate } from './image-policy.ts';

/** Late, as sysext.conf(5) has it for what an administrator decides: the last assignment counts. */
const settingsName = '80-touchstone.conf';
/** Early: a drop-in that has the gate called adds commands, and one that comes later and resets them would take it away. */
const unitName = '40-touchstone.conf';

/** The first versions have an option (--image-policy=), the later ones a setting for it (sysext.conf(5)), too. */
const generations = [
  { from: 254, until: 259, words: '254 to 258', settings: false },
  { from: 259, until: Infinity, words: '259 and newer', settings: true },
] as const;
type Generation = (typeof generations)[number];

/**
 * Drop-ins that make systemd itself merge nothing that the policy cannot accept.
 *
 * @param systemd a major version; null: any, in a directory for those without settings and one for those with.
 * @throws Unsupported for versions without image policies.
 */
export function compileDropIns(policy: Policy, systemd: number | null): readonly CompiledFile[] {
  const [{ from: first }] = generations;
  if (systemd !== null && systemd < first)
    throw new Unsupported(`systemd ${systemd}`, `has no image policies; the first with them is ${first}`);
  const admitted = { sysext: admittedForms(policy, 'sysext'), confext: admittedForms(policy, 'confext') };
  return generations
    .filter((generation) => systemd === null || overlap(generation, only(systemd)))
    .flatMap((generation) => {
      const versions = systemd === null ? generation : only(systemd);
      const files = (['host', 'initrd'] as const).flatMap((place) => [
        ...(generation.settings ? compileSettings(policy, admitted, generation, place) : []),
        ...compileUnits(policy, admitted, generation, versions, place),
      ]);
      const beside = systemd === null ? `systemd-${generation.from}/` : '';
      return files.map(({ path, content }) => ({ path: `${beside}${path}`, content }));
    });
}

function only(systemd: number): Versions {
  return { from: systemd, until: systemd + 1 };
}

function overlap(one: Versions, other: Versions): boolean {
  return one.from < other.until && other.from < one.until;
}

const sections = { sysext: 'SysExt', confext: 'ConfExt' } as const;

function compileSettings(
  policy: Policy,
  admitted: Admitted,
  { words }: Generation,
  place: Place,
): CompiledFile[] {
  return (['sysext', 'confext'] as const).map((name) => {
    const forms = inPlace(admitted[name], place);
    const about = [`sysext.conf(5), for systemd ${words}.`, ...explain(forms, place)];
    const body = [`[${sections[name]}]`, `ImagePolicy=${imagePolicy(forms)}`];
    return {
      path: `${prefix(place)}etc/systemd/${name}.conf.d/${settingsName}`,
      content: compiledText(policy, about, body),
    };
  });
}

function compileUnits(
  policy: Policy,
  admitted: Admitted,
  { words }: Generation,
  versions: Versions,
  place: Place,
): CompiledFile[] {
  return mergingUnits
    .filter((unit) => unit.places.includes(place) && overlap(unit, versions))
    .map((unit) => {
      const forms = inPlace(unit.admitted(admitted), place);
      const hint = unit.verb === '' ? varlinkHint : resetHint;
      const about = [`systemd.unit(5), for systemd ${words}.`, ...explain(forms, place), hint];
      return {
        path: `${prefix(place)}etc/systemd/system/${unit.name}.d/${unitName}`,
        content: compiledText(policy, about, unitLines(unit, forms)),
      };
    });
}

function inPlace(forms: AdmittedForms, place: Place): AdmittedForms {
  return place === 'host' ? forms : withoutGate(forms);
}

function prefix(place: Place): string {
  return place === 'host' ? '' : 'initrd/';
}

const resetHint =
  'A drop-in with a later name that resets ExecStart= or ExecReload= has to repeat the option --image-policy=.';
const varlinkHint =
  'This unit merges either class when asked, by one image policy, so only what both admit is left to it.';

function explain({ signed, bare }: AdmittedForms, place: Place): string[] {
  return [
    ...(signed
      ? [
          "systemd wants each signer's own certificate in /etc/verity.d or a keyring of the kernel; it builds no chains.",
        ]
      : []),
    ...(bare
      ? [
          '"unprotected": rules admit bare file systems by digest. systemd then merges any; only the gate keeps others out.',
        ]
      : []),
    ...(signed || bare ? [] : ['Nothing of this kind can be accepted, so that every image file is refused.']),
    ...(place === 'initrd'
      ? ['For an initrd, where no gate runs: nothing but what systemd verifies by itself.']
      : []),
    'Directories are subject to no image policy: systemd merges them as they are.',
  ];
}
