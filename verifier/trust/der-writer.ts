/** One DER value: identifier octet, length in the fewest octets, content (X.690 sections 8.1 and 10.1). */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...encodeLength(content.length)), content]));
}

function encodeLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets = toOctets(BigInt(length));
  return [0x80 | octets.length, ...octets];
}

/** DER of an INTEGER that is not negative: a zero octet goes before a high bit, which would be a sign. */
export function encodeUnsigned(value: bigint): Uint8Array {
  const octets = toOctets(value);
  return encodeDer(0x02, Uint8Array.from((octets[0] ?? 0) & 0x80 ? [0] : []), octets);
}

/** DER of an OBJECT IDENTIFIER, given in dots. */
export function encodeOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encodeDer(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    octets.unshift((left % 128) | 0x80);
  return octets;
}

function toOctets(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}
