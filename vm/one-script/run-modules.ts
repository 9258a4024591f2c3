// Becomes the beginning of the script: it imports nothing.

/** A module of the script. */
export interface ScriptModule {
  readonly kind: 'esm' | 'cjs';
  /** What its specifiers stand for; one that is not here is Node's own. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly run: (this: unknown, ...args: readonly unknown[]) => unknown;
}

/** Of Node.js, for what a script cannot import. */
export interface NodeModules {
  readonly require: (specifier: string) => unknown;
  readonly fileUrl: (path: string) => string;
}

/**
 * Runs modules as Node.js runs the files they were made of.
 *
 * @param modules by their path below `root`.
 * @param root the absolute directory where those files would be.
 */
export function runModules(
  modules: Readonly<Record<string, ScriptModule>>,
  entry: string,
  root: string,
  node: NodeModules,
): unknown {
  const loaded = new Map<string, { exports: unknown }>();

  function load(id: string): unknown {
    const known = loaded.get(id);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(id, module);
    const ended = start(id, module);
    return id === entry ? ended : module.exports;
  }

  function start(id: string, module: { exports: object }): unknown {
    const one = modules[id];
    if (one === undefined) throw new ReferenceError(`the script has no module ${id}`);
    const { kind, dependencies, run } = one;
    const path = `${root}/${id}`;
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (kind === 'cjs') {
      const require = (specifier: string): unknown => {
        const target = dependencies[specifier];
        if (target === undefined) return node.require(specifier);
        return load(target);
      };
      return run.call(module.exports, module.exports, require, module, path, directory);
    }
    const importMeta = { url: node.fileUrl(path), filename: path, dirname: directory };
    Object.defineProperty(module.exports, '__esModule', { value: true });
    const imported = (specifier: string): unknown => {
      const target = dependencies[specifier];
      if (target === undefined) return asNamespace(node.require(specifier));
      return modules[target]?.kind === 'esm' ? load(target) : asNamespace(load(target));
    };
    return run.call(undefined, module.exports, imported, module, importMeta);
  }

  return load(entry);
}

// What an ECMAScript module sees of another kind of module: its exports as the default, and by their names.
function asNamespace(exports: unknown): object {
  const inherited: object = Object(exports) as object;
  return Object.create(inherited, { default: { value: exports } }) as object;
}
