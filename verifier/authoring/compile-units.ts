import { type AdmittedForms, imagePolicy, inCommon } from './image-policy.ts';

/** Whose files are meant: those of the system, or of an initrd, which has its own. */
export type Place = 'host' | 'initrd';

/** What a policy may accept, of each class. */
export type Admitted = Readonly<Record<'sysext' | 'confext', AdmittedForms>>;

/** Major versions of systemd; `until` is not one of them. */
export interface Versions {
  readonly from: number;
  readonly until: number;
}

/** A unit that merges extensions. */
export interface MergingUnit extends Versions {
  readonly name: string;
  readonly places: readonly Place[];
  /** The command as the unit has it, without what it is to do. */
  readonly command: string;
  readonly verb: '' | ' refresh';
  /** Whether the unit is reloaded by the same command. `in-some`: in some versions it is, and nobody needs that. */
  readonly reload: 'yes' | 'in-some' | 'no';
  readonly admitted: (admitted: Admitted) => AdmittedForms;
}

/**
 * The units that refresh one class, from systemd's units/ directory. From 259 on the settings are enough, but for those of an
 * initrd that merge for the system (`sysroot`): they take the settings of the system, where a gate runs only later.
 */
const refreshingUnits: readonly MergingUnit[] = (['sysext', 'confext'] as const).flatMap(
  (name): readonly MergingUnit[] => {
    const refreshing = {
      verb: ' refresh',
      reload: 'yes',
      admitted: (admitted: Admitted) => admitted[name],
    } as const;
    const own = { ...refreshing, command: `systemd-${name}` };
    const sysroot = { ...refreshing, reload: 'in-some', command: `systemd-${name} --root=/sysroot` } as const;
    return [
      { ...own, name: `systemd-${name}.service`, from: 254, until: 259, places: ['host', 'initrd'] },
      { ...own, name: `systemd-${name}-initrd.service`, from: 258, until: 259, places: ['initrd'] },
      { ...sysroot, name: `systemd-${name}-sysroot.service`, from: 261, until: Infinity, places: ['initrd'] },
    ];
  },
);

/**
 * Services that merge either class when they are asked over Varlink. They take the setting for sysext for both classes
 * (parse_config_file() in systemd's src/sysext/sysext.c), and an option before any setting.
 */
const varlinkUnits: readonly MergingUnit[] = [
  { name: 'systemd-sysext@.service', from: 255 },
  { name: 'systemd-sysupdate-notify-sysext@.service', from: 262 },
].map((unit) => ({
  ...unit,
  until: Infinity,
  places: ['host'],
  command: '-systemd-sysext',
  verb: '',
  reload: 'no',
  admitted: ({ sysext, confext }) => inCommon(sysext, confext),
}));

/** All of them. */
export const mergingUnits: readonly MergingUnit[] = [...refreshingUnits, ...varlinkUnits];

/**
 * The lines of a drop-in that makes the unit merge only what is admitted. Each command begins with an empty assignment: without it
 * systemd would run the shipped command, too.
 */
export function unitLines({ command, verb, reload }: MergingUnit, forms: AdmittedForms): string[] {
  const line = `${command} --image-policy=${imagePolicy(forms)}${verb}`;
  const lines = ['[Service]', 'ExecStart=', `ExecStart=${line}`];
  switch (reload) {
    case 'yes':
      return [...lines, 'ExecReload=', `ExecReload=${line}`];
    case 'in-some':
      return [...lines, 'ExecReload='];
    case 'no':
      return lines;
  }
}
