import { readFileSync } from 'node:fs';

import { type DigestName, isDigestName } from '../../verifier/bytes/digest.ts';
import { fromHex, parseHex } from '../../verifier/bytes/hex.ts';
import type { ReasonCode } from '../../verifier/reasons.ts';
import type { LogCase, LogFacts } from './log-group.ts';

export const genuineDirectory = 'test-vectors/log/genuine';

interface Genuine {
  readonly name: string;
  readonly comment: string;
  readonly expect: Omit<LogFacts, 'dbx' | 'images' | 'sections'> | ReasonCode;
}

const genuine: readonly Genuine[] = [
  {
    name: 'event-arch-linux',
    comment: 'systemd-boot without Secure Boot, keys of the owner',
    expect: { secureBoot: false, authorities: [], commands: 0 },
  },
  {
    name: 'event-bootorder',
    comment: 'GRUB in a virtual machine without keys',
    expect: { secureBoot: false, authorities: [], commands: 65 },
  },
  {
    name: 'event-gce-ubuntu-2104-log',
    comment: 'shim and GRUB in a virtual machine with a SHA-384 bank',
    expect: { secureBoot: false, authorities: ['SbatLevel'], commands: 73 },
  },
  {
    name: 'event-moklisttrusted',
    comment: 'shim and GRUB with Secure Boot, SHA-256 only',
    expect: {
      secureBoot: true,
      authorities: ['db', 'SbatLevel', 'MokListTrusted', 'Shim'],
      commands: 52,
    },
  },
  {
    name: 'event-postcode',
    comment:
      'shim and GRUB from the network with Secure Boot; shim hashes all but the last byte of an authority',
    expect: { secureBoot: true, authorities: ['db', 'Shim', 'Shim'], commands: 12 },
  },
  {
    name: 'event-uefi-sha1-log',
    comment: 'a log of SHA-1 alone',
    expect: { secureBoot: false, authorities: [], commands: 0 },
  },
  { name: 'event-uefiaction', comment: 'a single event, so no separator', expect: 'separator-invalid' },
  { name: 'event-uefiservices', comment: 'a single event, so no separator', expect: 'separator-invalid' },
  { name: 'event-uefivar', comment: 'a single event, so no separator', expect: 'separator-invalid' },
];

export const genuineNames = genuine.map(({ name }) => name);

/** What tpm2-tools expects of a log. */
export interface Expected {
  readonly pcrs: ReadonlyMap<DigestName, ReadonlyMap<number, Uint8Array>>;
  /** Digests of images by bank, in order. */
  readonly images: ReadonlyMap<string, readonly string[]>;
  /** Entries. */
  readonly dbx: number;
}

/** Reads lines `pcr BANK INDEX VALUE`, `image BANK EVENT DIGEST` and `dbx ENTRIES`. */
export function expectedOf(name: string): Expected {
  const lines = readFileSync(`${genuineDirectory}/${name}.expected`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const of = (kind: string): string[][] => lines.filter(([word]) => word === kind);
  const pcrs = new Map<DigestName, Map<number, Uint8Array>>();
  for (const [, bank = '', index, value = ''] of of('pcr')) {
    if (!isDigestName(bank)) throw new TypeError(`${bank} is no bank`);
    pcrs.set(
      bank,
      (pcrs.get(bank) ?? new Map<number, Uint8Array>()).set(Number(index), fromHex(parseHex(value, name))),
    );
  }
  const images = new Map<string, string[]>();
  for (const [, bank = '', , digest = ''] of of('image'))
    images.set(bank, [...(images.get(bank) ?? []), digest]);
  return { pcrs, images, dbx: Number(of('dbx')[0]?.[1] ?? 0) };
}

/** Logs of real machines, in each bank, with the values that another reader's tests expect. */
export function genuineCases(): LogCase[] {
  return genuine.flatMap(({ name, comment, expect }) => {
    const { pcrs, images, dbx } = expectedOf(name);
    return [...pcrs].map(([bank, values]) => ({
      id: `${name.replace(/^event-/, '').replace(/-log$/, '')}-in-${bank}`,
      ...{ comment, flags: ['Genuine'], log: `${name}.bin`, bank, pcrs: values },
      expect:
        typeof expect === 'string'
          ? expect
          : { ...expect, dbx, images: [...(images.get(bank) ?? [])], sections: [] },
    }));
  });
}
