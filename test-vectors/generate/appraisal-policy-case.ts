import assert from 'node:assert/strict';

import type { ReasonCode } from '../../verifier/reasons.ts';
import type { HostCaseText } from './appraisal-policy-group.ts';

export type Host = NonNullable<HostCaseText['inputs']['host']>;
export type Log = NonNullable<Host['firmwareLog']>;

export const digest = (digit: string): string => digit.repeat(64);
const [db, dbx, loader, kernel, cmdline] = ['a', 'b', 'c', 'd', 'e'].map(digest);

/** The policy of every case but those of real logs; a case edits it in one place at most. */
export const policy = `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: vectors, version: 1 }
dbx: { 2023-05-09: [${dbx}] }
rules:
  - name: enrolled and seen
    require:
      enrolment: maker
      tpmFirmware: '0007000200000000'
      extensionPolicy: { name: edge, version: '>= 12, < 20' }
      extensions: [{ name: agent, version: '>= 2' }]
      merged: true
      clock: { safe: true, maximumRestarts: 2, continuous: true, maximumResets: 1, maximumGapSeconds: 3600 }
  - name: boot
    require:
      pcrs: { 0: ['${digest('1')}', '${digest('2')}'] }
      unexplainedPcrs: [10]
      secureBoot: { enabled: true, db: [${db}], dbxDate: 2023-05-09, authorities: [${db}], sbatLevel: 2024-01-09 }
      boot: { images: [${loader}, ${kernel}], sections: { .cmdline: [${cmdline}] }, commandLines: [quiet] }
    warn: { immutable: true }
  - name: laboratory
    when: { labels: { env: [laboratory, workshop] } }
    require: { secureBoot: { enabled: true, deployedMode: true } }
`;

const secureBoot: NonNullable<Log['secureBoot']> = {
  ...{ enabled: true, db: [db ?? ''], dbx: [dbx ?? ''], authorities: [db ?? ''], sbatLevel: '2024-01-09' },
};

export const log: Log = {
  unexplainedPcrs: [10],
  secureBoot,
  images: [loader ?? '', kernel ?? ''],
  sections: { '.cmdline': cmdline ?? '', '.linux': digest('f') },
  commandLines: ['quiet'],
};

export const set: NonNullable<Host['sets']>[number] = {
  policy: { name: 'edge', version: 12 },
  extensions: [{ name: 'agent', version: '2' }],
};

/** Shows all that the policy asks, and nothing that it warns of. */
export const host: Host = {
  enrolment: 'maker',
  tpmFirmware: '0007000200000000',
  pcrs: { '0': digest('2') },
  firmwareLog: log,
  sets: [set],
  mutable: false,
  clock: { restarts: 2 },
  sinceEarlier: { resets: 1, seconds: 3600 },
};

export type Edit = readonly [from: string, to: string];
export type Title = readonly [flag: string, id: string, comment: string];

function edited(edit: Edit | null): string {
  if (edit === null) return policy;
  assert.equal(policy.split(edit[0]).length, 2, edit[0]);
  return policy.replace(edit[0], () => edit[1]);
}

/** A case that differs from one that is trusted by one edit, of the host or of the policy. */
export interface Difference {
  readonly host?: Partial<Host>;
  readonly log?: Partial<Log>;
  readonly secureBoot?: Partial<NonNullable<Log['secureBoot']>>;
  readonly edit?: Edit;
  readonly labels?: Record<string, string>;
}

function inputsOf(difference: Difference): HostCaseText['inputs'] {
  const {
    host: change = {},
    log: logChange = {},
    secureBoot: keys = {},
    edit = null,
    labels = {},
  } = difference;
  const changed = { ...log, secureBoot: { ...secureBoot, ...keys }, ...logChange };
  return { policy: edited(edit), host: { ...host, firmwareLog: changed, ...change }, log: null, labels };
}

export function trusted(
  [flag, id, comment]: Title,
  difference: Difference,
  warnings: ReasonCode[] = [],
): HostCaseText {
  return {
    ...{ id, comment, flags: [flag], inputs: inputsOf(difference) },
    expect: { verdict: 'trustworthy', reasons: [], warnings, at: null, stage: null },
  };
}

export function distrusted(
  [flag, id, comment]: Title,
  code: ReasonCode,
  at: string | null,
  difference: Difference,
): HostCaseText {
  return {
    ...{ id, comment, flags: [flag], inputs: inputsOf(difference) },
    expect: {
      verdict: code === 'fact-unknown' ? 'undecided' : 'not-trustworthy',
      ...{ reasons: [code], warnings: [], at: at === null ? null : `policy.yaml:${at}`, stage: 'policy' },
    },
  };
}

export function invalid([flag, id, comment]: Title, edit: Edit, ...at: string[]): HostCaseText {
  return {
    ...{ id, comment, flags: [flag] },
    inputs: { policy: edited(edit), host: null, log: null, labels: {} },
    expect: { verdict: 'invalid', at: at.map((place) => `policy.yaml:${place}`), stage: 'load' },
  };
}
