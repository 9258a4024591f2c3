import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { toHex } from '../../verifier/bytes/hex.ts';
import { makeCredential } from '../../verifier/enrolment/credential.ts';
import { parseTpm2bPublic } from '../../verifier/tpm/public-area.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { startEndpoint } from '../cli/endpoint.ts';
import { urlOf } from '../http/listen.ts';
import { endorsementTemplates } from '../tpm-device/endorsement-templates.ts';
import { provideAttestationKey, provideEndorsementKey } from '../tpm-device/keys.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../tpm-device/software-tpm.ts';
import { createToolDriver } from '../tpm-device/tool-driver.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { TpmMaker } from './endorsed-tpm.ts';
import { collect } from './sample-machine.ts';

/** TPMs whose maker's certificate is for an endorsement key by a template of the TCG's high range. */

const maker = new TpmMaker();
const scratch = mkdtempSync(join(tmpdir(), 'touchstone-high-range-'));
after(() => {
  maker.remove();
  rmSync(scratch, { recursive: true, force: true });
});

async function withTpm(options: { stateDirectory?: string }, use: (tpm: SoftwareTpm) => Promise<void>) {
  const tpm = await startSoftwareTpm(options);
  try {
    await use(tpm);
  } finally {
    await tpm.stop();
  }
}

function tool({ tcti }: SoftwareTpm, name: string, ...args: readonly string[]): void {
  execFileSync(name, args, { env: { ...process.env, TPM2TOOLS_TCTI: tcti }, stdio: 'pipe', timeout: 20_000 });
}

test('a TPM with no certificate but that of a P-384 key is enrolled by it, and by no other', async () => {
  await withTpm({ stateDirectory: maker.make() }, async (tpm) => {
    // swtpm_setup(8) makes certificates for RSA-2048 of the low range, and for P-384.
    tool(tpm, 'tpm2_nvundefine', '-C', 'p', '0x1c00002');
    const root = mkdtempSync(join(scratch, 'host-'));
    const endpoint = await startEndpoint({
      ...{ root, device: openTpm({ tcti: tpm.tcti }), measurePcr: 13, log: () => undefined },
      address: { host: '127.0.0.1', port: 0 },
    });
    try {
      const endorsement = parseTpm2bPublic(endpoint.identity.identity.endorsement.public);
      assert.deepEqual(
        [endorsement.type, endorsement.keyBits, endorsement.nameAlgorithm, endorsement.symmetricBits],
        ['ecc', 384, 'sha384', 256],
      );
      const { output, ...collected } = collect();
      const makers = ['--ek-root', maker.root, '--ek-root', maker.issuer];
      const code = await runCommandLine(['enroll', urlOf(endpoint.server), ...makers, '--json'], output);
      assert.equal(code, 0, collected.out + collected.err);
    } finally {
      await endpoint.stop();
    }
  });
});

const templates = {
  'H-1': { index: '0x1c00012', begins: '0001000b000300f2', hash: 'sha256' },
  'H-2': { index: '0x1c00014', begins: '0023000b000300f2', hash: 'sha256' },
  'H-3': { index: '0x1c00016', begins: '0023000c000300f2', hash: 'sha384' },
} as const;

const policies = {
  sha256: '0020ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0',
  sha384:
    '0030b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12',
} as const;

for (const [name, { index, begins, hash }] of Object.entries(templates))
  test(`template ${name}: the key is what it says, and opens a credential for the attestation key only`, async () => {
    await withTpm({}, async (tpm) => {
      const certificate = join(scratch, 'certificate');
      writeFileSync(certificate, 'any');
      tool(tpm, 'tpm2_nvdefine', index, '-C', 'o', '-s', '3', '-a', 'ownerwrite|authread|no_da');
      tool(tpm, 'tpm2_nvwrite', index, '-C', 'o', '-i', certificate);
      const device = openTpm({ tcti: tpm.tcti });
      const host = await ensureIdentity(mkdtempSync(join(scratch, 'host-')), device);
      const { identity, attestationKey, endorsementKeyHandle: endorsement } = host;
      assert.equal(Buffer.from(identity.endorsement.certificate ?? []).toString(), 'any');
      assert.ok(
        toHex(identity.endorsement.public)
          .slice(4)
          .startsWith(begins + policies[hash]),
      );
      assert.match(toHex(identity.attestation.public), /^[0-9a-f]{4}0023000b00050472/);
      const endorsementKey = parseTpm2bPublic(identity.endorsement.public);
      const secret = new Uint8Array(32).fill(3);
      const credentialFor = (attestationKeyName: typeof attestationKey.name) =>
        makeCredential({ endorsementKey, attestationKeyName, secret });
      const keys = { endorsement, attestation: host.attestationKeyHandle };
      assert.deepEqual(await device.activateCredential(keys, credentialFor(attestationKey.name)), secret);
      assert.equal(await device.activateCredential(keys, credentialFor(endorsementKey.name)), null);
      // Found again, not made again.
      const again = await ensureIdentity(mkdtempSync(join(scratch, 'host-')), openTpm({ tcti: tpm.tcti }));
      assert.deepEqual(again.identity, identity);
    });
  });

test('a TPM without P-256 has an RSA attestation key under a key of the high range too', async () => {
  await withTpm({}, async ({ tcti }) => {
    const driver = createToolDriver({ tcti });
    const template = endorsementTemplates.find(({ certificateIndex }) => certificateIndex === 0x01c00012);
    assert.ok(template !== undefined);
    const { handle } = await provideEndorsementKey(driver, template);
    const { public: area } = await provideAttestationKey(driver, 'rsa', handle);
    assert.match(toHex(area), /^[0-9a-f]{4}0001000b00050472/);
    const { scheme } = parseTpm2bPublic(area);
    assert.deepEqual(scheme, { algorithm: 'rsassa', hash: 'sha256' });
  });
});

test('where the low range has a certificate, the high range is left alone', async () => {
  await withTpm({ stateDirectory: maker.make() }, async ({ tcti }) => {
    const { public: area } = await openTpm({ tcti }).createEndorsementKey();
    assert.match(toHex(area), /^[0-9a-f]{4}0001000b000300b2/);
  });
});
