import { repairGpt } from '../../test-vectors/generate/gpt-writer.ts';
import type { GuestFiles } from '../payload.ts';
import { extensionImage } from './sample-extension.ts';
import type { Signers } from './sample-host.ts';

/** What an attacker who may write to the directory of images does at the worst moment. */
export interface Attack {
  readonly what: string;
  /** A script that puts an approved extension `good` into the directory, in a form that the attack is about. */
  readonly place: string;
  /** A script that changes it. */
  readonly change: string;
}

/** Where the attacker has images. */
const kept = '/srv/attack';
const place = '/var/lib/extensions';

/**
 * `good.raw` is approved. `evil.raw` is an extension of the same name which systemd would take by its signature and the
 * policy does not; `stripped.raw` is the approved one with a partition table that has no signature.
 */
export function attackFiles({ pki, vendor, partner }: Signers): GuestFiles {
  const good = extensionImage('sysext', 'good', { pki, by: vendor }).bytes;
  const stripped = Buffer.from(good);
  const [tableOffset, entrySize] = [1024, 128];
  stripped.fill(0, tableOffset + 2 * entrySize, tableOffset + 3 * entrySize);
  repairGpt(stripped);
  return {
    [`${kept}/good.raw`]: good,
    [`${kept}/evil.raw`]: extensionImage('sysext', 'good', { pki, by: partner }, 'evil').bytes,
    [`${kept}/stripped.raw`]: stripped,
    '/usr/local/sbin/systemd-sysext': betweenVerdictAndMerge,
  };
}

/** Whatever attack waits at this path happens right before systemd's tool merges. */
export const waitingAttack = '/run/attack';

// Found before the tool itself by all who look it up, so that the attack comes as late as it can.
const betweenVerdictAndMerge = `#!/bin/bash
case " $* " in
*' merge '*|*' refresh '*)
  if [ -e ${waitingAttack} ]; then . ${waitingAttack} && mv ${waitingAttack} ${waitingAttack}-done; fi ;;
esac
exec /usr/bin/systemd-sysext "$@"
`;

export const attacks: readonly Attack[] = [
  {
    what: 'another file in its place',
    place: `cp ${kept}/good.raw ${place}/good.raw`,
    change: `cp ${kept}/evil.raw ${place}/.new && mv ${place}/.new ${place}/good.raw`,
  },
  {
    what: 'the same file written over',
    place: `cp ${kept}/good.raw ${place}/good.raw`,
    change: `cat ${kept}/evil.raw >${place}/good.raw`,
  },
  {
    what: 'a symbolic link led elsewhere',
    place: `ln -s ${kept}/good.raw ${place}/good.raw`,
    change: `ln -s ${kept}/evil.raw ${place}/.new && mv -T ${place}/.new ${place}/good.raw`,
  },
  {
    what: 'a newer winner in a .v directory',
    place: `mkdir ${place}/good.raw.v && cp ${kept}/good.raw ${place}/good.raw.v/good_1.raw`,
    change: `cp ${kept}/evil.raw ${place}/good.raw.v/good_2.raw`,
  },
  {
    what: 'the signature taken out of the partition table',
    place: `cp ${kept}/good.raw ${place}/good.raw`,
    change: `dd if=${kept}/stripped.raw of=${place}/good.raw conv=notrunc status=none`,
  },
];

/** A script after which a service swaps the two files as fast as it can, and counts in /run/swaps. */
export const swapAllTheTime = `
cp ${kept}/good.raw ${place}/good.raw && cp ${kept}/good.raw ${place}/.good && cp ${kept}/evil.raw ${place}/.evil
cat >/run/swapping <<'END'
cd ${place}
for ((swaps = 1; ; swaps++)); do
  ln .evil .new && mv .new good.raw
  ln .good .new && mv .new good.raw
  echo $swaps >/run/swaps
done
END
systemd-run --quiet --unit=swapping bash /run/swapping`;
