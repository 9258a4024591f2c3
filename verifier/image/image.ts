import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ByteSource, type Extent, readExtent } from './byte-source.ts';
import { discoverParts, type PartitionUuids } from './ddi.ts';
import { checkNoForeignFileSystem, findFileSystems } from './foreign-filesystem.ts';
import { type PartitionTable, readGpt } from './gpt.ts';
import { guidText } from './guid.ts';
import type { Architecture, Designator } from './partition-types.ts';
import { noSidecars, readSidecarClaim, type SidecarClaim, type Sidecars } from './sidecars.ts';
import { treeGeometry } from './verity-geometry.ts';
import {
  isSupportedVerity,
  parseVeritySuperblock,
  type VeritySuperblock,
  veritySuperblockSize,
} from './verity-superblock.ts';
import type { StoredExtent, VerityParts } from './verity-parts.ts';

/**
 * An extension image as it describes itself. It is well formed and its parts fit together; nothing in it is verified:
 * `verifyTree` says whether the data has a root hash, the trust room whether somebody signed that root hash.
 */
export interface Image {
  /**
   * `ddi`: a discoverable disk image, that is a GPT with a data partition and, mostly, its hash tree and signature.
   * `sidecar`: a file system with its hash tree in a file beside it. `bare`: a file system and nothing that covers it.
   */
  readonly form: 'ddi' | 'sidecar' | 'bare';
  /** Null where there is no partition type to say it. */
  readonly architecture: Architecture | null;
  readonly designator: Designator;
  /** Bytes, as all sizes here; null without a partition table. */
  readonly sectorSize: number | null;
  /** In the image file. */
  readonly data: Extent;
  readonly hashTree: StoredExtent | null;
  readonly verity: VeritySuperblock | null;
  /** The one that systemd would look at. */
  readonly signature: ClaimedSignature | null;
  readonly partitionUuids: PartitionUuids | null;
  /** The root hash that the image names for itself, and where. */
  readonly claimedRootHash: Hex | null;
  readonly rootHashFrom: 'signature' | 'sidecar' | 'partition-uuids' | null;
}

/** A PKCS#7 message and the root hash that stands with it. */
export interface ClaimedSignature {
  readonly rootHash: Hex;
  /** DER. */
  readonly cms: Uint8Array;
  /** SHA-256 of the signer's certificate, as a signature partition may say; nothing vouches for it. */
  readonly claimedCertificateFingerprint: Hex | null;
}

/**
 * Opens an extension image: the one door through which a file, with what lies beside it, becomes an `Image`.
 *
 * Trusts nothing: all bytes may be an attacker's. On return every extent lies inside its file, no two overlap, systemd
 * and the kernel find the same partitions, and no reader takes the file for a file system of another kind.
 *
 * @throws Malformed
 * @throws Unsupported for what is neither a GPT image with exactly one data partition nor squashfs, erofs or ext4.
 * @throws CouldNotDecide if the source cannot be read.
 */
export async function openImage(source: ByteSource, sidecars: Sidecars = noSidecars): Promise<Image> {
  const claim = readSidecarClaim(sidecars);
  const table = await readGpt(source);
  return table === null ? openFile(source, sidecars, claim) : openDdi(source, table, sidecars, claim);
}

async function openDdi(
  source: ByteSource,
  table: PartitionTable,
  sidecars: Sidecars,
  claim: SidecarClaim | null,
): Promise<Image> {
  await checkNoForeignFileSystem(source);
  // systemd would look for a file system that fills the whole file, and not find one.
  if (sidecars.hashTree !== null)
    throw new Malformed('image', 'is a GPT image with a .verity file beside it');
  const parts = await discoverParts(source, table);
  if (claim !== null && claim.designator !== parts.designator)
    throw new Malformed(claim.name, `is about ${claim.designator}, the image holds ${parts.designator}`);
  // To an image policy of systemd's, a GPT image without a signature partition is not signed, whatever lies beside it.
  const counted = claim !== null && parts.signature === null ? { ...claim, cms: null } : claim;
  const hashTree = parts.hashTree === null ? null : { ...parts.hashTree, source, file: 'the file' };
  const verity = hashTree === null ? null : await readVerity(hashTree, parts.data);
  return {
    ...parts,
    form: 'ddi',
    sectorSize: table.sectorSize,
    hashTree,
    verity,
    ...claimRootHash(counted, parts.signature, guessRootHash(parts.partitionUuids, verity)),
  };
}

const mountable: ReadonlySet<string> = new Set(['squashfs', 'erofs', 'ext']);

async function openFile(source: ByteSource, sidecars: Sidecars, claim: SidecarClaim | null): Promise<Image> {
  await checkFileSystem(source);
  const data = { offset: 0, length: source.size };
  const whole = { architecture: null, designator: 'root', sectorSize: null, partitionUuids: null } as const;
  // Without both, or with a hash for /usr, systemd mounts the file without its hash tree.
  if (claim?.designator !== 'root' || sidecars.hashTree === null) {
    const unclaimed = { signature: null, claimedRootHash: null, rootHashFrom: null };
    return { ...whole, form: 'bare', data, hashTree: null, verity: null, ...unclaimed };
  }
  const { hashTree: tree } = sidecars;
  const hashTree = { offset: 0, length: tree.size, source: tree, file: 'the .verity file' };
  const verity = await readVerity(hashTree, data);
  return { ...whole, form: 'sidecar', data, hashTree, verity, ...claimRootHash(claim, null, null) };
}

async function checkFileSystem(source: ByteSource): Promise<void> {
  const names = [...new Set((await findFileSystems(source)).map(({ name }) => name))];
  const [name, ...others] = names;
  if (name === undefined)
    throw new Unsupported('image', 'has neither a GPT nor a file system that is known here');
  // libblkid may take it for either, by details that are not looked at here.
  if (others.length > 0) throw new Malformed('image', `could be any of ${names.join(', ')}`);
  if (!mountable.has(name))
    throw new Unsupported(
      'image',
      `seems to be ${name}; only squashfs, erofs and ext4 are handled without a GPT`,
    );
}

async function readVerity(tree: StoredExtent, data: Extent): Promise<VeritySuperblock> {
  const at = { offset: tree.offset, length: veritySuperblockSize };
  const superblock = parseVeritySuperblock(await readExtent(tree.source, 'verity superblock', at));
  if (superblock.dataBlocks * superblock.dataBlockSize > data.length) {
    throw new Malformed('verity superblock: number of data blocks', 'is more than there is data');
  }
  if (isSupportedVerity(superblock) && treeGeometry(superblock).length > tree.length) {
    throw new Malformed('hash tree', `does not fit into the ${tree.length} bytes that there are`);
  }
  return superblock;
}

function claimRootHash(
  claim: SidecarClaim | null,
  embedded: ClaimedSignature | null,
  guessed: Hex | null,
): Pick<Image, 'signature' | 'claimedRootHash' | 'rootHashFrom'> {
  if (claim !== null) {
    const { rootHash, cms } = claim;
    const signature = cms === null ? embedded : { rootHash, cms, claimedCertificateFingerprint: null };
    return { signature, claimedRootHash: rootHash, rootHashFrom: 'sidecar' };
  }
  if (embedded !== null)
    return { signature: embedded, claimedRootHash: embedded.rootHash, rootHashFrom: 'signature' };
  return {
    signature: null,
    claimedRootHash: guessed,
    rootHashFrom: guessed === null ? null : 'partition-uuids',
  };
}

/** As systemd guesses: the two UUIDs are the two halves of a hash of 32 bytes. */
function guessRootHash({ data, hashTree }: PartitionUuids, verity: VeritySuperblock | null): Hex | null {
  if (verity?.algorithm !== 'sha256' || hashTree === null) return null;
  return parseHex(data + hashTree, 'partition UUIDs', 32);
}

/** Where the data and the hash tree of an image are; null if it has no hash tree. */
export function verityParts({ data, hashTree, verity }: Image, source: ByteSource): VerityParts | null {
  if (hashTree === null || verity === null) return null;
  return { superblock: verity, data: { ...data, source, file: 'the file' }, tree: hashTree };
}

/**
 * Checks that all places that name the root hash name this one: the signature partition, where it is not what the root hash
 * was taken from, and the partitions' UUIDs: systemd looks for a data partition that has its first 16 bytes as UUID,
 * and a verity partition that has its last 16 (UAPI.2).
 */
export function checkRootHashClaims({ signature, partitionUuids }: Image, rootHash: Hex): Reason[] {
  const reasons: Reason[] = [];
  if (signature !== null && signature.rootHash !== rootHash) {
    const message = `The signature partition is about the root hash ${signature.rootHash}, beside the image stands ${rootHash}.`;
    reasons.push(reason('root-hash-mismatch', message));
  }
  if (partitionUuids === null) return reasons;
  const { data, hashTree } = partitionUuids;
  if (data !== rootHash.slice(0, 32)) reasons.push(mismatch('data', data, 'begins', rootHash));
  if (hashTree !== null && hashTree !== rootHash.slice(-32)) {
    reasons.push(mismatch('verity', hashTree, 'ends', rootHash));
  }
  return reasons;
}

function mismatch(part: string, uuid: Hex, where: 'begins' | 'ends', rootHash: Hex): Reason {
  return reason(
    'root-hash-mismatch',
    `The UUID of the ${part} partition is ${guidText(uuid)}, which is not how the root hash ${rootHash} ${where}.`,
  );
}
