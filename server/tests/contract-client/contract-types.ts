// Made of openapi.yaml: npm run build && node dist/server/tests/contract-client/write-types.js
/* eslint-disable @typescript-eslint/no-redundant-type-constituents -- to TypeScript a pattern is any string */
export type Challenge = {
  readonly nonce: string;
  readonly logs?: { readonly knownFirmware?: Sha256; readonly from?: number };
};
export type Credential = { readonly credentialBlob: string; readonly encryptedSecret: string };
export type Activation = { readonly secret: Base64 };
export type Base64 = string;
export type Sha256 = string;
export type Identity = {
  readonly version: 1;
  readonly endorsement: { readonly public: Base64; readonly certificate: string | null };
  readonly attestation: { readonly public: Base64 };
};
export type Evidence = {
  readonly version: 1;
  readonly claims: Claims;
  readonly binding: {
    readonly nonce: Base64;
    readonly path: readonly { readonly side: 'left' | 'right'; readonly hash: Sha256 }[];
    readonly root: Sha256;
  };
  readonly quote: { readonly attested: Base64; readonly signature: Base64 };
  readonly pcrs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly identity: Identity;
  readonly logs: { readonly firmware: string | null; readonly from: number; readonly userspace: Base64 };
};
export type Claims = {
  readonly version: 1;
  readonly sets: readonly ClaimedSet[];
  readonly merged: null | { readonly sysext: ClaimedMerge; readonly confext: ClaimedMerge };
  readonly bootId: string;
  readonly tlsKeySha256: string | null;
  readonly logs: {
    readonly firmware: { readonly bytes: number; readonly sha256: Sha256 } | null;
    readonly userspace: {
      readonly bytes: number;
      readonly sha256: Sha256;
      readonly records: number;
      readonly incomplete: boolean;
    };
  };
};
export type ClaimedMerge = {
  readonly mutable: 'no' | 'auto' | 'yes' | 'import' | 'ephemeral' | 'ephemeral-import' | 'unknown';
  readonly extensions: readonly { readonly name: string; readonly rootHash: string | null }[];
  readonly confirmed: boolean;
  readonly problems: readonly string[];
};
export type ClaimedSet = {
  readonly class: 'sysext' | 'confext';
  readonly state: 'approved' | 'merged' | 'unmerged';
  readonly policy: { readonly name: string; readonly version: string; readonly sha256: Sha256 };
  readonly extensions: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashAlgorithm: string;
    readonly rootHash: string;
    readonly signer: Sha256 | 'unsigned';
    readonly rule: string;
    readonly signature: string | null;
  }[];
};
export type EventId = string;
export type HostState = {
  readonly version: 1;
  readonly bootId: string;
  readonly lastEventId: EventId;
  readonly log: { readonly records: number; readonly bytes: number; readonly incomplete: boolean };
  readonly classes: readonly {
    readonly class: 'sysext' | 'confext';
    readonly measured: null | MeasuredSet;
    readonly merged: null | MergedSet;
  }[];
  readonly violations: readonly {
    readonly class: 'sysext' | 'confext';
    readonly code: string;
    readonly name: string;
    readonly rootHash: string;
  }[];
};
export type MeasuredSet = {
  readonly state: 'approved' | 'merged' | 'unmerged';
  readonly policy: PolicyName;
  readonly extensions: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashAlgorithm: string;
    readonly rootHash: string;
    readonly signer: Sha256 | 'unsigned';
    readonly rule: string;
  }[];
};
export type MergedSet = {
  readonly agrees: boolean;
  readonly hierarchies: readonly string[];
  readonly mutable: 'no' | 'auto' | 'yes' | 'import' | 'ephemeral' | 'ephemeral-import' | 'unknown';
  readonly since: string | null;
  readonly extensions: readonly {
    readonly name: string;
    readonly rootHash: string | null;
    readonly verdict: 'approved' | 'unconfirmed' | 'earlier' | 'unapproved';
  }[];
  readonly problems: readonly string[];
};
export type PolicyName = { readonly name: string; readonly version: string; readonly sha256: Sha256 };
export type Problem = {
  readonly type:
    | 'urn:touchstone:problem:bad-request'
    | 'urn:touchstone:problem:not-found'
    | 'urn:touchstone:problem:method-not-allowed'
    | 'urn:touchstone:problem:request-timeout'
    | 'urn:touchstone:problem:too-large'
    | 'urn:touchstone:problem:unsupported-media-type'
    | 'urn:touchstone:problem:credential-refused'
    | 'urn:touchstone:problem:too-many-requests'
    | 'urn:touchstone:problem:headers-too-large'
    | 'urn:touchstone:problem:internal'
    | 'urn:touchstone:problem:unavailable';
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
};
/** What each operation takes, and its answers by status. */
export interface Operations {
  readonly getIdentity: {
    readonly body: undefined;
    readonly answers: { readonly 200: Identity; readonly 400: Problem; readonly 500: Problem };
  };
  readonly activateCredential: {
    readonly body: Credential;
    readonly answers: {
      readonly 200: Activation;
      readonly 400: Problem;
      readonly 413: Problem;
      readonly 415: Problem;
      readonly 422: Problem;
      readonly 429: Problem;
      readonly 500: Problem;
      readonly 503: Problem;
    };
  };
  readonly createAttestation: {
    readonly body: Challenge;
    readonly answers: {
      readonly 200: Evidence;
      readonly 400: Problem;
      readonly 413: Problem;
      readonly 415: Problem;
      readonly 429: Problem;
      readonly 500: Problem;
      readonly 503: Problem;
    };
  };
  readonly getExtensions: {
    readonly body: undefined;
    readonly answers: {
      readonly 200: HostState;
      readonly 400: Problem;
      readonly 500: Problem;
      readonly 503: Problem;
    };
  };
  readonly getEvents: {
    readonly body: undefined;
    readonly answers: {
      readonly 200: string;
      readonly 400: Problem;
      readonly 429: Problem;
      readonly 500: Problem;
      readonly 503: Problem;
    };
  };
  readonly getHealth: {
    readonly body: undefined;
    readonly answers: { readonly 200: { readonly status: 'ok' }; readonly 400: Problem };
  };
  readonly getReadiness: {
    readonly body: undefined;
    readonly answers: {
      readonly 200: { readonly status: 'ready'; readonly attestationKey: 'kept' | 'created' | 'replaced' };
      readonly 400: Problem;
      readonly 500: Problem;
      readonly 503: Problem;
    };
  };
  readonly getMetrics: {
    readonly body: undefined;
    readonly answers: { readonly 200: string; readonly 400: Problem; readonly 500: Problem };
  };
  readonly getContract: {
    readonly body: undefined;
    readonly answers: { readonly 200: string; readonly 400: Problem };
  };
  readonly getDocs: {
    readonly body: undefined;
    readonly answers: { readonly 200: string; readonly 400: Problem };
  };
}
export const operations = {
  getIdentity: { method: 'GET', path: '/v1/identity' },
  activateCredential: { method: 'POST', path: '/v1/identity/activation' },
  createAttestation: { method: 'POST', path: '/v1/attestations' },
  getExtensions: { method: 'GET', path: '/v1/extensions' },
  getEvents: { method: 'GET', path: '/v1/events' },
  getHealth: { method: 'GET', path: '/healthz' },
  getReadiness: { method: 'GET', path: '/readyz' },
  getMetrics: { method: 'GET', path: '/metrics' },
  getContract: { method: 'GET', path: '/openapi.yaml' },
  getDocs: { method: 'GET', path: '/docs' },
} as const satisfies Record<keyof Operations, object>;
