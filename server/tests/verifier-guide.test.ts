import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { runCommandLine } from '../cli/command-line.ts';
import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import { urlOf } from '../http/listen.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** docs/verifier.md: its program and its commands are run as they stand there. */

const guide = readFileSync('docs/verifier.md', 'utf8');
let machine: SampleMachine;
let endpoint: Endpoint;
let directory: string;

/** The first block indented by four that begins so, without the indent. */
function blockOf(begin: string): string {
  const start = guide.indexOf(`\n    ${begin}`) + 1;
  assert.ok(start > 0, begin);
  const lines = guide.slice(start).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('    '));
  return lines
    .slice(0, end)
    .map((line) => `${line.slice(4)}\n`)
    .join('');
}

before(async () => {
  machine = await SampleMachine.start();
  machine.put('var/lib/extensions/vendor-tools.raw', machine.image('a'));
  const { root, device, tpm } = machine;
  await runCommandLine(['gate', '--root', root, '--tcti', tpm.tcti], collect().output);
  const address = { host: '127.0.0.1', port: 0 };
  endpoint = await startEndpoint({ root, device, address, measurePcr: 13, log: () => undefined });
  directory = dirname(machine.policyFile);
  writeFileSync(join(directory, 'hosts.yaml'), blockOf('apiVersion: touchstone/v1'));
});

after(async () => {
  await endpoint.stop();
  await machine.stop();
});

/** Runs in a directory of the verifier's, with a name for the command and the address that the endpoint has here. */
async function run(script: string, environment: Record<string, string> = {}) {
  const url = urlOf(endpoint.server).replace(/\/$/, '');
  const cli = join(process.cwd(), 'dist/server/cli/main.js');
  const prelude = `set -eu\ntouchstone() { '${process.execPath}' '${cli}' "$@"; }\n`;
  return promisify(execFile)('sh', ['-c', prelude + script.replaceAll('http://127.0.0.1:7431', url)], {
    cwd: directory,
    env: { ...process.env, ...environment },
  });
}

test('the commands do what the guide says, in its order', async () => {
  const begin = await run(blockOf('touchstone enroll'));
  const shape = (text: string): string => text.replace(/[0-9a-f]{16,}/g, 'HEX').replace(/ +/g, ' ');
  const answer = begin.stdout.slice(begin.stdout.indexOf('TRUSTWORTHY'));
  assert.equal(shape(answer), shape(blockOf('TRUSTWORTHY')));
  const nonce = /its nonce is (\S+)/.exec(begin.stderr)?.[1] ?? '';
  const again = await run(blockOf('touchstone appraise'), { NONCE: nonce });
  assert.ok(again.stdout.endsWith(blockOf('evidence.json, whoever')), again.stdout);
  const results = await run(blockOf('openssl genpkey'));
  assert.match(results.stdout, /^TRUSTWORTHY/);
  const { keys } = JSON.parse(readFileSync(join(directory, 'jwks.json'), 'utf8'));
  assert.equal(keys.length, 1);
  const evidence = readFileSync(join(directory, 'evidence.json'));
  await run(
    blockOf(
      'touchstone attest http://127.0.0.1:7431 --identity host.json --policy policy.yaml --appraisal-policy hosts.yaml --previous',
    ),
  );
  assert.notDeepEqual(
    readFileSync(join(directory, 'evidence.json')),
    evidence,
    'the later evidence took its place',
  );
});

test('the program embeds the library as it stands', async () => {
  const [, program = ''] = /```js\n([^]*?)```/.exec(guide) ?? [];
  const library = import.meta.resolve('touchstone/verifier');
  writeFileSync(join(directory, 'embed.mjs'), program.replace("'touchstone/verifier'", `'${library}'`));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['embed.mjs'], { cwd: directory });
  assert.equal(stderr, '');
  assert.match(
    stdout,
    /^trustworthy \[\] \[[^]*merge-unconfirmed[^]*name: 'vendor-tools'[^]*verdict: 'accepted'/,
  );
});
