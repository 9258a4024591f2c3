import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type ByteSource, type Extent, readExtent } from './byte-source.ts';
import { isZero } from './zero.ts';

const chunk = 1024 * 1024;
const maximum = 64 * chunk;

/**
 * Checks that the bytes between the parts of an image are zero, and that no part reaches into another. Nobody signs
 * these bytes and nobody should read them; whatever is hidden there is meant for a reader that understands the file in
 * another way.
 *
 * @param parts all that means something, in any order.
 * @throws Malformed
 * @throws Unsupported if there is more empty space than can be checked quickly.
 */
export async function checkGaps(
  source: ByteSource,
  parts: readonly (Extent & { readonly field: string })[],
): Promise<void> {
  const sorted = parts.toSorted((a, b) => a.offset - b.offset);
  const gaps: Extent[] = [];
  let end = 0;
  for (const part of [...sorted, { field: 'end of the file', offset: source.size, length: 0 }]) {
    if (part.offset < end) throw new Malformed(part.field, 'overlaps what comes before it', part.offset);
    gaps.push({ offset: end, length: part.offset - end });
    end = part.offset + part.length;
  }
  const total = gaps.reduce((sum, { length }) => sum + length, 0);
  if (total > maximum) throw new Unsupported('image', `has ${total} bytes outside its partitions`);
  for (const gap of gaps) await checkZero(source, gap);
}

async function checkZero(source: ByteSource, { offset, length }: Extent): Promise<void> {
  for (let at = offset; at < offset + length; at += chunk) {
    const extent = { offset: at, length: Math.min(chunk, offset + length - at) };
    const bytes = await readExtent(source, 'space between partitions', extent);
    if (!isZero(bytes)) {
      throw new Malformed(
        'space between partitions',
        'is not zero',
        at + bytes.findIndex((byte) => byte !== 0),
      );
    }
  }
}
