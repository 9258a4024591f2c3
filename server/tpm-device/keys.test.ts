import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { toHex } from '../../verifier/bytes/hex.ts';
import type { TpmDevice } from './device.ts';
import { lowTemplates } from './endorsement-templates.ts';
import { attestationHandle, provideAttestationKey, provideEndorsementKey } from './keys.ts';
import { type SoftwareTpm, startSoftwareTpm } from './software-tpm.ts';
import { createToolDriver } from './tool-driver.ts';
import { openTpm } from './tpm2-tools.ts';

let tpm: SoftwareTpm;
let device: TpmDevice;

before(async () => {
  tpm = await startSoftwareTpm();
  device = openTpm({ tcti: tpm.tcti });
});
after(() => tpm.stop());

function tool(tcti: string, name: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(name, args, { env: { ...process.env, TPM2TOOLS_TCTI: tcti } });
  assert.equal(status, 0, stderr.toString());
}

test('keys are made once, persist, and are what their templates say', async () => {
  assert.equal(await device.readPublic(attestationHandle), null);
  const attestation = await device.createAttestationKey();
  const endorsement = await device.createEndorsementKey();
  assert.equal(attestation.handle, attestationHandle);
  assert.equal(endorsement.handle, lowTemplates.ecc.handle);
  // size | ECC | SHA-256 | attributes
  assert.match(toHex(attestation.public), /^[0-9a-f]{4}0023000b00050472/);
  assert.match(toHex(endorsement.public), /^[0-9a-f]{4}0023000b000300b2/);
  const again = openTpm({ tcti: tpm.tcti });
  assert.deepEqual(await again.createAttestationKey(), attestation);
  assert.deepEqual(await again.readPublic(endorsement.handle), endorsement.public);
});

test('keys can be made although killed tools have left the transient slots full', async () => {
  const fresh = await startSoftwareTpm();
  try {
    const env = { ...process.env, TPM2TOOLS_TCTI: fresh.tcti };
    const scratch = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
    const create = (name: string) =>
      spawnSync('tpm2_createprimary', ['-Q', '-G', 'ecc', '-c', join(scratch, name)], { env }).status;
    assert.deepEqual(['1', '2', '3', '4'].map(create), [0, 0, 0, 1]);
    rmSync(scratch, { recursive: true });
    assert.equal((await openTpm({ tcti: fresh.tcti }).createAttestationKey()).handle, attestationHandle);
  } finally {
    await fresh.stop();
  }
});

test('a quote is a TPMS_ATTEST over the nonce with a signature of the scheme of the key', async () => {
  const { handle } = await device.createAttestationKey();
  const qualifyingData = new Uint8Array(randomBytes(32));
  for (let round = 0; round < 5; round++) {
    const { attested, signature } = await device.quote(handle, {
      bank: 'sha256',
      pcrs: [13, 0, 7],
      qualifyingData,
    });
    assert.equal(toHex(attested.subarray(0, 6)), 'ff5443478018');
    assert.ok(toHex(attested).includes(`0020${toHex(qualifyingData)}`));
    // one selection: SHA-256, three bytes, PCRs 0, 7 and 13
    assert.ok(toHex(attested).includes('00000001000b03812000'));
    assert.match(toHex(signature), /^0018000b0020[0-9a-f]{64}0020[0-9a-f]{64}$/);
  }
});

test('a quote by a key that is not there, or over too much data, cannot be had', async () => {
  const request = { bank: 'sha256', pcrs: [13], qualifyingData: new Uint8Array(32) } as const;
  await assert.rejects(device.quote(0x81027474, request), /^CouldNotDecide: tpm2_quote failed/);
  const { handle } = await device.createAttestationKey();
  for (const size of [0, 33]) {
    await assert.rejects(
      device.quote(handle, { ...request, qualifyingData: new Uint8Array(size) }),
      /qualifying data/,
    );
  }
});

test('an endorsement certificate is read up to its end, and one for RSA decides for the RSA key', async () => {
  const fresh = await startSoftwareTpm();
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  try {
    const other = openTpm({ tcti: fresh.tcti });
    assert.equal(await other.readEndorsementCertificate(), null);
    const certificate = Buffer.concat([Buffer.from([0x30, 0x82, 0x03, 0x00]), randomBytes(0x300)]);
    writeFileSync(join(directory, 'certificate'), Buffer.concat([certificate, Buffer.alloc(64, 0xff)]));
    tool(fresh.tcti, 'tpm2_nvdefine', [
      '0x1c00002',
      '-C',
      'o',
      '-s',
      String(certificate.length + 64),
      '-a',
      'ownerwrite|authread|no_da',
    ]);
    tool(fresh.tcti, 'tpm2_nvwrite', ['0x1c00002', '-C', 'o', '-i', join(directory, 'certificate')]);
    assert.equal(toHex((await other.readEndorsementCertificate())!), toHex(certificate));
    const endorsement = await other.createEndorsementKey();
    assert.equal(endorsement.handle, lowTemplates.rsa.handle);
    assert.match(toHex(endorsement.public), /^[0-9a-f]{4}0001000b000300b2/);
    const attestation = await other.createAttestationKey();
    assert.match(toHex(attestation.public), /^[0-9a-f]{4}0023000b00050472/);
  } finally {
    rmSync(directory, { recursive: true });
    await fresh.stop();
  }
});

test('another key at the handle of the attestation key is not taken for it', async () => {
  const fresh = await startSoftwareTpm();
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  try {
    const context = join(directory, 'context');
    // Not restricted: it signs whatever it is given, also what looks like a quote.
    const attributes = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign';
    tool(fresh.tcti, 'tpm2_createprimary', [
      '-Q',
      '-C',
      'o',
      '-G',
      'ecc:ecdsa',
      '-a',
      attributes,
      '-c',
      context,
    ]);
    tool(fresh.tcti, 'tpm2_evictcontrol', [
      '-Q',
      '-C',
      'o',
      '-c',
      context,
      `0x${attestationHandle.toString(16)}`,
    ]);
    tool(fresh.tcti, 'tpm2_flushcontext', ['-t']);
    await assert.rejects(
      openTpm({ tcti: fresh.tcti }).createAttestationKey(),
      /holds another key than our attestation key/,
    );
  } finally {
    rmSync(directory, { recursive: true });
    await fresh.stop();
  }
});

test('an attestation key that an earlier version made, without noDA, is kept', async () => {
  const fresh = await startSoftwareTpm();
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  try {
    const { handle } = await openTpm({ tcti: fresh.tcti }).createEndorsementKey();
    const context = join(directory, 'context');
    const parent = ['-Q', '-C', `0x${handle.toString(16)}`, '-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa'];
    tool(fresh.tcti, 'tpm2_createak', [...parent, '-c', context]);
    tool(fresh.tcti, 'tpm2_flushcontext', ['-t']);
    const place = `0x${attestationHandle.toString(16)}`;
    tool(fresh.tcti, 'tpm2_evictcontrol', ['-Q', '-C', 'o', '-c', context, place]);
    tool(fresh.tcti, 'tpm2_flushcontext', ['-t']);
    const attestation = await openTpm({ tcti: fresh.tcti }).createAttestationKey();
    assert.match(toHex(attestation.public), /^[0-9a-f]{4}0023000b00050072/);
  } finally {
    rmSync(directory, { recursive: true });
    await fresh.stop();
  }
});

test('where a TPM has no P-256, both keys are RSA-2048 and quotes are RSASSA with SHA-256', async () => {
  const fresh = await startSoftwareTpm();
  try {
    const driver = createToolDriver({ tcti: fresh.tcti });
    const endorsement = await provideEndorsementKey(driver, lowTemplates.rsa);
    const attestation = await provideAttestationKey(driver, 'rsa', endorsement.handle);
    assert.match(toHex(attestation.public), /^[0-9a-f]{4}0001000b00050472/);
    const request = { bank: 'sha256', pcrs: [13], qualifyingData: new Uint8Array(32) } as const;
    const { attested, signature } = await openTpm({ tcti: fresh.tcti }).quote(attestation.handle, request);
    assert.equal(toHex(attested.subarray(0, 6)), 'ff5443478018');
    assert.match(toHex(signature), /^0014000b0100[0-9a-f]{512}$/);
  } finally {
    await fresh.stop();
  }
});
