import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';

import type { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import type { Booted } from '../boot.ts';
import { attest, type Attested, type EndpointKeys, enroll } from './sample-endpoint.ts';

/** Challenges a host, and appraises its answer outside. */
export type Challenge = () => Promise<Attested>;

/** A policy and the files it names, as an operator has them. */
export interface OperatorsPolicy {
  readonly policy: string;
  /** Paths here, by the name in the policy. */
  readonly files: Readonly<Record<string, string>>;
}

/** Challenges a host whose endpoint runs. The first time it is enrolled, and the same keys are expected from then on. */
export async function challenge(
  { hostPort }: Booted,
  pki: OpensslPki,
  keys: EndpointKeys,
  { policy, files }: OperatorsPolicy,
): Promise<Attested> {
  const port = hostPort ?? assert.fail('no port is forwarded');
  const [identity, appraisedBy] = [pki.path('host.json'), pki.path('policy.yaml')];
  if (!existsSync(identity)) await enroll(port, keys, identity);
  writeFileSync(appraisedBy, policy);
  for (const [name, path] of Object.entries(files)) copyFileSync(path, pki.path(name));
  return attest(port, keys, { identity, policy: appraisedBy });
}
