import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';

import { CouldNotDecide } from '../verifier/bytes/failures.ts';

/** What clients saw that asked again as soon as they were answered. */
export interface ClientResult {
  readonly answers: number;
  /** 503, which is no answer: the TPM, or what it is asked with, took too long. */
  readonly refused: number;
  readonly seconds: number;
  /** Of each answer, in milliseconds, sorted. */
  readonly latencies: Float64Array;
}

/**
 * Lets `clients` ask, each by a connection of its own and with a new nonce each time, until `enough` says so.
 *
 * @param enough is given the answers so far and the seconds since the beginning.
 */
export async function challenge(
  url: URL,
  clients: number,
  enough: (answers: number, seconds: number) => boolean,
): Promise<ClientResult> {
  const begun = performance.now();
  const latencies: number[] = [];
  let refused = 0;
  const seconds = (): number => (performance.now() - begun) / 1000;
  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!enough(latencies.length, seconds())) {
      const asked = performance.now();
      if (await askOnce(url, agent)) latencies.push(performance.now() - asked);
      else refused++;
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: clients }, client));
  const sorted = Float64Array.from(latencies).sort();
  return { answers: sorted.length, refused, seconds: seconds(), latencies: sorted };
}

/**
 * Only looks whether the answer is for its nonce; what a verifier makes of it is not the endpoint's time.
 *
 * @returns false if it was refused for now.
 */
function askOnce(url: URL, agent: Agent): Promise<boolean> {
  const nonce = randomBytes(32).toString('base64');
  const body = JSON.stringify({ nonce });
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const asked = request(url, { agent, method: 'POST', headers }, (response) => {
      let head = '';
      response.on('data', (chunk: Buffer) => {
        if (head.length < 100) head += chunk.toString('latin1', 0, 200);
      });
      response.on('end', () => {
        if (response.statusCode === 200 && head.includes(nonce)) resolve(true);
        else if (response.statusCode === 503) resolve(false);
        else reject(new CouldNotDecide(`answered ${response.statusCode ?? 0}: ${head.slice(0, 200)}`));
      });
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
