import ts from 'typescript';

/** A module as the body of a function, and the specifiers of what it imports. */
export interface TranslatedModule {
  /**
   * What the body's function is given besides `exports`, `require` and `module`, which both kinds have: `importMeta` for an
   * ECMAScript module; `__filename` and `__dirname` for a CommonJS module.
   */
  readonly kind: 'esm' | 'cjs';
  readonly body: string;
  readonly specifiers: readonly string[];
}

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ESNext,
  // What a default import means is decided where it is run, as Node.js does it.
  esModuleInterop: false,
  removeComments: true,
};

/** Turns an ECMAScript module into the body of a function; a top-level `await` stays one. */
export function translateEsm(text: string): TranslatedModule {
  const specifiers: string[] = [];
  const before = [collectSpecifiers(specifiers), replaceImportMeta];
  const { outputText } = ts.transpileModule(withoutShebang(text), {
    compilerOptions: options,
    transformers: { before },
  });
  return { kind: 'esm', body: outputText, specifiers };
}

/** A CommonJS module is such a body already. */
export function translateCjs(text: string): TranslatedModule {
  const specifiers = [...text.matchAll(/\brequire\((["'])([^"'\n]+)\1\)/g)].map(([, , name = '']) => name);
  return { kind: 'cjs', body: withoutShebang(text), specifiers };
}

function withoutShebang(text: string): string {
  return text.replace(/^#!.*/, '');
}

function collectSpecifiers(specifiers: string[]): ts.TransformerFactory<ts.SourceFile> {
  const visit = (node: ts.Node): void => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (named !== undefined && ts.isStringLiteral(named)) specifiers.push(named.text);
    ts.forEachChild(node, visit);
  };
  return () => (file) => {
    visit(file);
    return file;
  };
}

const replaceImportMeta: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
  const visit = (node: ts.Node): ts.Node =>
    ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword
      ? context.factory.createIdentifier('importMeta')
      : ts.visitEachChild(node, visit, context);
  return ts.visitEachChild(file, visit, context);
};
