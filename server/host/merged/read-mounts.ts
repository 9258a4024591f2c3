import { CouldNotDecide, Malformed } from '../../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { readBounded } from '../../os/durable-file.ts';
import { type Mount, parseMountInfo } from './mount-table.ts';

const maximumBytes = 16 * 1024 * 1024;

/** The mounts that this process sees. @throws CouldNotDecide if the table cannot be read. */
export async function readMounts(path: string): Promise<readonly Mount[]> {
  try {
    return parseMountInfo(Buffer.from(await readBounded(path, maximumBytes)).toString('utf8'));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CouldNotDecide(`${path}: ${error.message}`);
  }
}

/** Whether systemd merged here: it gives its overlays the class for a source. */
export function isMerge({ type, source }: Mount, extensionClass: ExtensionClass): boolean {
  return type === 'overlay' && source === extensionClass;
}
