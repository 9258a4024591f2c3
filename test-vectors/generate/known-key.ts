import { checkPrimeSync, createHash, createPrivateKey } from 'node:crypto';

const exponent = 65_537n;

/**
 * An RSA key of 2048 bits that anybody can make again from a word, in PEM: it keeps no secret, and signatures by it are the same
 * each time (RFC 8017 section 8.2 has no randomness), so that files made with it are reproducible.
 */
export function knownRsaKey(word: string): string {
  const [p, q] = [prime(`${word} p`), prime(`${word} q`)];
  const d = inverse(exponent, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e: exponent, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, base64url(value)]));
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function prime(word: string): bigint {
  for (let attempt = 0; ; attempt++) {
    const blocks = [0, 1, 2, 3].map((block) =>
      createHash('sha256').update(`${word} ${attempt} ${block}`).digest(),
    );
    const candidate = BigInt(`0x${Buffer.concat(blocks).toString('hex')}`) | (3n << 1022n) | 1n;
    if ((candidate - 1n) % exponent !== 0n && checkPrimeSync(candidate)) return candidate;
  }
}

/** By Euclid's extended algorithm; the two have no divisor in common. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}
