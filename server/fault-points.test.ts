import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import ts from 'typescript';

/** Functions of node:fs, and methods of its file handles, that change something. `open` is looked at more closely. */
const changing = new Set([
  ...['appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'fchmod', 'fchown', 'ftruncate', 'futimes', 'lchmod'],
  ...[
    'lchown',
    'link',
    'lutimes',
    'mkdir',
    'mkdtemp',
    'open',
    'rename',
    'rm',
    'rmdir',
    'symlink',
    'truncate',
  ],
  ...['unlink', 'utimes', 'write', 'writeFile', 'writev', 'createWriteStream'],
]);
/** Tools that change the TPM or what is merged. */
const changingTools = /^(?:tpm2_pcrextend|tpm2_evictcontrol|systemd-(?:sysext|confext))$/;

/** The source of what a call is told, with what a constant among it was set to. */
function toldText(call: ts.CallExpression, body: ts.Node): string {
  const words = call.arguments.map((argument) => argument.getText());
  const constants: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === words[1])
      constants.push(node.initializer?.getText() ?? '');
    ts.forEachChild(node, visit);
  };
  visit(body);
  return [...words.slice(1), ...constants].join(' ');
}

function isChange(call: ts.CallExpression, body: ts.Node, fsNames: ReadonlySet<string>): boolean {
  const { expression } = call;
  const told = toldText(call, body);
  if (ts.isPropertyAccessExpression(expression)) {
    const [object, method] = [expression.expression.getText(), expression.name.text];
    if (object === 'connection' && method === 'call') return true;
    if (method === 'run' && isTool(call)) return true;
    return /^handle$|Handle$|^fs$/.test(object) && changing.has(method) && method !== 'open';
  }
  if (!ts.isIdentifier(expression)) return false;
  if (expression.text === 'run') return isTool(call);
  const name = expression.text.replace(/Sync$/, '');
  if (!fsNames.has(expression.text) || !changing.has(name)) return false;
  return name !== 'open' || !told.includes('O_RDONLY');
}

function isTool({ arguments: [tool, args] }: ts.CallExpression): boolean {
  if (tool === undefined || !ts.isStringLiteral(tool) || !changingTools.test(tool.text)) return false;
  return !/^\[(?:'--json=[a-z]+', )?'(?:--version|status|list)'/.test(args?.getText() ?? '');
}

/** Names that a file imports from node:fs. */
function importedFromFs(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const node of file.statements) {
    if (
      !ts.isImportDeclaration(node) ||
      !/^['"](?:node:)?fs(?:\/promises)?['"]$/.test(node.moduleSpecifier.getText())
    )
      continue;
    const bindings = node.importClause?.namedBindings;
    // Under another name, or as one object, a function would not be recognised here.
    assert.ok(bindings === undefined || ts.isNamedImports(bindings), file.fileName);
    for (const { name, propertyName } of bindings?.elements ?? []) {
      assert.equal(propertyName, undefined, file.fileName);
      names.add(name.text);
    }
  }
  return names;
}

/** Places where something is changed and no fault point of its own stands before it in the same function. */
function unguarded(path: string, text: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const fsNames = importedFromFs(file);
  const found: string[] = [];
  const visit = (node: ts.Node, body: ts.Node, state: { armed: boolean }): void => {
    if (ts.isFunctionDeclaration(node)) {
      const own = { armed: false };
      ts.forEachChild(node, (child) => visit(child, node, own));
      return;
    }
    if (ts.isCallExpression(node)) {
      if (node.expression.getText() === 'faultPoint') state.armed = true;
      else if (isChange(node, body, fsNames)) {
        const { line } = file.getLineAndCharacterOfPosition(node.getStart());
        if (!state.armed) found.push(`${path}:${line + 1}: ${node.expression.getText()}`);
        state.armed = false;
      }
    }
    ts.forEachChild(node, (child) => visit(child, body, state));
  };
  visit(file, file, { armed: false });
  return found;
}

const sources = readdirSync('server', { recursive: true, encoding: 'utf8' })
  .map((name) => join('server', name))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !/\/(?:tests|demo)\//.test(path));

test('before each system call that changes something there is a fault point', () => {
  assert.ok(sources.length > 50);
  assert.deepEqual(
    sources.flatMap((path) => unguarded(path, readFileSync(path, 'utf8'))),
    [],
  );
});

test('a change without a fault point of its own is noticed', () => {
  const head = `import { open, rename } from 'node:fs/promises';`;
  const lines = (body: string): number => unguarded('x.ts', `${head} async function f() { ${body} }`).length;
  assert.equal(lines(`faultPoint('a'); await rename(a, b);`), 0);
  assert.equal(lines(`await rename(a, b);`), 1);
  assert.equal(lines(`faultPoint('a'); await rename(a, b); await rename(b, a);`), 1);
  assert.equal(lines(`await open(a, constants.O_RDONLY);`), 0);
  assert.equal(lines(`const flags = constants.O_RDONLY; await open(a, flags);`), 0);
  assert.equal(lines(`const flags = constants.O_CREAT; await open(a, flags);`), 1);
  assert.equal(lines(`await handle.chmod(1);`), 1);
  assert.equal(lines(`await driver.run('tpm2_pcrextend', []); await run('systemd-sysext', ['merge']);`), 2);
  assert.equal(lines(`await connection.call('x', {});`), 1);
  assert.equal(lines(`await driver.run('tpm2_pcrread', []); await run('systemd-sysext', ['--version']);`), 0);
});

test('without the condition a fault point does nothing, and what kills is not shipped', async () => {
  const { faultPoint } = await import('#fault-point');
  faultPoint('anything');
  const { imports, files } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.match(imports['#fault-point']['touchstone-fault-injection'], /\/tests\//);
  assert.ok(files.includes('!dist/**/tests'));
});
