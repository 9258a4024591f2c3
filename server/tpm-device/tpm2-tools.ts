import { activateCredential } from './activate-credential.ts';
import type { TpmDevice } from './device.ts';
import {
  certifiedTemplate,
  endorsementTemplate,
  provideAttestationKey,
  provideEndorsementKey,
  signingAlgorithm,
} from './keys.ts';
import { createBankReader } from './pcr-banks.ts';
import { extendPcr, quote, readPcrs } from './pcr-commands.ts';
import { createToolDriver, type ToolDriver, type ToolOptions } from './tool-driver.ts';
import { readNv, readPublic, trimToSequence } from './tpm-memory.ts';
import { createTurnQueue } from '../os/turn-queue.ts';

/** Calls that may wait for one TPM. A chip signs a few times a second, so the last one waits half a minute. */
const maximumWaiting = 64;

/**
 * A TPM by way of tpm2-tools (5.4 and newer), a process a command. The TPM is not touched before the first call.
 *
 * tpm2-tools before 5.8 have memory errors in commands that read files and certificates from outside; nothing here is
 * given to them that is not ours or the TPM's own, and none of them judges a quote.
 */
export function openTpm(options: ToolOptions = {}): TpmDevice {
  const driver = createToolDriver(options);
  const inTurn = createTurnQueue(maximumWaiting);
  const banks = createBankReader(driver);
  return {
    isDefault: options.tcti === undefined,
    activeBanks: () => inTurn(banks),
    readPcrs: (bank, pcrs) => inTurn(() => readPcrs(driver, bank, pcrs)),
    extendPcr: (pcr, digestsInOrder) =>
      inTurn(async () => extendPcr(driver, pcr, digestsInOrder, await banks())),
    quote: (handle, request) => inTurn(() => quote(driver, handle, request)),
    readPublic: (handle) => inTurn(() => readPublic(driver, handle)),
    createEndorsementKey: () =>
      inTurn(async () => provideEndorsementKey(driver, await endorsementTemplate(driver))),
    createAttestationKey: () => inTurn(() => createAttestationKey(driver)),
    activateCredential: (keys, credential) => inTurn(() => activateCredential(driver, keys, credential)),
    readEndorsementCertificate: () => inTurn(() => readEndorsementCertificate(driver)),
  };
}

async function createAttestationKey(driver: ToolDriver) {
  const endorsement = await provideEndorsementKey(driver, await endorsementTemplate(driver));
  return provideAttestationKey(driver, await signingAlgorithm(driver), endorsement.handle);
}

async function readEndorsementCertificate(driver: ToolDriver): Promise<Uint8Array | null> {
  const template = await certifiedTemplate(driver);
  const bytes = template === null ? null : await readNv(driver, template.certificateIndex);
  return bytes === null ? null : trimToSequence(bytes);
}
