import { hostArchitecture } from './architecture.ts';

/** Node's names for what it was built for, and systemd's. */
const names = new Map([
  ['x64', 'x86-64'],
  ['ia32', 'x86'],
  ['arm64', 'arm64'],
  ['arm', 'arm'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['loong64', 'loongarch64'],
  ['ppc64', 'ppc64-le'],
]);

/**
 * The architecture this host's programs are built for, in systemd's words: native_architecture() in systemd's
 * src/basic/architecture.h, which is fixed when systemd is built. Taken from what Node was built for, as both come from
 * one distribution: below a 64-bit kernel both can be 32-bit, which uname(2) does not tell.
 *
 * @param built Node's word for it, where it is not this Node's.
 * @throws CouldNotDecide for an architecture that has no name here.
 */
export function nativeArchitecture(built: string = process.arch): string {
  return names.get(built) ?? hostArchitecture();
}
