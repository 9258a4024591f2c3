import { Malformed, Unsupported } from '../../bytes/failures.ts';

/** The features that decide where things are in an ext4 image and what they mean. */
export interface Ext4Features {
  /** Group descriptors, and block numbers, may be wider than 32 bits. */
  readonly wide: boolean;
  readonly metaGroups: boolean;
  readonly sparseSuper: boolean;
  readonly sparseSuper2: boolean;
  readonly clusters: boolean;
  readonly inlineData: boolean;
  readonly attributeInodes: boolean;
  readonly largeDirectories: boolean;
  readonly hugeFiles: boolean;
  readonly checksums: boolean;
  readonly checksumSeed: boolean;
}

/** The three words of the superblock: s_feature_compat, s_feature_incompat, s_feature_ro_compat. */
export interface FeatureWords {
  readonly compatible: number;
  readonly incompatible: number;
  readonly readOnlyCompatible: number;
}

/** Incompatible features that are read here, or mean nothing to who only reads: mmp is for writers. */
const read = {
  filetype: 0x2,
  meta_bg: 0x10,
  extent: 0x40,
  '64bit': 0x80,
  mmp: 0x100,
  flex_bg: 0x200,
  ea_inode: 0x400,
  metadata_csum_seed: 0x2000,
  large_dir: 0x4000,
  inline_data: 0x8000,
} as const;

/** Incompatible features that are not, by the names that dumpe2fs gives them. */
const refused: readonly (readonly [bit: number, why: string])[] = [
  [0x1, 'has the feature compression'],
  // A kernel that replays the journal sees other files than are there now.
  [0x4, 'has the feature needs_recovery: its journal is to be replayed'],
  [0x8, 'has the feature journal_dev: it is a journal'],
  [0x1000, 'has the feature dirdata'],
  [0x10000, 'has the feature encrypt'],
  // Names in such directories are found by more than their bytes.
  [0x20000, 'has the feature casefold'],
];

const known = Object.values(read).reduce((all, bit) => all | bit, 0);

/**
 * Parses the features (Documentation/filesystems/ext4/super.rst). Compatible features that nobody here knows are ignored, and
 * read-only compatible ones: both change nothing of how an image is read.
 *
 * @throws Unsupported naming an incompatible feature that is not read.
 */
export function parseExt4Features(words: FeatureWords): Ext4Features {
  const { compatible, incompatible, readOnlyCompatible } = words;
  checkIncompatible(incompatible);
  return {
    wide: (incompatible & read['64bit']) !== 0,
    metaGroups: (incompatible & read.meta_bg) !== 0,
    sparseSuper: (readOnlyCompatible & 0x1) !== 0,
    sparseSuper2: (compatible & 0x200) !== 0,
    clusters: (readOnlyCompatible & 0x200) !== 0,
    inlineData: (incompatible & read.inline_data) !== 0,
    attributeInodes: (incompatible & read.ea_inode) !== 0,
    largeDirectories: (incompatible & read.large_dir) !== 0,
    hugeFiles: (readOnlyCompatible & 0x8) !== 0,
    checksums: (readOnlyCompatible & 0x400) !== 0,
    checksumSeed: (incompatible & read.metadata_csum_seed) !== 0,
  };
}

function checkIncompatible(features: number): void {
  const why = refused.find(([bit]) => (features & bit) !== 0)?.[1];
  if (why !== undefined) throw new Unsupported('ext4 superblock', why);
  const unknown = (features & ~known) >>> 0;
  if (unknown !== 0)
    throw new Unsupported(
      'ext4 superblock: incompatible features',
      `include 0x${unknown.toString(16)}, which is not known here`,
    );
}

/** Revision 0 is older than features. @throws Malformed if it has some: the kernel goes by them, others do not. */
export function checkNoFeatures(words: FeatureWords): void {
  if (Object.values(words).some((word) => word !== 0))
    throw new Malformed('ext4 superblock', 'is of revision 0 and has features');
}
