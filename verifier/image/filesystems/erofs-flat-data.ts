import { Malformed } from '../../bytes/failures.ts';
import type { ErofsInode } from './erofs-inode.ts';
import type { ErofsSuperblock } from './erofs-superblock.ts';
import type { FileRun } from './file-range.ts';

/** Where a file is that is not compressed: one run of blocks; the last block may stand behind the inode instead. */
export function flatRuns({ blockSize }: ErofsSuperblock, inode: ErofsInode): FileRun[] {
  const offset = inode.union * blockSize;
  if (inode.layout === 'plain' || inode.size === 0) return [{ offset, length: inode.size }];
  const length = (Math.ceil(inode.size / blockSize) - 1) * blockSize;
  const tail = inode.attributesOffset + inode.attributesLength;
  if ((tail % blockSize) + inode.size - length > blockSize)
    throw new Malformed(inode.name, 'has a tail that does not end in its block', tail);
  return [
    { offset, length },
    { offset: tail, length: inode.size - length },
  ];
}
