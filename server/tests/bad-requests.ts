import { METHODS } from 'node:http';

import type { ContractOperation, ContractSchema } from '../http/contract-page/contract-document.ts';
import { badValues } from './bad-values.ts';

/** A request, and the statuses that it may be answered with. */
export interface TriedRequest {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** Any that the contract has for the operation, if not given. */
  readonly statuses?: readonly number[];
}

/** An operation, its place, and what a good request for it has. */
export interface TriedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: ContractOperation;
  /** The schema of the body, references followed, and a body that fits; null if it takes none. */
  readonly body: { readonly schema: ContractSchema; readonly good: object } | null;
}

const json = 'application/json';

/** Requests for one operation, each with one thing wrong with it. */
export function badRequests(tried: TriedOperation): TriedRequest[] {
  return [
    ...wrongMethods(tried),
    ...wrongQueries(tried),
    ...wrongPaths(tried),
    ...wrongParameters(tried),
    ...strangeHeaders(tried),
    ...(tried.body === null ? needlessBodies(tried) : wrongBodies(tried, tried.body)),
  ];
}

function good({ path, method, body }: TriedOperation): Omit<TriedRequest, 'what'> {
  const content = body === null ? null : Buffer.from(JSON.stringify(body.good));
  return { path, method, headers: content === null ? {} : { 'content-type': json }, body: content };
}

function wrongMethods(tried: TriedOperation): TriedRequest[] {
  // To CONNECT there is no answer: the connection ends.
  const others = METHODS.filter((method) => method !== tried.method && method !== 'CONNECT');
  return others.map((method) => ({ ...good(tried), what: method, method, statuses: [405] }));
}

const queries = ['x=1', '__proto__=1', 'a[]=1', '=', '%zz=1', 'x=%00', `x=${'y'.repeat(4000)}`];

function wrongQueries(tried: TriedOperation): TriedRequest[] {
  const wrong = queries.map((query) => ({
    ...{ ...good(tried), what: `?${query.slice(0, 20)}`, path: `${tried.path}?${query}`, statuses: [400] },
  }));
  // The validator takes this one for an object's property and does not see that nobody asked for the object.
  const nested = {
    ...good(tried),
    what: 'nested',
    path: `${tried.path}?a[__proto__]=1`,
    statuses: [200, 400, 422],
  };
  return [...wrong, nested];
}

function wrongPaths(tried: TriedOperation): TriedRequest[] {
  const { path } = tried;
  const others = [
    `${path}/`,
    `/${path}`,
    path.toUpperCase(),
    `${path}%00`,
    `${path}%2f`,
    `${path};x`,
    `${path}/..%2f`,
  ];
  const wrong = [...others, `/%2e${path}`, `${path}/%zz`, `${path}%ff`].filter((one) => one !== path);
  return wrong.map((one) => ({ ...good(tried), what: one, path: one, statuses: [400, 404] }));
}

function wrongParameters(tried: TriedOperation): TriedRequest[] {
  return (tried.operation.parameters ?? []).flatMap((parameter) => {
    if (!('name' in parameter) || parameter.in !== 'header') return [];
    const { name } = parameter;
    const id = '0f3b2c4d5e6f708192a3b4c5d6e7f809-4';
    const wrong = [
      id.slice(1),
      `${id}x`,
      id.toUpperCase(),
      `${id}, ${id}`,
      '-1',
      '0',
      '',
      'null',
      '%00',
      `${id}-1`,
    ];
    const many = [...wrong, `${'0'.repeat(32)}-${'9'.repeat(10)}`, 'x'.repeat(4000), '\u00e9'];
    return many.map((value) => ({
      ...good(tried),
      ...{
        what: `${name}: ${value.slice(0, 40)}`,
        headers: { [name]: value },
        statuses: value === '' ? [200, 400] : [400],
      },
    }));
  });
}

const strange: readonly (readonly [string, string])[] = [
  ['Accept', 'image/png'],
  ['Accept', ''],
  ['Accept', `${'a/b;q=0.1,'.repeat(300)}c/d`],
  ['Accept-Encoding', 'gzip;q=1.0, *;q=0'],
  ['Accept-Charset', 'utf-7'],
  ['Accept-Language', '*;q=-1'],
  ['Range', 'bytes=0-1'],
  ['Range', 'bytes=9999999-'],
  ['If-None-Match', '*'],
  ['If-Match', '"x"'],
  ['If-Modified-Since', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Expect', 'a miracle'],
  ['Expect', '100-continue'],
  ['Upgrade', 'websocket'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-For', '1.2.3.4'],
  ['X-Request-Id', 'mine'],
  ['Authorization', `Bearer ${'a'.repeat(3000)}`],
  ['Cookie', '__proto__=1; a=%zz'],
  ['Host', ''],
  ['Host', 'elsewhere.example'],
  ['Content-Length', '0'],
  ['TE', 'trailers'],
];

function strangeHeaders(tried: TriedOperation): TriedRequest[] {
  const request = good(tried);
  return strange
    .filter(([name]) => name !== 'Content-Length' || request.body === null)
    .map(([name, value]) => ({
      ...request,
      ...{ what: `${name}: ${value.slice(0, 40)}`, headers: { ...request.headers, [name]: value } },
    }));
}

function needlessBodies(tried: TriedOperation): TriedRequest[] {
  const bodies: readonly (readonly [string, string])[] = [
    [json, '{"nonce":'],
    [json, '['.repeat(3000)],
    [json, 'x'.repeat(6000)],
    ['text/plain', 'x'],
    ['multipart/form-data', 'x'],
  ];
  return bodies.map(([type, text]) => ({
    ...good(tried),
    ...{
      what: `a body of ${type}, ${text.slice(0, 10)}`,
      headers: { 'content-type': type },
      body: Buffer.from(text),
    },
  }));
}

/** Longer than the endpoint reads. */
const longBodies = [4097, 100_000, 2_000_000];

const texts = [
  ...[
    '',
    ' ',
    '{',
    '}',
    '{}',
    '[]',
    'null',
    'true',
    '7',
    '"x"',
    'NaN',
    "{'nonce':1}",
    '{"nonce":undefined}',
    '{"a":1,}',
  ],
  ...[
    '\ufeff{}',
    '//\n{}',
    '{"nonce":"\\ud800"}',
    '{"nonce":1e999}',
    '{"a":1}{"a":1}',
    '\0',
    '{"":""}',
    '<xml/>',
  ],
  ...['[', '{"a":', '{"nonce":['].map((open) => open.repeat(4000 / open.length)),
  '['.repeat(2000) + ']'.repeat(2000),
  `${'{"a":'.repeat(600)}1${'}'.repeat(600)}`,
  `{"nonce":${'['.repeat(1900)}${']'.repeat(1900)}}`,
];

const types = [
  ...[
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ],
  ...[
    'application/problem+json',
    'application/jsonx',
    'text/json',
    'json',
    '*/*',
    'application/octet-stream',
  ],
];

function wrongBodies(
  tried: TriedOperation,
  { schema, good: fitting }: NonNullable<TriedOperation['body']>,
): TriedRequest[] {
  const request = { ...good(tried), headers: { 'content-type': json } };
  const text = JSON.stringify(fitting);
  const raw = (what: string, body: Buffer): TriedRequest => ({ ...request, what, body, statuses: [400] });
  const typed = (type: string, statuses: readonly number[]): TriedRequest => ({
    ...{ ...request, what: `Content-Type: ${type}`, headers: { 'content-type': type }, statuses },
  });
  return [
    ...badValues(schema, fitting, 'body').map(({ what, value }) =>
      raw(what, Buffer.from(JSON.stringify(value))),
    ),
    ...texts.map((one) => raw(`the text ${one.slice(0, 20)}`, Buffer.from(one))),
    ...[1, 2, 8, 20].map((cut) => raw(`cut off by ${cut}`, Buffer.from(text.slice(0, -cut)))),
    raw('UTF-16', Buffer.from(text, 'utf16le')),
    raw('bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
    ...longBodies.map((size) => ({
      ...{ ...request, what: `${size} bytes`, body: Buffer.alloc(size, ' '), statuses: [413] },
    })),
    ...types.map((type) => typed(type, [415])),
    typed('application/json; charset=utf-7', [415]),
    typed('application/json; charset=', [415]),
    typed('application/json; charset=utf-16', [415]),
    typed('application/json; charset=iso-8859-1', [415]),
    { ...request, what: 'no Content-Type', headers: {}, statuses: [400, 415] },
    { ...request, what: 'no body', body: null, statuses: [400, 415] },
    ...['gzip', 'br', 'zstd', 'x'].map((encoding) => ({
      ...{
        ...request,
        what: encoding,
        headers: { ...request.headers, 'content-encoding': encoding },
        statuses: [415],
      },
    })),
  ];
}
