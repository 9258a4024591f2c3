/** A run of tests for machines: one file of tests is a suite. */
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

export interface JunitCase {
  readonly name: string;
  /** What is tested; viewers group by it. */
  readonly subject: string;
  /** `file:line:column`. */
  readonly at: string;
  readonly seconds: number;
  /** `failure`: the answer is not the one expected; `error`: there is no answer. Null: passed. */
  readonly problem: { readonly kind: 'failure' | 'error'; readonly message: string } | null;
}

/**
 * Writes JUnit's XML as Jenkins, GitLab and GitHub read it (Jenkins xUnit plugin, junit-10.xsd; `file` and `line` are what
 * they take besides). There is no specification; an attribute here is one that at least two of them use.
 */
export function junitXml(suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites${attributes({ name: 'touchstone policy test', ...totals(all) })}>\n`,
    ...suites.map(suiteXml),
    '</testsuites>\n',
  ].join('');
}

function suiteXml({ name, cases }: JunitSuite): string {
  const opening = `  <testsuite${attributes({ name, ...totals(cases), skipped: '0' })}>\n`;
  return `${opening}${cases.map(caseXml).join('')}  </testsuite>\n`;
}

function totals(cases: readonly JunitCase[]): Record<string, string> {
  const count = (kind: string): string =>
    String(cases.filter(({ problem }) => problem?.kind === kind).length);
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0);
  return {
    ...{ tests: String(cases.length), failures: count('failure'), errors: count('error') },
    time: seconds.toFixed(3),
  };
}

function caseXml({ name, subject, at, seconds, problem }: JunitCase): string {
  const opening = `    <testcase${attributes({ name, classname: subject, ...place(at), time: seconds.toFixed(3) })}`;
  if (problem === null) return `${opening}/>\n`;
  const { kind, message } = problem;
  const [summary = ''] = message.split('\n');
  const inner = `<${kind}${attributes({ message: summary, type: kind })}>${content(`${message}\n${at}`)}</${kind}>`;
  return `${opening}>\n      ${inner}\n    </testcase>\n`;
}

// A file's name may have colons, too.
function place(at: string): Record<string, string> {
  const [, file, line] = /^(.*):(\d+):\d+$/s.exec(at) ?? [];
  return file === undefined || line === undefined ? {} : { file, line };
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(value)}"`)
    .join('');
}

function content(text: string): string {
  return text.split('\n').map(escape).join('\n');
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  // Written out, an attribute's line feed would be read as a space (XML 1.0 section 3.3.3).
  ['\n', '&#10;'],
]);

/**
 * Text for content and attributes. Characters that XML 1.0 (section 2.2) has no way to write, control characters and lone
 * surrogates, are shown as `\u0000`; so is what could make a report read otherwise than it is, bidirectional overrides.
 */
function escape(text: string): string {
  return text.replaceAll(/[&<>"'\p{C}\u2028\u2029]/gu, (character) => {
    const entity = entities.get(character);
    return entity ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
