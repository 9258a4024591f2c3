import { machine } from 'node:os';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/** uname(2)'s machine and systemd's name for it (uname_architecture() in systemd's src/basic/architecture.c). */
const names = new Map([
  ['x86_64', 'x86-64'],
  ['i386', 'x86'],
  ['i486', 'x86'],
  ['i586', 'x86'],
  ['i686', 'x86'],
  ['aarch64', 'arm64'],
  ['armv6l', 'arm'],
  ['armv7l', 'arm'],
  ['armv8l', 'arm'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['ppc64le', 'ppc64-le'],
  ['loongarch64', 'loongarch64'],
]);

/**
 * The architecture of this host's kernel in systemd's words, for example `x86-64`. Taken from uname(2) as systemd does:
 * the one Node was built for can be a smaller one.
 *
 * @param name uname(2)'s machine, where it is not this host's.
 * @throws CouldNotDecide for an architecture that has no name here.
 */
export function hostArchitecture(name: string = machine()): string {
  const architecture = names.get(name);
  if (architecture === undefined) throw new CouldNotDecide(`"${name}" is not an architecture known here`);
  return architecture;
}
