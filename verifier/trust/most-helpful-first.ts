import type { Reason } from '../reasons.ts';

/** That one set of anchors has never heard of a signer says less than why another, which has, does not vouch. */
export function mostHelpfulFirst(reasons: readonly Reason[]): readonly Reason[] {
  const isBare = ({ code }: Reason): boolean => code === 'signer-untrusted';
  return [...reasons.filter((one) => !isBare(one)), ...reasons.filter(isBare)];
}
