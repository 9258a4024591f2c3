import { Malformed } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import type { Register } from './systemd-log.ts';

/** What systemd measures in user space (systemd-pcrextend(8), systemd-veritysetup, systemd-cryptsetup; docs/TPM2_PCR_MEASUREMENTS). */
export type SystemWord =
  | { readonly kind: 'phase'; readonly phase: string }
  /** Closes what was measured before user space; systemd 261 and newer. */
  | { readonly kind: 'os-separator' }
  | { readonly kind: 'machine-id'; readonly id: string }
  /** Null: the hardware has none. */
  | { readonly kind: 'product-id'; readonly id: string | null }
  | { readonly kind: 'file-system'; readonly path: string; readonly type: string; readonly uuid: string }
  /** `name`: of the NV index, TPM 2.0 Part 1, "Names"; in systemd 259 to 261 a digest of its anchor. */
  | { readonly kind: 'nvpcr-init'; readonly nvpcr: string; readonly nvIndex: number; readonly name: Hex }
  | { readonly kind: 'nvpcr-separator' }
  | { readonly kind: 'keyslot'; readonly volume: string; readonly mechanism: string; readonly slot: string }
  /** A dm-verity device was activated at least once; it need not have been mounted. */
  | {
      readonly kind: 'verity';
      readonly device: string;
      readonly rootHash: Hex;
      /** Empty where the kernel was given no signature. */
      readonly signers: readonly { readonly serial: string; readonly issuer: string }[];
    }
  | { readonly kind: 'imds-userdata'; readonly sha256: Hex };

/** TPM2 PCR barriers: systemd-pcrphase*.service. */
const phases: ReadonlySet<string> = new Set([
  ...['enter-initrd', 'leave-initrd', 'sysinit', 'ready', 'shutdown', 'final'],
  ...['factory-reset', 'storage-target-mode-start', 'storage-target-mode-stop'],
]);

const maximumLength = 4096;

/**
 * Reads a word of systemd; null for any other text. Give it authenticated texts only: what says `verity:` in a log that does
 * not replay was written by anybody.
 */
export function readSystemWord(text: string): SystemWord | null {
  if (phases.has(text)) return { kind: 'phase', phase: text };
  if (text === 'os-separator' || text === 'nvpcr-separator') return { kind: text };
  // `xescape()` of systemd leaves nothing else, and no second text may stand for the same word.
  if (text.length > maximumLength || !/^[\x20-\x7e]+$/.test(text)) return null;
  const [prefix = '', ...fields] = text.split(':');
  try {
    return readers.get(prefix)?.(fields.map(unescapeField)) ?? null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

type Reader = (fields: readonly string[]) => SystemWord | null;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['machine-id', (fields) => withId('machine-id', fields)],
  [
    'product-id',
    (fields) =>
      fields.join(':') === 'missing' ? { kind: 'product-id', id: null } : withId('product-id', fields),
  ],
  ['file-system', readFileSystem],
  ['nvpcr-init', readNvPcr],
  ['cryptsetup-keyslot', readKeyslot],
  ['verity', readVerity],
  ['imds-userdata', readUserData],
]);

function withId(kind: 'machine-id' | 'product-id', [id = '', ...rest]: readonly string[]): SystemWord | null {
  return rest.length === 0 && /^[0-9a-f]{32}$/.test(id) ? { kind, id } : null;
}

/** Mount point, then TYPE, UUID, LABEL, PART_ENTRY_UUID, PART_ENTRY_TYPE and PART_ENTRY_NAME of blkid (pcrextend-util.c). */
function readFileSystem(fields: readonly string[]): SystemWord | null {
  const [path = '', type = '', uuid = ''] = fields;
  return fields.length === 7 && path.startsWith('/') ? { kind: 'file-system', path, type, uuid } : null;
}

function readNvPcr([nvpcr = '', index = '', name = '', ...rest]: readonly string[]): SystemWord | null {
  if (rest.length > 0 || nvpcr === '' || !/^0x[0-9a-f]{1,8}$/.test(index)) return null;
  return { kind: 'nvpcr-init', nvpcr, nvIndex: Number(index), name: parseHex(name, 'nvpcr-init') };
}

function readKeyslot(fields: readonly string[]): SystemWord | null {
  const [volume = '', , mechanism = '', slot = ''] = fields;
  return fields.length === 4 && volume !== '' ? { kind: 'keyslot', volume, mechanism, slot } : null;
}

/** systemd src/shared/tpm2-util.c, `pcrextend_verity_word()`. */
function readVerity([
  device = '',
  rootHash = '',
  signers = '',
  ...rest
]: readonly string[]): SystemWord | null {
  if (rest.length > 0 || device === '') return null;
  const read = signers === '' ? [] : signers.split(',').map(readSigner);
  if (!read.every((signer) => signer !== null)) return null;
  return { kind: 'verity', device, rootHash: parseHex(rootHash, 'verity'), signers: read };
}

function readSigner(text: string): { readonly serial: string; readonly issuer: string } | null {
  // The issuer is base64, which has slashes of its own.
  const [, serial, issuer] = /^([0-9a-f]+)\/([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  return serial === undefined || issuer === undefined ? null : { serial, issuer };
}

/** The last field is base64 of how the data begins. */
function readUserData(fields: readonly string[]): SystemWord | null {
  const [sha256 = ''] = fields;
  return fields.length === 2
    ? { kind: 'imds-userdata', sha256: parseHex(sha256, 'imds-userdata', 32) }
    : null;
}

/** Of `xescape(…, ":")`. @throws Malformed for a backslash that it does not write. */
function unescapeField(field: string): string {
  return field.replace(/\\(?:x([0-9a-f]{2}))?/g, (_all, digits: string | undefined) => {
    if (digits === undefined)
      throw new Malformed('word of systemd', 'has a backslash that stands for nothing');
    return String.fromCharCode(parseInt(digits, 16));
  });
}

const wordPcrs: Readonly<
  Record<Exclude<SystemWord['kind'], 'keyslot' | 'verity' | 'product-id'>, ReadonlySet<number>>
> = {
  phase: new Set([11]),
  'os-separator': new Set([0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14]),
  'machine-id': new Set([15]),
  'file-system': new Set([15]),
  'nvpcr-init': new Set([9]),
  'nvpcr-separator': new Set([9]),
  'imds-userdata': new Set([12]),
};

/** Whether a word stands where systemd measures it of its own accord; what an administrator has measured elsewhere does not. */
export function isInPlace(word: SystemWord, register: Register): boolean {
  if (register.kind === 'nv') return true;
  if (word.kind === 'keyslot' || word.kind === 'verity' || word.kind === 'product-id') return false;
  return wordPcrs[word.kind].has(register.index);
}
