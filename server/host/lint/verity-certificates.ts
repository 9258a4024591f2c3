import { X509Certificate } from 'node:crypto';

import { readBounded } from '../../os/durable-file.ts';
import { verityDirectories } from '../../os/host-paths.ts';
import { type LayeredFile, listLayered } from './layered-files.ts';
import type { Warning } from './warning.ts';

/** More than any certificate has, and the text that may stand around it. */
const maximumBytes = 1024 * 1024;

/**
 * Warns of what stands in a verity.d directory and verifies nothing: systemd reads files that end in `.crt`, of each the
 * first certificate, in PEM (validate_signature_userspace() in systemd's src/shared/dissect-image.c).
 *
 * @throws CouldNotDecide if a directory or a file cannot be read.
 */
export async function lintCertificates(root: string): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const file of await listLayered(root, verityDirectories)) {
    const message = await judge(file);
    if (message !== null) warnings.push({ code: 'ignored-certificate', message, path: file.path });
  }
  return warnings;
}

async function judge(file: LayeredFile): Promise<string | null> {
  const { name, kind, hiddenBy } = file;
  if (!name.endsWith('.crt'))
    return kind === 'mask' ? null : 'systemd reads only files that end in .crt from this directory.';
  if (name.startsWith('.')) return 'systemd passes over hidden files.';
  if (kind === 'nothing') return 'It is no file, or a link that leads nowhere; systemd passes over it.';
  if (kind === 'mask') return null;
  if (hiddenBy?.kind === 'mask') return `It is masked by ${hiddenBy.path}, so it verifies nothing.`;
  const problem = await judgeContent(file);
  if (problem !== null || hiddenBy === null) return problem;
  return (await haveSameContent(file, hiddenBy))
    ? null
    : `${hiddenBy.path} has the same name and priority, so this one is not read.`;
}

async function judgeContent({ target, bytes }: LayeredFile): Promise<string | null> {
  if (target === null) return null;
  if (bytes > maximumBytes) return 'It is too large for a certificate.';
  const text = Buffer.from(await readBounded(target, maximumBytes, { noFollow: true })).toString('latin1');
  const begins = text.match(/^-----BEGIN (?:X509 )?CERTIFICATE-----[ \t]*\r?$/gm) ?? [];
  if (begins.length === 0) return 'It has no certificate in PEM, the only encoding that systemd reads here.';
  if (!parses(text)) return 'Its first certificate cannot be parsed, so systemd passes over the whole file.';
  if (begins.length === 1) return null;
  return `It has ${begins.length} certificates, of which systemd reads the first only; put each into a file of its own.`;
}

function parses(text: string): boolean {
  const first = /^-----BEGIN (?:X509 )?CERTIFICATE-----[^]*?^-----END (?:X509 )?CERTIFICATE-----/m.exec(text);
  try {
    return first !== null && new X509Certificate(first[0]).raw.length > 0;
  } catch {
    return false;
  }
}

async function haveSameContent(a: LayeredFile, b: LayeredFile): Promise<boolean> {
  if (a.target === null || b.target === null || a.bytes !== b.bytes || a.bytes > maximumBytes) return false;
  const [left, right] = await Promise.all(
    [a.target, b.target].map((path) => readBounded(path, maximumBytes)),
  );
  return left !== undefined && right !== undefined && Buffer.from(left).equals(right);
}
