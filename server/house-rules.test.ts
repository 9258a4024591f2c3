import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import ts from 'typescript';

/**
 * The rooms in the order of the way of the data; some are single files that stand between rooms. A file imports from its
 * own room and from rooms before it.
 */
const verifierRooms = [
  'verifier/bytes',
  'verifier/reasons.ts',
  'verifier/image',
  'verifier/trust',
  'verifier/policy',
  'verifier/image-verdict.ts',
  'verifier/check-content.ts',
  'verifier/image-release.ts',
  'verifier/verify-image.ts',
  'verifier/verify-directory.ts',
  'verifier/inspect-image.ts',
  'verifier/tpm',
  'verifier/firmware-log',
  'verifier/measurement',
  'verifier/authoring',
  'verifier/evidence',
  'verifier/enrolment',
  'verifier/appraisal-policy',
  'verifier/appraisal',
  'verifier/index.ts',
];
const serverRooms = [
  'verifier/node',
  'server/os',
  'server/tpm-device',
  'server/host',
  'server/packaging',
  'server/attester',
  'server/http',
  'server/cli',
  'test-vectors/generate',
  'server/demo',
];
const rooms = [...verifierRooms, ...serverRooms];

/** Modules that touch the system, and the only places that may. */
const systemModules =
  /^(?:node:)?(?:fs|fs\/promises|child_process|net|http|https|worker_threads|cluster|dgram)$/;
const systemPlaces = ['verifier/node/', 'server/os/', 'server/http/', 'server/cli/', 'server/demo/'];
const systemGlobals = /\bprocess\.env\b|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/;

/** Libraries that one file alone imports, so that it can be replaced by rewriting that file. */
const soleImporters = new Map([
  ['@peculiar/x509', ['verifier/trust/certificate.ts', 'verifier/trust/certificate-extensions.ts']],
  ['reflect-metadata', ['verifier/trust/certificate.ts', 'verifier/trust/certificate-extensions.ts']],
  ['@peculiar/asn1-cms', ['verifier/trust/cms.ts']],
  ['node-forge', ['verifier/trust/second-opinion.ts']],
  [
    'yaml',
    [
      'verifier/policy/document.ts',
      'verifier/policy/write-document.ts',
      'verifier/policy/yaml-limits.ts',
      'server/http/contract-page/contract-document.ts',
    ],
  ],
  ['fzstd', ['verifier/image/filesystems/zstd-frame.ts']],
  ['execa', ['server/os/run.ts', 'server/os/child-service.ts']],
  ['pino', ['server/os/structured-log.ts']],
  ['prom-client', ['server/http/metrics.ts', 'server/http/host-metrics.ts']],
  [
    'jose',
    ['server/cli/result-key.ts', 'server/cli/write-result.ts', 'server/tests/attestation-result.test.ts'],
  ],
]);

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly syntax: ts.SourceFile;
  readonly imports: readonly string[];
}

function sources(): SourceFile[] {
  return ['verifier', 'server']
    .flatMap((top) => readdirSync(top, { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('/tests/'))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
      return { path, text, syntax, imports: importsOf(syntax) };
    });
}

function importsOf(syntax: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  return found;
}

function resolved({ path, imports }: SourceFile): string[] {
  return imports.filter((name) => name.startsWith('.')).map((name) => join(dirname(path), name));
}

function roomOf(path: string): number {
  return rooms.findIndex((room) => path === room || path.startsWith(`${room}/`));
}

function count(syntax: ts.Node, matches: (node: ts.Node) => boolean): number {
  let found = 0;
  const visit = (node: ts.Node): void => {
    if (matches(node)) found++;
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  return found;
}

const files = sources();

test('every file stands in a room', () => {
  assert.ok(files.length > 20);
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => roomOf(path) === -1),
    [],
  );
});

test('imports point one way, type imports too', () => {
  const wrong = files.flatMap((file) =>
    resolved(file)
      .filter((target) => roomOf(target) === -1 || roomOf(target) > roomOf(file.path))
      .map((target) => `${file.path} -> ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('the verifier never imports the server, and its system room knows images only', () => {
  const wrong = files.flatMap((file) =>
    resolved(file)
      .filter(
        (target) =>
          (file.path.startsWith('verifier/') && target.startsWith('server/')) ||
          (file.path.startsWith('verifier/node/') && !/^verifier\/(?:node|image|bytes)\//.test(target)),
      )
      .map((target) => `${file.path} -> ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('no import cycles between files', () => {
  const targets = new Map(files.map((file) => [file.path, resolved(file)]));
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `cycle: ${[...trail, path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
});

test('only the rooms that may touch the system do', () => {
  const wrong = files
    .filter(({ path }) => !systemPlaces.some((place) => path.startsWith(place)))
    .filter(
      ({ text, imports }) => imports.some((name) => systemModules.test(name)) || systemGlobals.test(text),
    );
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  );
});

test('replaceable libraries have one importer', () => {
  const wrong = files.flatMap(({ path, imports }) =>
    imports
      .filter((name) => soleImporters.get(name)?.includes(path) === false)
      .map((name) => `${path} imports ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('files, exports and casts stay within the numbers of the house', () => {
  const isCast = (node: ts.Node): boolean =>
    ts.isAsExpression(node) && node.type.getText() !== 'const' && !node.getText().startsWith('import(');
  const isExport = (node: ts.Node): boolean =>
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false);
  const lines = files.map(({ text }) => text.split('\n').length - 1).sort((a, b) => a - b);
  const casts = files.reduce((sum, { syntax }) => sum + count(syntax, isCast), 0);
  const total = lines.reduce((sum, value) => sum + value, 0);
  assert.ok((lines.at(-1) ?? 0) <= 300, 'a file has more than 300 lines');
  assert.ok((lines[lines.length >> 1] ?? 0) <= 120, 'the median file is too long');
  assert.ok(casts <= (total / 1000) * 3, `${casts} casts in ${total} lines`);
  assert.deepEqual(
    files.filter(({ syntax }) => count(syntax, isExport) > 12).map(({ path }) => path),
    [],
  );
});

test('no file has a name that says nothing', () => {
  const empty = /(?:^|\/)(?:utils?|helpers?|common|shared|types|manager|service|misc)\b/;
  assert.deepEqual(
    files.map(({ path }) => path).filter((path) => empty.test(path)),
    [],
  );
});
