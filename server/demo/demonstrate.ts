import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommandLine } from '../cli/command-line.ts';
import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import { exitCodes } from '../cli/output.ts';
import { untilSignal } from '../cli/until-signal.ts';
import { urlOf } from '../http/listen.ts';
import { defaultAddress } from '../http/listen-address.ts';
import type { Log } from '../os/structured-log.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { mergeNote } from './merge-note.ts';
import { makeSampleHost, type SampleHost } from './sample-host.ts';
import type { Setting } from './setting.ts';

interface Stage extends Setting {
  readonly host: SampleHost;
  readonly endpoint: Endpoint;
}

/**
 * The main job from beginning to end, by the same command line a user has.
 *
 * @param once end after the appraisal instead of going on serving.
 * @returns the exit code: 0 if every step ended as it should.
 */
export async function demonstrate(setting: Setting, once: boolean): Promise<number> {
  const host = await makeSampleHost(setting.directory);
  const device = openTpm({ tcti: setting.tcti });
  // That it answered each request is what the steps below show.
  const log: Log = (message, { level = 'info' } = {}) => {
    if (level === 'warn' || level === 'error') process.stderr.write(`touchstone: ${message}\n`);
  };
  const address = once ? { ...defaultAddress, port: 0 } : defaultAddress;
  const endpoint = await startEndpoint({ root: host.root, device, address, measurePcr: 13, log });
  try {
    const good = await perform({ ...setting, host, endpoint });
    if (setting.leftBehind !== null) say(setting.leftBehind);
    if (!once) await serveOn(endpoint);
    return good ? exitCodes.yes : exitCodes.no;
  } finally {
    await endpoint.stop();
  }
}

async function perform({ host, directory, tcti, endpoint }: Stage): Promise<boolean> {
  const url = urlOf(endpoint.server);
  const identity = join(directory, 'host.json');
  await rm(identity, { force: true });
  say(`A host below ${host.root}, its TPM at ${tcti}, and three images: ${host.images.join(', ')}.`);
  const root = ['--root', host.root];
  const steps = [
    await step(
      '1. The merge hook: verify, move away what is refused, measure the rest before it is merged.',
      {
        args: ['gate', ...root, '--tcti', tcti, '--full'],
        shown: ['gate', '--full'],
      },
    ),
    await step(
      '2. A verifier enrolls the host, which proves that its keys are in one TPM; no maker vouches for a software TPM.',
      {
        args: ['enroll', url, '--trust-on-first-use', '--out', identity],
        shown: ['enroll', url, '--trust-on-first-use', '--out', 'host.json'],
      },
    ),
    await step('3. It challenges the host. It knows the attestation key now, and has a copy of the policy.', {
      args: ['attest', url, '--identity', identity, '--policy', host.policy],
      shown: ['attest', url, '--identity', 'host.json', '--policy', 'policy.yaml'],
    }),
  ];
  say(await mergeNote());
  return steps.every((code) => code === exitCodes.yes);
}

/** Runs one command in this process, and shows it as one would type it on the host itself. */
async function step(title: string, { args, shown }: { args: readonly string[]; shown: readonly string[] }) {
  say(`\n${title}\n$ touchstone ${shown.join(' ')}`);
  return runCommandLine(args, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function serveOn({ server }: Endpoint): Promise<void> {
  say(
    `\nThe endpoint goes on serving at ${urlOf(server)} (GET /v1/identity, POST /v1/attestations). Ctrl-C ends it.`,
  );
  await untilSignal();
}
