import { join } from 'node:path';

import { makeTemporaryDirectory, removeTemporaryDirectory } from '../server/os/private-directory.ts';
import { makeDisk } from './disk.ts';
import { copyProduct } from './product.ts';

/** An image made by an earlier call, for machines of many processes. */
const made = process.env['TOUCHSTONE_VM_PRODUCT'];

/**
 * An ext4 image of Touchstone, which machines see at /product. They only read it.
 *
 * @param image where to make it, if there is none for the whole run.
 */
export async function productDisk(image: string): Promise<string> {
  if (made !== undefined) return made;
  const directory = await makeTemporaryDirectory();
  try {
    await copyProduct(join(directory, 'product'));
    await makeDisk(join(directory, 'product'), image);
  } finally {
    await removeTemporaryDirectory(directory);
  }
  return image;
}
