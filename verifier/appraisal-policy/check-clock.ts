import type { ClockInfo } from '../tpm/attested.ts';
import { type Objection, unknown } from './objection.ts';
import type { ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

type Wanted = NonNullable<Requirement['clock']>;

/**
 * Checks TPMS_CLOCK_INFO (TPM 2.0 Part 1, section "Clock"). It counts powered milliseconds, resets, and resumes since the last
 * reset; it knows no time of day, and nothing of the time without power.
 */
export function checkClock(
  { clock: wanted }: Requirement,
  { clock, previousClock }: ProvedHost,
): Objection[] {
  if (wanted === undefined) return [];
  return [...checkNow(wanted, clock), ...checkSince(wanted, clock, previousClock)];
}

function unfit(key: string, message: string): Objection {
  return { code: 'clock-unfit', message, path: ['clock', key] };
}

function checkNow({ safe, maximumRestarts }: Wanted, clock: ClockInfo): Objection[] {
  const { restartCount } = clock;
  return [
    ...(safe !== undefined && !clock.safe
      ? [
          unfit(
            'safe',
            'The TPM lost power without a shutdown, and its clock may have shown a later time before.',
          ),
        ]
      : []),
    ...(maximumRestarts !== undefined && restartCount > maximumRestarts
      ? [unfit('maximumRestarts', `The host resumed from suspend ${restartCount} times since it was booted.`)]
      : []),
  ];
}

function checkSince(wanted: Wanted, clock: ClockInfo, previous: ClockInfo | null): Objection[] {
  const { continuous, maximumResets, maximumGapSeconds } = wanted;
  if (previous === null)
    return (['continuous', 'maximumResets', 'maximumGapSeconds'] as const)
      .filter((key) => wanted[key] !== undefined)
      .slice(0, 1)
      .map((key) => unknown(['clock', key], 'No earlier evidence of the host is at hand.'));
  const resets = clock.resetCount - previous.resetCount;
  const found: Objection[] = [];
  if (continuous !== undefined && resets < 0)
    found.push(unfit('continuous', 'The TPM counts fewer resets than in the earlier evidence.'));
  if (maximumResets !== undefined && resets > maximumResets)
    found.push(unfit('maximumResets', `The TPM was reset ${resets} times since the earlier evidence.`));
  if (maximumGapSeconds !== undefined) found.push(...checkGap(maximumGapSeconds, clock, previous));
  return found;
}

const millisecondsInSecond = 1000n;

/** A clock that may have gone back, or that lost minutes with the power, shows too little. */
function checkGap(maximum: number, clock: ClockInfo, previous: ClockInfo): Objection[] {
  const gap = clock.clock - previous.clock;
  if (gap > BigInt(maximum) * millisecondsInSecond)
    return [
      unfit('maximumGapSeconds', `The TPM ran ${gap / millisecondsInSecond} s since the earlier evidence.`),
    ];
  if (clock.safe && gap >= 0n) return [];
  const message = 'The clock of the TPM lost time with the power: how long it ran is not known.';
  return [unknown(['clock', 'maximumGapSeconds'], message)];
}
