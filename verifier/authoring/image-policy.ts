import type { ExtensionClass } from '../image-verdict.ts';
import type { Policy, Rule } from '../policy/policy.ts';

type Form = NonNullable<Rule['form']>;

/** Which kinds of images some rule of a policy may accept, of one class. */
export interface AdmittedForms {
  /** With a hash tree whose root hash is signed. */
  readonly signed: boolean;
  /** Bare file systems, by the digest of the file. */
  readonly bare: boolean;
  /** Directories, by the digest of the tree. */
  readonly directory: boolean;
}

/**
 * What the rules of a policy may accept. Rules that are in force at some times, or on some hosts only, count: what is made of
 * this is used at all times. Rules behind one that takes everything do not: they never decide.
 */
export function admittedForms({ rules }: Policy, extensionClass: ExtensionClass): AdmittedForms {
  const about = (...forms: readonly Form[]) =>
    forms.flatMap((form) => decidingRules(rules, extensionClass, form).map(({ admits }) => admits));
  const byDigest = (form: 'bare' | 'directory'): boolean =>
    about(form).some((admits) => admits.kind === 'digest' && admits.form === form);
  return {
    signed: about('ddi', 'sidecar').some((admits) => admits.kind !== 'digest'),
    bare: byDigest('bare'),
    directory: byDigest('directory'),
  };
}

function decidingRules(rules: readonly Rule[], extensionClass: ExtensionClass, form: Form): readonly Rule[] {
  const about = rules.filter(
    (rule) => (rule.class ?? extensionClass) === extensionClass && (rule.form ?? form) === form,
  );
  const last = about.findIndex(takesEverything);
  return last === -1 ? about : about.slice(0, last + 1);
}

function takesEverything({ nameGlob, labels, validity }: Rule): boolean {
  const everyName = nameGlob === null || /^\*+$/.test(nameGlob);
  return everyName && labels.size === 0 && validity.notBefore === null && validity.notAfter === null;
}

/**
 * The strictest image policy (systemd.image-policy(7), systemd 254 and newer) under which systemd still merges what is
 * admitted. A `+` is an or: `verity+signed` would take an image whose signature is wrong for one that has none, so `verity` is
 * never there. Directories are subject to no image policy.
 */
export function imagePolicy({ signed, bare }: AdmittedForms): string {
  if (signed && bare) return 'root=signed+unprotected+absent:usr=signed+absent';
  // Images of a file system and nothing else: with every other partition absent, those that pretend to have a hash tree are out.
  if (bare) return 'root=unprotected:=absent';
  // Nothing may be there: with "-" the partitions could be, unused.
  return signed ? 'root=signed+absent:usr=signed+absent' : '~';
}

/** What two classes both admit: for what merges either by one image policy. */
export function inCommon(one: AdmittedForms, other: AdmittedForms): AdmittedForms {
  return {
    signed: one.signed && other.signed,
    bare: one.bare && other.bare,
    directory: one.directory && other.directory,
  };
}

/** What is admitted where no gate looks at images before they are merged: in an initrd, only what systemd itself can verify. */
export function withoutGate({ signed }: AdmittedForms): AdmittedForms {
  return { signed, bare: false, directory: false };
}
