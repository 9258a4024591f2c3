import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { z } from 'zod';

import type { Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import type { GuestFiles } from '../payload.ts';

/** The endpoint's port in the guest. */
export const endpointPort = 7431;

/** Who may speak with the endpoint, and how it shows that it is the host. */
export interface EndpointKeys {
  readonly hostCa: Issued;
  readonly host: Issued;
  readonly clientCa: Issued;
  readonly client: Issued;
}

/** What `touchstone attest` made of a host. */
export interface Attested {
  /** The command's exit status. */
  readonly status: number;
  readonly verdict: string;
  /** Of all reasons, also those of single extensions. */
  readonly codes: readonly string[];
  readonly text: string;
}

const reasonsShape = z.array(z.looseObject({ code: z.string() }));
const answerShape = z.looseObject({
  verdict: z.string(),
  reasons: reasonsShape,
  extensions: z.array(z.looseObject({ reasons: reasonsShape })),
});

const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];

export function issueEndpointKeys(pki: OpensslPki): EndpointKeys {
  const hostCa = pki.issue({ subject: '/CN=hosts', extensions: authority });
  const clientCa = pki.issue({ subject: '/CN=verifiers', extensions: authority });
  const host = pki.issue({
    ...{ subject: '/CN=host', issuer: hostCa },
    extensions: ['basicConstraints=CA:FALSE', 'extendedKeyUsage=serverAuth', 'subjectAltName=IP:127.0.0.1'],
  });
  const client = pki.issue({
    ...{ subject: '/CN=verifier', issuer: clientCa },
    extensions: ['basicConstraints=CA:FALSE', 'extendedKeyUsage=clientAuth'],
  });
  chmodSync(client.key, 0o600);
  return { hostCa, host, clientCa, client };
}

/** The host's side of it. */
export function endpointFiles({ host, clientCa }: EndpointKeys): GuestFiles {
  return {
    '/etc/touchstone/tls/host.pem': readFileSync(host.certificate),
    '/etc/touchstone/tls/host.key': readFileSync(host.key),
    '/etc/touchstone/tls/clients.pem': readFileSync(clientCa.certificate),
  };
}

/** Enrolls a host from outside, by the command as users have it; the record is written to a new file. */
export async function enroll(port: number, { hostCa, client }: EndpointKeys, record: string): Promise<void> {
  const main = resolve(import.meta.dirname, '../../server/cli/main.js');
  const { status, stderr } = await execute([
    ...[main, 'enroll', `https://127.0.0.1:${port}`, '--trust-on-first-use', '--out', record],
    ...['--ca', hostCa.certificate, '--certificate', client.certificate, '--key', client.key],
  ]);
  assert.equal(status, 0, stderr);
}

/** Challenges a host from outside, by the command as users have it. */
export async function attest(
  port: number,
  keys: EndpointKeys,
  { identity, policy }: { readonly identity: string; readonly policy: string },
): Promise<Attested> {
  const main = resolve(import.meta.dirname, '../../server/cli/main.js');
  const { hostCa, client } = keys;
  const args = [
    ...['attest', `https://127.0.0.1:${port}`, '--identity', identity, '--policy', policy, '--json'],
    ...['--ca', hostCa.certificate, '--certificate', client.certificate, '--key', client.key],
  ];
  const { status, stdout, stderr } = await execute([main, ...args]);
  if (stdout === '') return { status, verdict: 'none', codes: [], text: stderr };
  const { verdict, reasons, extensions } = answerShape.parse(JSON.parse(stdout));
  const all = [...reasons, ...extensions.flatMap((one) => one.reasons)];
  return { status, verdict, codes: all.map(({ code }) => code), text: stdout };
}

function execute(args: readonly string[]) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}
