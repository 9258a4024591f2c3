import { Cursor } from '../bytes/cursor.ts';
import { Malformed } from '../bytes/failures.ts';
import { terminatedUtf16Text } from './efi-text.ts';

const maximumPathBytes = 4096;
const mediaType = 4;
const filePathSubtype = 4;

/**
 * The file path in a UEFI_IMAGE_LOAD_EVENT (TCG "PC Client Platform Firmware Profile", section 10.2.3), from the nodes of its device
 * path that are file paths (UEFI specification 2.10, section 10.3.5.4); null where there is none that can be read. The event is not
 * what was measured: this is for people only.
 */
export function loggedImagePath(data: Uint8Array): string | null {
  if (data.length > maximumPathBytes) return null;
  try {
    const cursor = new Cursor(data, 'little');
    cursor.take(24, 'image location, length and link address');
    const path = cursor.take(cursor.u64Number('device path length'), 'device path');
    const names = filePaths(new Cursor(path, 'little'));
    return names.length === 0 ? null : names.join('\\').replaceAll(/\\+/g, '\\');
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function filePaths(cursor: Cursor): string[] {
  const names: string[] = [];
  while (cursor.remaining > 0) {
    const type = cursor.u8('node type');
    const subtype = cursor.u8('node subtype');
    const node = cursor.take(cursor.u16('node length') - 4, 'node');
    if (type !== mediaType || subtype !== filePathSubtype) continue;
    const name = terminatedUtf16Text(node);
    if (name !== null) names.push(name);
  }
  return names;
}
