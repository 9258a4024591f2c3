import { hexDigest, logCase, sampleFacts, sampleImages } from './log-case.ts';
import type { LogCase } from './log-group.ts';
import { crtm, sampleBoot } from './log-sample.ts';
import {
  agileEvent,
  bootPcrs,
  digestsOf,
  le16,
  le32,
  legacyEvent,
  logHeader,
  type LogHeaderParts,
  writeLog,
} from './log-writer.ts';
import { join } from './tpm-writer.ts';

const banks = ['sha1', 'sha256'] as const;

/** Cases about the form of logs. */
export function formatCases(): LogCase[] {
  return [...forms(), ...headers(), ...events(), ...sizes()];
}

function forms(): LogCase[] {
  const read = (id: string, comment: string, log: Uint8Array): LogCase =>
    logCase({ id, comment, flag: 'Format', log, expect: sampleFacts });
  const reversed = sampleBoot.map((event) => agileEvent(event, digestsOf(event, ['sha256', 'sha1'])));
  const fewer = sampleBoot.map((event) => agileEvent(event, digestsOf(event, ['sha256'])));
  const legacy = {
    ...logCase({ id: '', comment: '', flag: 'Format', expect: sampleFacts }),
    ...({ bank: 'sha1', pcrs: bootPcrs(sampleBoot, 'sha1') } as const),
    expect: { ...sampleFacts, images: sampleImages.map((content) => hexDigest(content, 'sha1')) },
  };
  const tpm12 = legacyEvent({
    pcr: 0,
    type: 3,
    data: Buffer.from('Spec ID Event02\0...', 'latin1'),
    measured: null,
  });
  return [
    read(
      'digests-reversed',
      'digests in another order than the header has',
      join(logHeader(banks), ...reversed),
    ),
    read(
      'digests-fewer',
      'digests of one bank of two, as some firmware logs',
      join(logHeader(banks), ...fewer),
    ),
    read(
      'vendor-info',
      'a header with vendor info',
      writeLog(sampleBoot, banks, { vendorInfo: Buffer.from('vendor') }),
    ),
    read('algorithm-unknown', 'a bank of SM3, which is passed over', withSm3()),
    { ...legacy, id: 'legacy', comment: 'a log of SHA-1 alone', log: join(...sampleBoot.map(legacyEvent)) },
    {
      ...legacy,
      id: 'legacy-header',
      comment: 'the same with the header of TPM 1.2',
      log: join(tpm12, ...sampleBoot.map(legacyEvent)),
    },
  ];
}

function withSm3(): Uint8Array {
  const algorithms = [
    [4, 20],
    [0x12, 32],
    [11, 32],
  ] as const;
  const sm3 = join(le16(0x12), new Uint8Array(32).fill(9));
  const logged = sampleBoot.map((event) => agileEvent(event, digestsOf(event, banks).toSpliced(1, 0, sm3)));
  return join(logHeader(banks, { algorithms }), ...logged);
}

function refused(id: string, comment: string, log: Uint8Array): LogCase {
  return logCase({ id, comment, flag: 'Format', log, expect: 'malformed' });
}

function headers(): LogCase[] {
  const header = (id: string, comment: string, parts: Partial<LogHeaderParts>): LogCase =>
    refused(`header-${id}`, comment, writeLog(sampleBoot, banks, parts));
  const sha256 = [11, 32] as const;
  const sha256Only = (id: string, comment: string, algorithms: LogHeaderParts['algorithms']): LogCase =>
    refused(`header-${id}`, comment, writeLog(sampleBoot, ['sha256'], { algorithms }));
  return [
    header('no-algorithm', 'a header without algorithms', { algorithms: [] }),
    header('count-long', 'more algorithms counted than there are', { count: 3 }),
    header('count-huge', 'four thousand million algorithms', { count: 0xffffffff }),
    header('count-short', 'fewer algorithms counted than there are', { count: 1 }),
    sha256Only('algorithm-twice', 'an algorithm is named twice', [sha256, sha256]),
    header('digest-size', 'SHA-256 digests of 31 bytes', {
      algorithms: [
        [4, 20],
        [11, 31],
      ],
    }),
    sha256Only('digest-size-unknown', 'digests of no bytes of an unknown algorithm', [sha256, [0x12, 0]]),
    header('vendor-long', 'vendor info that goes past the header', { vendorInfoSize: 1 }),
    header('vendor-short', 'a byte of vendor info too many', {
      vendorInfo: Uint8Array.of(1),
      vendorInfoSize: 0,
    }),
  ];
}

function events(): LogCase[] {
  const log = (...parts: readonly Uint8Array[]): Uint8Array =>
    join(
      logHeader(banks),
      ...parts,
      ...sampleBoot.map((event) => agileEvent(event, digestsOf(event, banks))),
    );
  const [sha1 = new Uint8Array(), sha256 = new Uint8Array()] = digestsOf(crtm, banks);
  return [
    refused('digest-none', 'an event without digests', log(agileEvent({ ...crtm, type: 3 }, []))),
    refused('digest-twice', 'an event with two SHA-256 digests', log(agileEvent(crtm, [sha256, sha256]))),
    refused('digest-many', 'an event with three digests', log(agileEvent(crtm, [sha1, sha256, sha256]))),
    refused(
      'digest-unannounced',
      'a digest of an algorithm that is not in the header',
      log(agileEvent(crtm, [sha1, digestsOf(crtm, ['sha384'])[0] ?? sha1])),
    ),
    refused('pcr-24', 'an event of PCR 24', log(agileEvent({ ...crtm, pcr: 24 }, [sha1, sha256]))),
  ];
}

function sizes(): LogCase[] {
  const log = writeLog(sampleBoot);
  const start = (pcr: number): Uint8Array =>
    join(le32(pcr), le32(8), le32(1), digestsOf(crtm, ['sha256'])[0] ?? new Uint8Array());
  return [
    refused('empty', 'no bytes', new Uint8Array()),
    refused('cut', 'the log without its last byte', log.subarray(0, -1)),
    refused('trailing', 'a byte after the last event', join(log, Uint8Array.of(0))),
    refused('padded', 'zeros after the last event', join(log, new Uint8Array(64))),
    refused('size-long', 'an event that goes past the end', join(log, start(0), le32(2), Uint8Array.of(1))),
    refused('size-huge', 'an event of four thousand million bytes', join(log, start(0), le32(0xffffffff))),
  ];
}
