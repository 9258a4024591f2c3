import { parseBase64 } from '../bytes/base64.ts';
import { Malformed } from '../bytes/failures.ts';

/**
 * The DER bytes of every block of one kind (RFC 7468) of a text, in order. Text between blocks is ignored, as openssl and
 * systemd do; a block of any other kind is refused, because a private key in a file of trust anchors is an accident that
 * must not pass in silence.
 *
 * @param kind what the blocks are called, `CERTIFICATE` or `X509 CRL`.
 * @param maximum the largest number of bytes in one block.
 * @throws Malformed naming `field`.
 */
export function parsePem(
  text: string,
  kind: 'CERTIFICATE' | 'X509 CRL',
  field: string,
  maximum: number,
): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let body: string[] | null = null;
  for (const line of text.split(/\r?\n/)) {
    const [, edge, label] = /^-----(BEGIN|END) ([A-Z0-9 ]*)-----[ \t]*$/.exec(line) ?? [];
    if (label !== undefined && label !== kind)
      throw new Malformed(field, `has a ${label} block; only ${names[kind]}s belong here`);
    if (edge === undefined) {
      body?.push(line.trim());
    } else if (edge === 'BEGIN' && body === null) {
      body = [];
    } else if (edge === 'END' && body !== null) {
      blocks.push(parseBase64(body.join(''), field, maximum));
      body = null;
    } else {
      throw new Malformed(field, 'has a PEM block that begins or ends inside another');
    }
  }
  if (body !== null) throw new Malformed(field, 'has a PEM block without an end');
  if (blocks.length === 0) throw new Malformed(field, `has no ${names[kind]}`);
  return blocks;
}

const names = { CERTIFICATE: 'certificate', 'X509 CRL': 'revocation list' } as const;
