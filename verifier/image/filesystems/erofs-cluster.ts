import { Malformed } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import type { ErofsMapHeader } from './erofs-map-header.ts';

/**
 * What the index of a compressed file says of one of its blocks ("logical cluster"). At most one piece of the file begins in
 * it; if none does, it is inside of the piece that began before.
 */
export type ErofsCluster = ErofsHead | ErofsInside;

export interface ErofsHead {
  readonly isHead: true;
  /** Number of the algorithm, from 0; null: stored as it is. */
  readonly algorithm: 0 | 1 | null;
  /** Where in this block of the file the piece begins. */
  readonly start: number;
  /** First block of its data in the image. */
  readonly block: number;
  /** The data gives more than this piece, which is its beginning. */
  readonly isPartial: boolean;
}

export interface ErofsInside {
  readonly isHead: false;
  /** By how many clusters to go back to come nearer to the beginning, and forward to come nearer to the next piece. */
  readonly back: number;
  readonly ahead: number;
  /** How many blocks of data the piece has; null: not said here. */
  readonly blocks: number | null;
}

/** A part of an index, and where in the image the entry of its last cluster ends. */
export interface ErofsClusterRange {
  readonly first: number;
  readonly clusters: readonly ErofsCluster[];
  readonly end: number;
}

/** An index that is to be read. */
export interface ErofsIndex {
  readonly source: ByteSource;
  readonly blockSize: number;
  readonly header: ErofsMapHeader;
  /** For messages. */
  readonly name: string;
}

/** Types of clusters (Z_EROFS_LCLUSTER_TYPE_PLAIN and those after it) that need to be told from others. */
export const clusterTypes = { plain: 0, inside: 2, secondAlgorithm: 3, mask: 3 } as const;
/** Of the way back: it is a number of blocks instead, and the way is one. */
export const countsBlocks = 0x800;

/** Which algorithm a piece has that begins in a cluster of that type. */
export function toAlgorithmNumber(type: number): ErofsHead['algorithm'] {
  if (type === clusterTypes.plain) return null;
  return type === clusterTypes.secondAlgorithm ? 1 : 0;
}

/** @param at of the entry, for the message. @throws Malformed */
export function parseWayBack(
  value: number,
  { header, name }: ErofsIndex,
  at: number,
): Pick<ErofsInside, 'back' | 'blocks'> {
  if ((value & countsBlocks) === 0) return { back: value, blocks: null };
  if (!header.hasLargeClusters.includes(true))
    throw new Malformed(name, 'counts blocks, which the map header denies', at);
  return { back: 1, blocks: value & ~countsBlocks };
}
