import { makeDdi, type MadeImage } from '../../test-vectors/generate/make-image.ts';
import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import type { GuestFiles } from '../payload.ts';
import {
  erofsOf,
  type ExtensionClass,
  extensionFiles,
  extensionImage,
  flipBit,
  flipContent,
} from './sample-extension.ts';
import type { Signers } from './sample-host.ts';

/** An extension in one of the forms that systemd merges, and in one state. */
export interface FormCase {
  /** Of the extension; what it is made of has this name too. */
  readonly name: string;
  readonly what: string;
  /** Relative to the directory that systemd searches; the first is the image. */
  readonly files: GuestFiles;
  /** The reason codes for which Touchstone refuses it after reading all of it; none: it is accepted. */
  readonly refusedFor: readonly string[];
  /** Whether systemd merges it under the strict image policy. */
  readonly merged: boolean;
}

/** Every form and state for one class. */
export function formCases(extensionClass: ExtensionClass, signers: Signers): FormCase[] {
  return [...imageCases(extensionClass, signers), ...otherForms(extensionClass, signers)];
}

const spoilt = ['data-corrupt'];

function imageCases(extensionClass: ExtensionClass, { pki, vendor, stranger }: Signers): FormCase[] {
  const signed = (name: string): MadeImage => extensionImage(extensionClass, name, { pki, by: vendor });
  const one = (
    name: string,
    what: string,
    bytes: Uint8Array,
    refusedFor: readonly string[],
    merged = false,
  ): FormCase => ({ name, what: `DDI, ${what}`, files: { [`${name}.raw`]: bytes }, refusedFor, merged });
  const flipped = (name: string, at: (image: MadeImage) => number): Buffer => {
    const image = signed(name);
    return flipBit(image.bytes, at(image));
  };
  const byStranger = extensionImage(extensionClass, 'stranger', { pki, by: stranger });
  const unsigned = extensionImage(extensionClass, 'unsigned', null);
  const otherHash = makeDdi({
    data: erofsOf(extensionFiles(extensionClass, 'other-hash')),
    sign: () => pki.sign('ab'.repeat(32), { signers: [vendor] }),
  });
  return [
    one('signed', 'signed', signed('signed').bytes, [], true),
    one('unsigned', 'unsigned', unsigned.bytes, ['unsigned']),
    one('stranger', 'signed by a stranger', byStranger.bytes, ['signer-untrusted']),
    one('other-hash', 'signature over another root hash', otherHash.bytes, ['signature-invalid']),
    // Nothing reads the long file before somebody asks for it: the kernel checks blocks as they are read.
    one(
      'bit-in-file',
      'a bit of a file flipped',
      flipContent(signed('bit-in-file'), 'bit-in-file'),
      spoilt,
      true,
    ),
    one(
      'bit-in-super',
      'a bit of the superblock flipped',
      flipped('bit-in-super', (i) => i.dataOffset + 1024),
      spoilt,
    ),
    one(
      'bit-in-tree',
      'a bit of the hash tree flipped',
      flipped('bit-in-tree', (i) => i.verityOffset + 4100),
      spoilt,
    ),
  ];
}

function otherForms(extensionClass: ExtensionClass, { pki, vendor }: Signers): FormCase[] {
  const sidecar = (name: string, sign: boolean): GuestFiles => {
    const data = erofsOf(extensionFiles(extensionClass, name));
    const { bytes, rootHash } = writeVerity(data);
    return {
      [`${name}.raw`]: data,
      [`${name}.verity`]: bytes,
      [`${name}.roothash`]: `${rootHash}\n`,
      ...(sign ? { [`${name}.roothash.p7s`]: pki.sign(rootHash, { signers: [vendor] }) } : {}),
    };
  };
  const directory = Object.entries(extensionFiles(extensionClass, 'plain'));
  return [
    {
      ...{ name: 'sidecar', what: 'file system with signed .verity files', files: sidecar('sidecar', true) },
      ...{ refusedFor: [], merged: true },
    },
    {
      ...{
        name: 'sidecar-bare',
        what: 'the same without a signature',
        files: sidecar('sidecar-bare', false),
      },
      ...{ refusedFor: ['unsigned'], merged: false },
    },
    {
      ...{ name: 'bare', what: 'file system without a hash tree' },
      ...{ files: { 'bare.raw': erofsOf(extensionFiles(extensionClass, 'bare')) } },
      ...{ refusedFor: ['unsigned'], merged: false },
    },
    {
      // systemd's image policies are about images: a directory is merged under any.
      ...{ name: 'plain', what: 'directory' },
      files: Object.fromEntries(directory.map(([path, text]) => [`plain/${path}`, text])),
      ...{ refusedFor: ['unsigned'], merged: true },
    },
  ];
}
