import { Malformed } from '../../../verifier/bytes/failures.ts';

/** How a partition may be used (PartitionPolicyFlags in systemd's src/shared/image-policy.h). Several are alternatives. */
export type PartitionUse =
  'verity' | 'signed' | 'encrypted' | 'encryptedwithintegrity' | 'unprotected' | 'unused' | 'absent';

export type PolicyPartition = (typeof partitions)[number];

/** What a policy says of one partition. */
export interface PartitionPolicy {
  /** Empty if the policy allows no way of using this kind of partition: images that have one are refused. */
  readonly uses: ReadonlySet<PartitionUse>;
  /** What the GPT's flags may be; empty where they do not matter. */
  readonly readOnly: ReadonlySet<Switch>;
  readonly growFileSystem: ReadonlySet<Switch>;
  /** Since systemd 260; empty for any. */
  readonly fileSystems: ReadonlySet<string>;
}

export type Switch = 'on' | 'off';

/** An image policy as it is written. What it means for a partition says `partitionPolicy`. */
export interface ImagePolicy {
  readonly partitions: ReadonlyMap<PolicyPartition, PartitionPolicy>;
  /** For partitions that are not named. */
  readonly otherwise: PartitionPolicy;
}

const partitions = [
  ...(['root', 'usr', 'home', 'srv', 'esp', 'xbootldr', 'swap', 'root-verity', 'usr-verity'] as const),
  ...(['root-verity-sig', 'usr-verity-sig', 'tmp', 'var'] as const),
] as const;

const allUses: readonly PartitionUse[] = [
  ...([
    'verity',
    'signed',
    'encrypted',
    'encryptedwithintegrity',
    'unprotected',
    'unused',
    'absent',
  ] as const),
];

const switches: readonly Switch[] = ['on', 'off'];

const fileSystems = ['btrfs', 'erofs', 'ext4', 'f2fs', 'squashfs', 'vfat', 'xfs'];

/**
 * Parses an image policy (systemd.image-policy(7); image_policy_from_string() in systemd's src/shared/image-policy.c, with
 * the words that systemd 260 added).
 *
 * systemd also takes a backslash away from before any character; here that is malformed.
 *
 * @throws Malformed
 */
export function parseImagePolicy(text: string): ImagePolicy {
  const symbolic = symbols.get(text);
  if (symbolic !== undefined) return { partitions: new Map(), otherwise: only(symbolic) };
  const rules = new Map<PolicyPartition, PartitionPolicy>();
  let otherwise: PartitionPolicy | null = null;
  for (const rule of text.split(':')) {
    const equals = rule.indexOf('=');
    if (equals === -1) throw new Malformed('image policy', `"${rule}" is no PARTITION=FLAGS`);
    const [name, flags] = [rule.slice(0, equals).trim(), parseFlags(rule.slice(equals + 1))];
    const partition = partitions.find((known) => known === name);
    if (name !== '' && partition === undefined)
      throw new Malformed('image policy', `"${name}" is no partition`);
    if (partition === undefined ? otherwise !== null : rules.has(partition))
      throw new Malformed('image policy', `has two rules for ${name === '' ? 'other partitions' : name}`);
    if (partition === undefined) otherwise = flags;
    else rules.set(partition, flags);
  }
  return { partitions: rules, otherwise: otherwise ?? only(['unused', 'absent']) };
}

const symbols: ReadonlyMap<string, readonly PartitionUse[]> = new Map([
  ['', ['unused', 'absent']],
  ['-', ['unused', 'absent']],
  ['*', allUses],
  ['~', ['absent']],
]);

function only(uses: readonly PartitionUse[]): PartitionPolicy {
  return { uses: new Set(uses), readOnly: new Set(), growFileSystem: new Set(), fileSystems: new Set() };
}

function parseFlags(text: string): PartitionPolicy {
  const trimmed = text.trim();
  const words = trimmed === '' || trimmed === '-' ? [] : trimmed.split('+').map((word) => word.trim());
  const unknown = words.find((word) => !knownWords.has(word));
  if (unknown !== undefined) throw new Malformed('image policy', `"${unknown}" is no flag`);
  const meant = words.flatMap((word) => shortcuts.get(word) ?? [word]);
  const has = (prefix: string): ReadonlySet<Switch> =>
    new Set(switches.filter((state) => meant.includes(`${prefix}-${state}`)));
  return {
    uses: new Set(allUses.filter((use) => meant.includes(use))),
    readOnly: has('read-only'),
    growFileSystem: has('growfs'),
    fileSystems: new Set(fileSystems.filter((fileSystem) => meant.includes(fileSystem))),
  };
}

const shortcuts: ReadonlyMap<string, readonly string[]> = new Map([
  ['open', allUses],
  ['ignore', ['unused', 'absent']],
]);

const knownWords: ReadonlySet<string> = new Set([
  ...[...allUses, ...shortcuts.keys(), ...fileSystems],
  ...switches.flatMap((state) => [`read-only-${state}`, `growfs-${state}`]),
]);

/**
 * What a policy means for one partition (image_policy_get_exhaustively() in systemd's src/shared/image-policy.c): a partition
 * that is not named falls back on the rule for others, one with verity data on what its data partition needs.
 */
export function partitionPolicy(policy: ImagePolicy, partition: PolicyPartition): PartitionPolicy {
  return normalize(
    partition,
    policy.partitions.get(partition) ?? inherit(policy, partition) ?? policy.otherwise,
  );
}

/** A rule for a partition with verity data that follows from the rule for its data; null if none does. */
function inherit(policy: ImagePolicy, partition: PolicyPartition): PartitionPolicy | null {
  const data = dataOf(partition);
  const rule = data === null ? undefined : policy.partitions.get(data);
  if (data === null || rule === undefined) return null;
  const { uses, ...rest } = normalize(data, rule);
  const needed = uses.has('signed') || (!partition.endsWith('-sig') && uses.has('verity'));
  if (!needed) return null;
  const optional = (['unused', 'absent'] as const).filter((use) => uses.has(use));
  return { ...rest, uses: new Set<PartitionUse>(['unprotected', ...optional]) };
}

function dataOf(partition: PolicyPartition): 'root' | 'usr' | null {
  if (!partition.includes('-verity')) return null;
  return partition.startsWith('root') ? 'root' : 'usr';
}

/** No word means any; then goes what makes no sense for the partition. */
function normalize(partition: PolicyPartition, rule: PartitionPolicy): PartitionPolicy {
  const senseless: readonly PartitionUse[] =
    dataOf(partition) !== null
      ? ['verity', 'signed', 'encrypted', 'encryptedwithintegrity']
      : partition === 'root' || partition === 'usr'
        ? []
        : ['verity', 'signed'];
  const given = rule.uses.size === 0 ? allUses : [...rule.uses];
  const uses = new Set(given.filter((use) => !senseless.includes(use)));
  const mustBeAbsent = uses.size === 1 && uses.has('absent');
  const state = (said: ReadonlySet<Switch>): ReadonlySet<Switch> =>
    mustBeAbsent ? new Set() : said.size === 0 ? new Set(switches) : said;
  return {
    uses,
    readOnly: state(rule.readOnly),
    growFileSystem: state(rule.growFileSystem),
    fileSystems: rule.fileSystems,
  };
}

/**
 * The ways in which a policy lets systemd use an extension image without a valid signature, for example `root=verity`: words
 * are alternatives, so beside any of these `signed` enforces nothing.
 */
export function unsignedUses(policy: ImagePolicy): string[] {
  return (['root', 'usr'] as const).flatMap((partition) => {
    const { uses } = partitionPolicy(policy, partition);
    return unsigned.filter((use) => uses.has(use)).map((use) => `${partition}=${use}`);
  });
}

const unsigned: readonly PartitionUse[] = ['verity', 'encrypted', 'encryptedwithintegrity', 'unprotected'];
