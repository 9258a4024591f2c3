/** One DER value: identifier octet, minimal length, content. For messages that no tool would make. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  if (content.length < 0x80)
    return new Uint8Array(Buffer.concat([Buffer.from([tag, content.length]), content]));
  const hex = content.length.toString(16);
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return new Uint8Array(Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]));
}

export function integer(value: number): Uint8Array {
  return der(0x02, Uint8Array.of(value));
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    octets.unshift((left % 128) | 0x80);
  return octets;
}

export const null_ = Uint8Array.of(0x05, 0x00);
