import type { Target } from './target.ts';
import { appraisalPolicyTarget } from './targets/appraisal-policy.ts';
import {
  documentTarget,
  eventTarget,
  logTarget,
  quoteTarget,
  tpmStructuresTarget,
} from './targets/evidence.ts';
import { fileSystemTarget, releaseTarget } from './targets/file-system.ts';
import { firmwareLogTarget } from './targets/firmware-log.ts';
import {
  imageTarget,
  rootHashTextTarget,
  signaturePartitionTarget,
  superblockTarget,
  tableTarget,
} from './targets/image.ts';
import { policyTarget } from './targets/policy.ts';
import { certificateTarget, signatureTarget } from './targets/signature.ts';

/** Every target by its name; made when it is asked for, since most read their vectors. */
export const targetMakers: ReadonlyMap<string, () => Target | Promise<Target>> = new Map<
  string,
  () => Target | Promise<Target>
>([
  ['image', imageTarget],
  ['partition-table', tableTarget],
  ['verity-superblock', superblockTarget],
  ['signature-partition', signaturePartitionTarget],
  ['root-hash-text', rootHashTextTarget],
  ['file-system', fileSystemTarget],
  ['release', releaseTarget],
  ['signature', signatureTarget],
  ['certificate', certificateTarget],
  ['quote', quoteTarget],
  ['tpm-structures', tpmStructuresTarget],
  ['extension-event', eventTarget],
  ['systemd-log', logTarget],
  ['firmware-log', firmwareLogTarget],
  ['documents', documentTarget],
  ['policy', policyTarget],
  ['appraisal-policy', appraisalPolicyTarget],
]);
