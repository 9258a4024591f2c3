import { type Fault, faults, type Traits } from './chain-faults.ts';
import { type CertificateEdit, type MadeCertificate, makeCertificate } from './chain-certificate.ts';
import { makeList } from './chain-list.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, unknownExtension } from './chain-extension.ts';
import { ecKey, edwardsKey, type KnownKey, pssKey, rsaKey } from './chain-keys.ts';
import { commonName } from './chain-name.ts';

/** A chain by chance: what it is made of, and what is unusual about it. */
export interface RandomChain {
  readonly signer: MadeCertificate;
  readonly intermediates: readonly MadeCertificate[];
  readonly anchors: readonly MadeCertificate[];
  /** Whether the signer has to be for mail. */
  readonly forMail: boolean;
  readonly faults: readonly Fault[];
  /** How many certificates its path has. */
  readonly length: number;
  /** Whether a certificate of it has its issuer's name. */
  readonly renewed: boolean;
  /** What is around its path, or missing from it. */
  readonly around: Around;
  /** Revocation lists of every issuer, and what is the matter with one of them; null: nobody asks for any. */
  readonly lists: { readonly matter: Matter; readonly ders: readonly Uint8Array[] } | null;
}

export type Around =
  | 'nothing'
  | 'one missing'
  | 'one an anchor too'
  | 'each twice'
  | 'strangers'
  | 'the anchor brought along'
  | 'the anchor not trusted';

export const matters = ['nothing', 'missing', 'revoked', 'expired', 'by another key', 'critical'] as const;
type Matter = (typeof matters)[number];

/** A number below `limit`, from a sequence that is the same each time. */
export type Chance = (limit: number) => number;

/** Marsaglia's xorshift32. */
export function chanceFrom(seed: number): Chance {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
}

type Place = Fault['on'][number];

interface Rung {
  readonly place: Place;
  readonly name: string;
  readonly key: (weakDigest: boolean) => KnownKey;
  readonly faults: readonly Fault[];
}

const authorityTraits: Traits = {
  ...{ constraints: basicConstraints(true), usage: keyUsage('keyCertSign', 'cRLSign'), purposes: null },
  ...{ more: [], weakDigest: false, edit: {} },
};
const signerTraits: Traits = {
  ...authorityTraits,
  ...{ constraints: basicConstraints(false), usage: keyUsage('digitalSignature') },
  purposes: extendedKeyUsage('emailProtection'),
};

/** A chain of 2 to 10 certificates with as many faults as `faulty` says, among certificates that do not matter. */
export function randomChain(chance: Chance, faulty: number): RandomChain {
  const length = chance(12) === 0 ? 8 + chance(3) : 2 + chance(4);
  const rungs = rungsOf(length, chance, faulty);
  const made = climb(rungs);
  const [anchor, signer] = [made[0], made.at(-1)];
  if (!anchor || !signer) throw new RangeError('a chain has two certificates or more');
  return {
    ...surround(made.slice(1, -1), [anchor], chance),
    ...{ signer, length, renewed: rungs.some(({ name }, at) => name === rungs[at - 1]?.name) },
    lists: chance(3) === 0 ? listsOf(made, chance) : null,
    forMail: chance(3) > 0,
    faults: rungs.flatMap((rung) => rung.faults),
  };
}

function rungsOf(length: number, chance: Chance, faulty: number): Rung[] {
  const rungs = Array.from({ length }, (_, at) => {
    const place: Place = at === 0 ? 'anchor' : at === length - 1 ? 'signer' : 'intermediate';
    return { place, name: `${place} ${at}`, key: keyFor(at, chance), faults: new Array<Fault>() };
  });
  // A certificate in its issuer's name is self-issued, and does not count against path lengths.
  const renewed = chance(3) === 0 ? 1 + chance(length - 1) : 0;
  for (let count = 0; count < faulty; count++) {
    const fault = faults[chance(faults.length)];
    const fitting = rungs.filter(({ place }) => fault?.on.includes(place));
    const rung = fitting[chance(fitting.length)];
    if (rung && fault) rung.faults.push(fault);
  }
  return rungs.map((rung, at) =>
    renewed > 0 && at === renewed ? { ...rung, name: rungs[at - 1]?.name ?? rung.name } : rung,
  );
}

function keyFor(at: number, chance: Chance): Rung['key'] {
  const word = `random ${at}`;
  const kind = chance(8);
  if (kind === 0) return (weak) => rsaKey(at % 2 === 0 ? 'anchor' : 'signer', weak ? 'sha1' : 'sha256');
  if (kind === 1) return (weak) => pssKey(at % 2 === 0 ? 'anchor' : 'signer', weak ? 'sha1' : 'sha256');
  if (kind === 2) return () => edwardsKey(word);
  if (kind === 3) return (weak) => ecKey(word, weak ? 'sha1' : 'sha384', 'p384');
  return (weak) => ecKey(word, weak ? 'sha1' : 'sha256');
}

/** The certificates of a chain, anchor first. */
function climb(rungs: readonly Rung[]): MadeCertificate[] {
  const made: MadeCertificate[] = [];
  for (const [at, rung] of rungs.entries()) {
    const issuer = made.at(-1) ?? null;
    const name = issuer?.subject ?? commonName(rung.name);
    const start = rung.place === 'signer' ? signerTraits : authorityTraits;
    const traits = rung.faults.reduce((all, { change }) => ({ ...all, ...change(all, name) }), start);
    const weak = traits.weakDigest ? (rungs[at - 1] ?? rung).key(true) : null;
    made.push(makeCertificate(issuer, editOf(traits, rung, weak, issuer)));
  }
  return made;
}

function editOf(
  { constraints, usage, purposes, more, edit }: Traits,
  { name, key }: Rung,
  weak: KnownKey | null,
  issuer: MadeCertificate | null,
): CertificateEdit {
  const own = edit.key ?? key(false);
  const extensions = [constraints, usage, purposes, ...more].filter((one) => one !== null);
  // A fault may have given the issuer another key than the one whose digests are weak.
  const isOwn = weak !== null && Buffer.compare(weak.spki, (issuer?.key ?? own).spki) === 0;
  return { subject: name, extensions, ...(isOwn && { signedBy: weak }), ...edit, key: own };
}

function listsOf(made: readonly MadeCertificate[], chance: Chance): RandomChain['lists'] {
  const matter = matters[chance(2) * chance(matters.length)] ?? 'nothing';
  const which = chance(made.length - 1);
  const ders = made.slice(0, -1).flatMap((issuer, at) => {
    const serial = made[at + 1]?.serial ?? issuer.serial;
    return at === which ? oddList(issuer, serial, matter) : [makeList(issuer)];
  });
  return { matter, ders };
}

function oddList(issuer: MadeCertificate, serial: Uint8Array, matter: Matter): Uint8Array[] {
  switch (matter) {
    case 'missing':
      return [];
    case 'revoked':
      return [makeList(issuer, { revoked: [{ serial: Uint8Array.of(9) }, { serial }] })];
    case 'expired':
      return [makeList(issuer, { nextUpdate: '20261231235959Z' })];
    case 'by another key':
      return [makeList(issuer, { signedBy: ecKey('wrong') })];
    case 'critical':
      return [makeList(issuer, { extensions: [unknownExtension(true)] })];
    case 'nothing':
      return [makeList(issuer)];
  }
}

type Surroundings = Pick<RandomChain, 'intermediates' | 'anchors' | 'around'>;

const stranger = makeCertificate(null, { subject: 'stranger', extensions: [basicConstraints(true)] });
const guest = makeCertificate(stranger, { subject: 'guest', extensions: [basicConstraints(true)] });

/** What does not matter, in any order; or a certificate of the path missing, or known as an anchor already. */
function surround(
  path: readonly MadeCertificate[],
  anchors: readonly MadeCertificate[],
  chance: Chance,
): Surroundings {
  const near = path[chance(Math.max(1, path.length))];
  const shuffled = (all: readonly MadeCertificate[]) =>
    all
      .map((one) => ({ one, order: chance(1000) }))
      .sort((a, b) => a.order - b.order)
      .map(({ one }) => one);
  const plain = (intermediates: readonly MadeCertificate[], more = anchors) => ({
    ...{ intermediates: shuffled(intermediates), anchors: shuffled(more) },
  });
  switch (chance(12)) {
    case 0:
      return { ...plain(path.filter((one) => one !== near)), around: 'one missing' };
    case 1:
      return { ...plain(path, near ? [...anchors, near] : anchors), around: 'one an anchor too' };
    case 2:
      return { ...plain([...path, ...path]), around: 'each twice' };
    case 3:
      return { ...plain([...path, stranger, guest]), around: 'strangers' };
    case 4:
      return {
        ...plain([...path, ...anchors], [...anchors, stranger]),
        around: 'the anchor brought along',
      };
    case 5:
      return { ...plain([...path, ...anchors], [stranger]), around: 'the anchor not trusted' };
    default:
      return { ...plain(path), around: 'nothing' };
  }
}
