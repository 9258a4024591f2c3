/**
 * Verifies an image once, by one way of digesting, as a user of the library does, and prints what it took. A process of its
 * own, so that its memory is that of this one verification.
 */
import type { StoredExtent } from '../verifier/image/verity-parts.ts';
import { parseVeritySuperblock } from '../verifier/image/verity-superblock.ts';
import { verifyTree } from '../verifier/image/verity-tree.ts';
import { openFileSource } from '../verifier/node/file-source.ts';
import { runRequestShape, type RunResult } from './run-request.ts';

const request = runRequestShape.parse(JSON.parse(process.argv[2] ?? ''));
const before = process.cpuUsage();
const start = process.hrtime.bigint();
const source = await openFileSource(request.image, request.hashing);
const part = (offset: number, length: number): StoredExtent => ({ source, file: 'the file', offset, length });
const superblock = parseVeritySuperblock(await source.read(request.dataBytes, 512));
const tree = part(request.dataBytes, source.size - request.dataBytes);
const verdict = await verifyTree({ superblock, data: part(0, request.dataBytes), tree }, request.rootHash);
await source.close();
const cpu = process.cpuUsage(before);
const result: RunResult = {
  intact: verdict.intact,
  seconds: Number(process.hrtime.bigint() - start) / 1e9,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  peakMiB: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(result));
