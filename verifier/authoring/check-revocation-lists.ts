import { momentText } from '../policy/validity.ts';
import type { RevocationList } from '../trust/revocation-list.ts';
import { type CheckCircumstances, type CheckProblem, endsSoon, untilText, warning } from './check-problem.ts';
import type { PlacedTrust } from './trust-places.ts';

/**
 * Revocation lists that say nothing, or soon will not. An error where there is no other of the same issuer: whatever that
 * issued is refused, since nobody can say whether it is revoked.
 */
export function checkRevocationLists(
  trust: readonly PlacedTrust[],
  circumstances: CheckCircumstances,
): readonly CheckProblem[] {
  return trust.flatMap(({ lists }) => {
    const faults = lists.map(({ list, at }) => ({ list, at, fault: faultOf(list, circumstances.now) }));
    return faults.flatMap(({ list, at, fault }): CheckProblem[] => {
      if (fault !== null) {
        const severity = faults.some((other) => other.fault === null && isOfSame(other.list, list))
          ? 'warning'
          : 'error';
        return [{ severity, message: `the revocation list ${list.called} ${fault}`, at }];
      }
      const { nextUpdate } = list;
      if (nextUpdate === null || !endsSoon(nextUpdate, circumstances) || !isOld(list, circumstances.now))
        return [];
      const message = `the revocation list ${list.called} expires ${untilText(nextUpdate, circumstances.now)}; put the next one in its place before`;
      return [warning(message, at)];
    });
  });
}

/** What `checkPathRevocation` does not believe a list for, whoever signed it. */
function faultOf(list: RevocationList, now: Date): string | null {
  const { thisUpdate, nextUpdate, unhandledCriticalExtensions, signatureAlgorithm } = list;
  const [extension] = unhandledCriticalExtensions;
  if (extension !== undefined)
    return `has the extension ${extension}, so that it may not have all; take a complete one from the issuer`;
  if (!(thisUpdate <= now))
    return `is not valid before ${momentText(thisUpdate)}; keep its predecessor beside it`;
  if (nextUpdate === null)
    return 'does not say until when it is valid, and is not believed; take one with a next update';
  if (!(now <= nextUpdate)) return `expired on ${momentText(nextUpdate)}; take the next one from the issuer`;
  const { kind } = signatureAlgorithm;
  return kind === 'weak' || kind === 'unknown'
    ? `is signed with a ${kind} algorithm, and is not believed; take one signed with a stronger one`
    : null;
}

function isOfSame(one: RevocationList, other: RevocationList): boolean {
  return Buffer.compare(one.issuerDer, other.issuerDer) === 0;
}

// Lists that are made every week are never good for a month: the last quarter of their time is soon enough.
function isOld({ thisUpdate, nextUpdate }: RevocationList, now: Date): boolean {
  if (nextUpdate === null) return false;
  return (nextUpdate.getTime() - now.getTime()) * 4 < nextUpdate.getTime() - thisUpdate.getTime();
}
