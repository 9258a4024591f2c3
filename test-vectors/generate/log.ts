import { writeFileSync } from 'node:fs';

import { z } from 'zod';

import { factCases } from './log-fact-cases.ts';
import { formatCases } from './log-format-cases.ts';
import { genuineCases } from './log-genuine.ts';
import { type LogGroup, logGroupShape, toVector } from './log-group.ts';
import { replayCases } from './log-replay-cases.ts';
import { secureBootCases } from './log-secure-boot-cases.ts';

const profile = 'TCG PC Client Platform Firmware Profile';

const notes: LogGroup['notes'] = {
  Genuine: { effect: 'Logs of real machines must be read.', reference: 'integration tests of tpm2-tools' },
  Sample: {
    effect: 'A log of a boot with a unified kernel image must be read.',
    reference: 'systemd-stub(7)',
  },
  Replay: {
    effect: 'Events are believed that were not extended, not all of them, or in another order.',
    reference: 'CVE-2022-0317; TPM 2.0 Library Part 1, section 17.2',
  },
  NoAction: {
    effect: 'An event is hidden, or counted, that extends nothing.',
    reference: `${profile}, section 10.4.1, EV_NO_ACTION`,
  },
  Locality: {
    effect: 'PCR 0 is replayed from another value than the TPM began with.',
    reference: `${profile}, section 10.4.5.3`,
  },
  Separator: {
    effect: 'The line between the firmware and what it started is drawn elsewhere.',
    reference: `${profile}, section 10.4.1, EV_SEPARATOR; go-attestation, docs/event-log-disclosure.md`,
  },
  EventType: {
    effect: 'A type, or data that was not measured, is believed.',
    reference: 'go-attestation, docs/event-log-disclosure.md',
  },
  AfterExit: {
    effect:
      'What the operating system extended is taken for the word of the firmware, or an event is hidden behind it.',
    reference: 'go-attestation, docs/event-log-disclosure.md',
  },
  SecureBoot: {
    effect: 'Secure Boot is taken to be on where that is in doubt.',
    reference: `${profile}, section 3.3.4.8`,
  },
  NotMeasured: {
    effect: 'A path is believed that was not measured.',
    reference: `${profile}, section 10.2.3`,
  },
  Sections: {
    effect: 'A section of a unified kernel image is read that was not measured as one.',
    reference: 'systemd-stub(7)',
  },
  Commands: {
    effect: 'A line is read that no boot loader measured.',
    reference: 'GRUB manual, section "Measured Boot"',
  },
  Format: {
    effect: 'Two readers of one log see different events.',
    reference: `${profile}, sections 10.2.1, 10.2.2 and 10.4.5.1`,
  },
};

/** Makes the group: the same each time. */
export function makeLogGroup(): LogGroup {
  return {
    schema: '../schemas/log.schema.json',
    generator: 'test-vectors/generate/log.ts',
    notes,
    cases: [...genuineCases(), ...replayCases(), ...secureBootCases(), ...factCases(), ...formatCases()].map(
      toVector,
    ),
  };
}

/** The JSON Schema of the group, as text. */
export function logSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(logGroupShape), null, 2)}\n`;
}

// Run from the root of the repository: node dist/test-vectors/generate/log.js
if (import.meta.filename === process.argv[1]) {
  writeFileSync('test-vectors/log/log.json', `${JSON.stringify(makeLogGroup(), null, 1)}\n`);
  writeFileSync('test-vectors/schemas/log.schema.json', logSchema());
}
