import { afterBoot, hexDigest, logCase, replaced, retyped, sampleEvent, sampleFacts } from './log-case.ts';
import type { LogCase } from './log-group.ts';
import {
  ascii,
  authority,
  crtm,
  image,
  ipl,
  sampleBoot,
  secureBootOn,
  section,
  separator,
  types,
  utf16,
} from './log-sample.ts';
import type { BootEvent } from './log-writer.ts';

/** Cases about what is read of a log that replays: only data that hashes to its digest, and no type that a digest does not bear out. */
export function factCases(): LogCase[] {
  return [...imageCases(), ...pathCases(), ...authorityCases(), ...sectionCases(), ...commandCases()];
}

function imageCases(): LogCase[] {
  const evil = image('\\EFI\\evil.efi', 'evil');
  const withEvil = { ...sampleFacts, images: [...sampleFacts.images, hexDigest('evil')] };
  const logged = (id: string, comment: string, event: BootEvent): LogCase =>
    logCase({
      id,
      comment,
      flag: 'EventType',
      measured: afterBoot(evil),
      logged: afterBoot(event),
      expect: withEvil,
    });
  return [
    logged('image', 'an image more', evil),
    logged('image-as-blob', 'an image is retyped to a blob of the firmware', retyped(evil, 0x8000_0008)),
    logged(
      'image-as-action',
      'an image is retyped to an action',
      retyped(evil, types.action, ascii('Calling EFI Application from Boot Option')),
    ),
    logged(
      'image-as-command',
      'an image is retyped to a line of GRUB',
      retyped(evil, types.ipl, ascii('grub_cmd: true\0')),
    ),
  ];
}

/** The path of an image is not measured, so nothing of what is believed hangs on it. */
function pathCases(): LogCase[] {
  const shim = sampleEvent(({ type }) => type === types.application);
  return [
    logCase({
      ...{
        id: 'path-edited',
        comment: 'the path of an image is edited, which is not measured',
        flag: 'NotMeasured',
        expect: sampleFacts,
      },
      logged: replaced(shim, { ...image('\\EFI\\other.efi', 'x'), measured: ascii('shim') }),
    }),
    logCase({
      ...{
        id: 'path-broken',
        comment: 'a device path that goes past its end',
        flag: 'NotMeasured',
        expect: sampleFacts,
      },
      logged: replaced(shim, { ...shim, data: shim.data.map((byte, index) => (index === 34 ? 0xff : byte)) }),
    }),
  ];
}

function authorityCases(): LogCase[] {
  return [
    logCase({
      ...{
        id: 'authority-added',
        comment: 'root extends an authority: nothing is taken away by it',
        flag: 'EventType',
      },
      measured: afterBoot(authority('shim', 'MokListTrusted', Uint8Array.of(1))),
      expect: { ...sampleFacts, authorities: ['db', 'SbatLevel', 'Shim', 'MokListTrusted'] },
    }),
    logCase({
      ...{
        id: 'authority-vendor',
        comment: 'a variable of another vendor is no authority',
        flag: 'EventType',
        expect: sampleFacts,
      },
      measured: afterBoot({ ...secureBootOn, type: types.authority }),
    }),
    logCase({
      ...{
        id: 'authority-edited',
        comment: 'the data of an authority is not what was measured',
        flag: 'EventType',
      },
      logged: sampleBoot.map((event) =>
        event.type === types.authority && event.data.length > 200 && event.data[0] === 0x50
          ? { ...event, data: ascii('x'), measured: event.data }
          : event,
      ),
      expect: { ...sampleFacts, authorities: ['db', 'SbatLevel'] },
    }),
  ];
}

function sectionCases(): LogCase[] {
  const [name, content] = section('.evil', 'evil');
  if (name === undefined || content === undefined) return [];
  const relabelled = (
    id: string,
    comment: string,
    edit: (event: BootEvent) => BootEvent,
    sections: readonly string[],
  ): LogCase =>
    logCase({
      id,
      comment,
      flag: 'EventType',
      logged: sampleBoot.map((event) => (event.pcr === 11 ? edit(event) : event)),
      expect: { ...sampleFacts, sections: [...sections] },
    });
  const renamed =
    (from: string, to: string) =>
    (event: BootEvent): BootEvent =>
      Buffer.compare(event.data, utf16(`${from}\0`)) === 0
        ? { ...event, data: utf16(`${to}\0`), measured: event.measured ?? event.data }
        : event;
  return [
    relabelled(
      'section-renamed',
      'the log calls .cmdline .splash: nothing is read from there on',
      renamed('.cmdline', '.splash'),
      ['.linux', '.osrel'],
    ),
    relabelled(
      'section-retyped',
      'the first name is retyped to EV_UNUSED',
      (event) => retyped(event, types.unused),
      [],
    ),
    logCase({
      ...{
        id: 'section-unpaired',
        comment: 'a name without content',
        flag: 'Sections',
        measured: afterBoot(name),
        expect: sampleFacts,
      },
    }),
    logCase({
      ...{ id: 'section-after-other', comment: 'a section after something else in PCR 11', flag: 'Sections' },
      measured: afterBoot(ipl(11, 'other', ascii('other')), name, content),
      expect: sampleFacts,
    }),
    logCase({
      ...{
        id: 'section-more',
        comment: 'a section more',
        flag: 'Sections',
        measured: afterBoot(name, content),
      },
      expect: { ...sampleFacts, sections: [...sampleFacts.sections, '.evil'] },
    }),
  ];
}

function commandCases(): LogCase[] {
  const grub = (data: string, measured: string): BootEvent => ({
    pcr: 8,
    type: types.ipl,
    data: ascii(data),
    measured: ascii(measured),
  });
  const counted = (id: string, comment: string, event: BootEvent, commands: number): LogCase =>
    logCase({
      id,
      comment,
      flag: 'Commands',
      measured: afterBoot(event),
      expect: { ...sampleFacts, commands },
    });
  return [
    counted(
      'grub-command',
      'a line of GRUB: hashed without its prefix and its NUL',
      grub('grub_cmd: linux /vmlinuz\0', 'linux /vmlinuz'),
      2,
    ),
    counted(
      'grub-command-line',
      'a command line of GRUB',
      grub('kernel_cmdline: /vmlinuz quiet\0', '/vmlinuz quiet'),
      2,
    ),
    counted(
      'grub-command-edited',
      'the line is not what was measured',
      grub('grub_cmd: linux /vmlinuz\0', 'linux /evil'),
      1,
    ),
    counted('grub-command-nul', 'a line with a NUL in it', grub('grub_cmd: true\0x\0', 'true\0x'), 1),
    counted('grub-command-whole', 'the prefix is hashed too', grub('grub_cmd: true\0', 'grub_cmd: true'), 1),
    counted('grub-file', 'a file that GRUB read is no line', grub('/boot/grub/grub.cfg\0', 'its content'), 1),
    counted(
      'command-line-cut',
      'UTF-16 without the NUL at its end',
      { pcr: 12, type: types.ipl, data: utf16('quiet') },
      1,
    ),
    counted('crtm-again', 'an event nobody knows more of', { ...crtm, pcr: 12, type: 0x1234 }, 1),
    counted('separator-elsewhere', 'a separator in PCR 12', separator(12), 1),
  ];
}
