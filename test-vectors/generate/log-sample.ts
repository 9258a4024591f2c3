import type { BootEvent } from './log-writer.ts';
import { hash, le32, le64 } from './log-writer.ts';
import { join } from './tpm-writer.ts';

export const types = {
  postCode: 1,
  unused: 2,
  noAction: 3,
  separator: 4,
  tag: 6,
  crtmVersion: 8,
  ipl: 0x0d,
  config: 0x8000_0001,
  application: 0x8000_0003,
  action: 0x8000_0007,
  hcrtm: 0x8000_0010,
  authority: 0x8000_00e0,
} as const;

const guids = {
  global: '61dfe48bca93d211aa0d00e098032b8c',
  imageSecurity: 'cbb219d73a3d9645a3bcdad00e67656f',
  shim: '50ab5d6046e00043abb63dd810dd8b23',
  x509: 'a159c0a5e494a74a87b5ab155c2bf072',
  sha256: '2616c4c14c509240aca941f936934328',
} as const;

const owner = new Uint8Array(16).fill(0x77);

export function utf16(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le'));
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** UEFI_VARIABLE_DATA. */
export function variable(vendor: keyof typeof guids, name: string, data: Uint8Array): Uint8Array {
  return join(Buffer.from(guids[vendor], 'hex'), le64(name.length), le64(data.length), utf16(name), data);
}

/** An EFI_SIGNATURE_LIST. */
export function signatureList(type: 'x509' | 'sha256', entries: readonly Uint8Array[]): Uint8Array {
  const size = 16 + (entries[0]?.length ?? 0);
  return join(
    Buffer.from(guids[type], 'hex'),
    ...[28 + size * entries.length, 0, size].map(le32),
    ...entries.flatMap((entry) => [owner, entry]),
  );
}

/** Stands for a certificate: a DER SEQUENCE that nobody looks into here. */
const certificate = join(Uint8Array.of(0x30, 0x82, 1, 0), new Uint8Array(256).fill(0x05));

export function config(vendor: keyof typeof guids, name: string, data: Uint8Array): BootEvent {
  return { pcr: 7, type: types.config, data: variable(vendor, name, data) };
}

export const secureBootOn = config('global', 'SecureBoot', Uint8Array.of(1));
export const secureBootOff = config('global', 'SecureBoot', Uint8Array.of(0));

export const dbx = config(
  'imageSecurity',
  'dbx',
  signatureList('sha256', [hash('sha256', ascii('a')), hash('sha256', ascii('b'))]),
);

const keys = signatureList('x509', [certificate]);

/** PK, KEK, db and dbx. */
export const databases: readonly BootEvent[] = [
  config('global', 'PK', keys),
  config('global', 'KEK', keys),
  config('imageSecurity', 'db', keys),
  dbx,
];

export function separator(pcr: number, value: readonly number[] = [0, 0, 0, 0]): BootEvent {
  return { pcr, type: types.separator, data: Uint8Array.from(value) };
}

export function authority(vendor: 'imageSecurity' | 'shim', name: string, data: Uint8Array): BootEvent {
  return { pcr: 7, type: types.authority, data: variable(vendor, name, data) };
}

/** UEFI_IMAGE_LOAD_EVENT with a device path of one file; measured is what stands for the Authenticode digest. */
export function image(path: string, content: string): BootEvent {
  const name = utf16(`${path}\0`);
  const node = join(Uint8Array.of(4, 4, 4 + name.length, 0), name);
  const end = Uint8Array.of(0x7f, 0xff, 4, 0);
  const data = join(...[0x1000, 0x2000, 0, node.length + end.length].map(le64), node, end);
  return { pcr: 4, type: types.application, data, measured: ascii(content) };
}

export function ipl(pcr: number, text: string, measured: Uint8Array): BootEvent {
  return { pcr, type: types.ipl, data: utf16(`${text}\0`), measured };
}

/** What systemd-stub measures of a section: its name, then its content. */
export function section(name: string, content: string): BootEvent[] {
  return [ipl(11, name, ascii(`${name}\0`)), ipl(11, name, ascii(content))];
}

export function action(pcr: number, text: string): BootEvent {
  return { pcr, type: types.action, data: ascii(text) };
}

export const handOver: readonly BootEvent[] = [
  action(5, 'Exit Boot Services Invocation'),
  action(5, 'Exit Boot Services Returned with Success'),
];

export const crtm: BootEvent = { pcr: 0, type: types.crtmVersion, data: utf16('sample firmware 1\0') };

/** A boot by Secure Boot, shim, systemd-boot and a unified kernel image with an extension beside it. */
export const sampleBoot: readonly BootEvent[] = [
  crtm,
  {
    pcr: 0,
    type: types.postCode,
    data: join(le64(0xff000000), le64(0x100000)),
    measured: ascii('firmware volume'),
  },
  secureBootOn,
  ...databases,
  separator(7),
  action(4, 'Calling EFI Application from Boot Option'),
  ...[0, 1, 2, 3, 4, 5, 6].map((pcr) => separator(pcr)),
  authority('imageSecurity', 'db', join(owner, certificate)),
  image('\\EFI\\BOOT\\BOOTX64.EFI', 'shim'),
  { pcr: 14, type: types.ipl, data: ascii('MokList\0'), measured: ascii('machine owner keys') },
  authority('shim', 'SbatLevel', ascii('sbat,1,2024010900\nshim,4\n')),
  authority('shim', 'Shim', certificate),
  image('\\EFI\\BOOT\\grubx64.efi', 'systemd-boot'),
  {
    pcr: 5,
    type: types.tag,
    data: join(le32(0xf5bc582a), le32(24), utf16('loader.conf\0')),
    measured: ascii('timeout 3\n'),
  },
  image('\\EFI\\Linux\\sample.efi', 'unified kernel'),
  ...section('.linux', 'kernel'),
  ...section('.osrel', 'ID=sample\n'),
  ...section('.cmdline', 'root=/dev/vda quiet'),
  ...section('.initrd', 'initrd'),
  { pcr: 12, type: types.ipl, data: utf16('quiet splash\0') },
  ipl(13, 'System extension initrd', ascii('an archive of extensions')),
  ...handOver,
];
