import type { LoadedImage } from '../firmware-log/boot-events.ts';
import { withoutLog } from './check-pcrs.ts';
import { listSome, type Objection, unknown } from './objection.ts';
import type { ProvedFirmware, ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

type Wanted = NonNullable<Requirement['boot']>;

const driverPcr = 2;
const imagePcr = 4;
const sectionPcr = 11;
const commandLinePcr = 12;

/** Checks what was started, by the digests in the firmware log. */
export function checkBoot({ boot: wanted }: Requirement, { firmware }: ProvedHost): Objection[] {
  if (wanted === undefined || Object.keys(wanted).length === 0) return [];
  if (firmware === null) return [withoutLog(['boot'])];
  return [
    ...checkImages('images', imagePcr, wanted.images, firmware),
    ...checkImages('drivers', driverPcr, wanted.drivers, firmware),
    ...checkSections(wanted, firmware),
    ...checkCommandLines(wanted, firmware),
  ];
}

function notListed(path: Objection['path'], message: string): Objection {
  return { code: 'boot-not-listed', message, path };
}

/** Of a PCR that the log does not explain the facts are not all there is. */
function unread(key: string, pcr: number, { values }: ProvedFirmware): Objection[] {
  return values.has(pcr) ? [] : [unknown(['boot', key], `The firmware log does not explain PCR ${pcr}.`)];
}

function checkImages(
  key: 'images' | 'drivers',
  pcr: number,
  allowed: ReadonlySet<string> | undefined,
  firmware: ProvedFirmware,
): Objection[] {
  if (allowed === undefined) return [];
  const gap = unread(key, pcr, firmware);
  if (gap.length > 0) return gap;
  const started = firmware.facts.images.filter((image) => image.pcr === pcr);
  // Nothing starts a system without a boot loader or kernel. A log without one tells of another way.
  if (key === 'images' && started.length === 0)
    return [unknown(['boot', key], 'The firmware log has no image in PCR 4.')];
  const strangers = started.filter(({ digest }) => !allowed.has(digest));
  if (strangers.length === 0) return [];
  return [
    notListed(
      ['boot', key],
      `PCR ${pcr} has images that are not listed: ${listSome(strangers.map(describe))}.`,
    ),
  ];
}

function describe({ digest, loggedPath }: LoadedImage): string {
  return loggedPath === null ? digest : `${digest} (by the log's word ${JSON.stringify(loggedPath)})`;
}

function checkSections({ sections: wanted = {} }: Wanted, firmware: ProvedFirmware): Objection[] {
  const names = Object.entries(wanted);
  if (names.length === 0) return [];
  const gap = [
    ...unread('sections', sectionPcr, firmware),
    ...hidden('sections', sectionPcr, firmware, 'sections'),
  ];
  if (gap.length > 0) return gap;
  return names.flatMap(([name, allowed]): Objection[] => {
    const path = ['boot', 'sections', name];
    const found = firmware.facts.sections.filter((section) => section.name === name);
    if (found.length === 0) return [notListed(path, `No section ${name} was measured.`)];
    // Every one: whatever is measured as a section could be the one that was used.
    const strangers = found.map(({ digest }) => digest).filter((digest) => !allowed.has(digest));
    if (strangers.length === 0) return [];
    return [notListed(path, `The section ${name} is ${listSome(strangers)}, which is not listed.`)];
  });
}

function checkCommandLines({ commandLines: allowed }: Wanted, firmware: ProvedFirmware): Objection[] {
  if (allowed === undefined) return [];
  const path = ['boot', 'commandLines'];
  const gap = unread('commandLines', commandLinePcr, firmware);
  if (gap.length > 0) return gap;
  const strangers = firmware.facts.commands.filter(
    ({ pcr, text }) => pcr === commandLinePcr && !allowed.has(text),
  );
  if (strangers.length > 0)
    return [
      notListed(
        path,
        `Command lines that are not listed: ${listSome(strangers.map(({ text }) => JSON.stringify(text.slice(0, 200))))}.`,
      ),
    ];
  return hidden('commandLines', commandLinePcr, firmware, 'command lines');
}

/** Known by its digest alone, any event could be one of these whose data, or whose type, was changed in the log. */
function hidden(key: string, pcr: number, { facts }: ProvedFirmware, what: string): Objection[] {
  const count = facts.contents.filter((content) => content.pcr === pcr).length;
  if (count === 0) return [];
  return [unknown(['boot', key], `PCR ${pcr} has ${count} events that may be ${what}, and cannot be read.`)];
}
