import { listSome, type Objection, unknown } from './objection.ts';
import type { ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

/** Checks quoted values against lists. */
export function checkPcrs({ pcrs: wanted = {} }: Requirement, { pcrs }: ProvedHost): Objection[] {
  return Object.entries(wanted).flatMap(([pcr, values]): Objection[] => {
    const path = ['pcrs', pcr];
    const value = pcrs.get(Number(pcr));
    if (value === undefined) return [unknown(path, `The quote does not cover PCR ${pcr}.`)];
    if (values.has(value)) return [];
    return [{ code: 'pcr-not-listed', message: `PCR ${pcr} holds ${value}, which is not listed.`, path }];
  });
}

/** Checks that there is a firmware log that was authenticated. */
export function checkFirmwareLog({ firmwareLog }: Requirement, { firmware }: ProvedHost): Objection[] {
  return firmwareLog === undefined || firmware !== null ? [] : [withoutLog(['firmwareLog'])];
}

/** Checks that the logs say all that is in the quoted PCRs: what they do not say could be anything. */
export function checkUnexplained(
  { unexplainedPcrs: allowed }: Requirement,
  { firmware, replayed }: ProvedHost,
): Objection[] {
  if (allowed === undefined) return [];
  const path = ['unexplainedPcrs'];
  if (firmware === null) return [withoutLog(path)];
  const found = firmware.unexplained.filter((pcr) => !replayed.has(pcr) && !allowed.includes(pcr));
  if (found.length === 0) return [];
  const message = `No log explains what PCR ${listSome(found.map(String))} holds.`;
  return [{ code: 'pcr-unexplained', message, path }];
}

export function withoutLog(path: Objection['path']): Objection {
  return unknown(path, 'The evidence has no firmware log that the quote vouches for.');
}
