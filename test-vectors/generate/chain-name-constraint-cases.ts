import {
  type ChainDraft,
  makeAnchor,
  makeIntermediate,
  makeSigner,
  threeOf,
  unreadable,
} from './chain-case.ts';
import { bad, constrainedHead, good, under } from './chain-constrained.ts';
import { authority, endEntity, extension, nameConstraints } from './chain-extension.ts';
import { ecKey } from './chain-keys.ts';
import { generalName, nameOf, strings } from './chain-name.ts';
import { der, integer, oid } from './der-writer.ts';

const { directory, dns, ip, registered, other } = generalName;
const example = directory(nameOf(['O', 'Example']));

/** Cases about the names that an authority may issue certificates for. */
export function nameConstraintCases(): ChainDraft[] {
  return [...directoryNames(), ...spellings(), ...extremes(), ...places(), ...forms(), ...encodings()];
}

function directoryNames(): ChainDraft[] {
  const inside = { subject: nameOf(['O', 'Example'], ['CN', 'signer']) };
  const outside = { subject: nameOf(['O', 'Elsewhere'], ['CN', 'signer']) };
  const permitted = { permitted: [example] };
  const excluded = { excluded: [example] };
  return [
    good('directory-inside', 'a name below the one that is permitted', under(permitted, inside)),
    bad(
      'directory-outside',
      'a name that is not below the one that is permitted',
      under(permitted, outside),
      'O=Elsewhere, CN=signer',
    ),
    bad(
      'directory-excluded',
      'a name below the one that is excluded',
      under(excluded, inside),
      'O=Example, CN=signer',
    ),
    good(
      'directory-not-excluded',
      'a name that is not below the one that is excluded',
      under(excluded, outside),
    ),
    good(
      'directory-itself',
      'the very name that is permitted',
      under(permitted, { subject: nameOf(['O', 'Example']) }),
    ),
    bad(
      'directory-reversed',
      'the parts of the name in another order',
      under(permitted, { subject: nameOf(['CN', 'signer'], ['O', 'Example']) }),
      'CN=signer, O=Example',
    ),
    bad(
      'directory-shorter',
      'a name above the one that is permitted',
      under(
        { permitted: [directory(nameOf(['O', 'Example'], ['OU', 'Unit']))] },
        { subject: nameOf(['O', 'Example']) },
      ),
      'O=Example',
    ),
    good(
      'directory-one-of-two',
      'a name below the second of two that are permitted',
      under({ permitted: [directory(nameOf(['O', 'Elsewhere'])), example] }, inside),
    ),
    bad(
      'directory-both',
      'a name below one that is permitted, and below one that is excluded',
      under({ permitted: [example], excluded: [directory(inside.subject)] }, inside),
      'O=Example, CN=signer',
    ),
  ];
}

function spellings(): ChainDraft[] {
  const excluded = { excluded: [example] };
  const spelled = (value: string, string: number) => ({
    subject: nameOf(['O', value, string], ['CN', 'signer']),
  });
  return [
    bad(
      'directory-excluded-printable',
      'a name below the one that is excluded, as PrintableString',
      under(excluded, spelled('Example', strings.printable)),
      'O=Example, CN=signer',
    ),
    bad(
      'directory-excluded-capitals',
      'a name below the one that is excluded, in capitals',
      under(excluded, spelled('EXAMPLE', strings.utf8)),
      'O=EXAMPLE, CN=signer',
    ),
    bad(
      'directory-excluded-spaces',
      'a name below the one that is excluded, with spaces',
      under(excluded, spelled(' Example ', strings.utf8)),
      'O=\\ Example\\ , CN=signer',
    ),
  ];
}

function extremes(): ChainDraft[] {
  const permitted = { permitted: [example] };
  const [inside, outside] = [nameOf(['O', 'Example'], ['CN', 'signer']), nameOf(['O', 'Elsewhere'])];
  return [
    bad(
      'directory-in-other-name',
      'an alternative name that is not below the one that is permitted',
      under(permitted, { subject: inside }, directory(outside)),
      'O=Example, CN=signer',
    ),
    good(
      'directory-empty',
      'no name, and constraints on names',
      under(permitted, { subject: nameOf() }, dns('signer.example')),
    ),
    bad(
      'directory-everything-excluded',
      'every name is excluded',
      under({ excluded: [directory(nameOf())] }),
    ),
    good(
      'directory-everything-permitted',
      'every name is permitted',
      under({ permitted: [directory(nameOf())] }),
    ),
  ];
}

function places(): ChainDraft[] {
  const constraint = nameConstraints([example]);
  const constrained = { extensions: [...authority, constraint] };
  const inside = nameOf(['O', 'Example'], ['CN', 'inside']);
  const anchor = makeAnchor(constrained);
  const renewed = makeIntermediate(anchor, { subject: 'anchor', key: ecKey('renewed') });
  const itself = makeSigner(anchor, { subject: 'anchor', key: ecKey('signer') });
  const upper = makeIntermediate(makeAnchor(), { subject: 'upper', ...constrained });
  const narrower = makeIntermediate(upper, {
    subject: inside,
    extensions: [...authority, nameConstraints([directory(nameOf(['O', 'Elsewhere']))])],
  });
  const loose = { extensions: [...authority, nameConstraints([example], [], false)] };
  return [
    bad(
      'constraints-of-anchor',
      'the constraints are those of the anchor',
      threeOf({ anchor: constrained, intermediate: { subject: inside } }),
    ),
    bad(
      'intermediate-outside',
      'the name of the intermediate is not below the one that the anchor permits',
      threeOf({ anchor: constrained, signer: { subject: inside } }),
      'intermediate',
    ),
    good(
      'self-issued-exempt',
      'a self-issued intermediate that is not below the name that the anchor permits',
      { signer: makeSigner(renewed, { subject: inside }), intermediates: [renewed], anchors: [anchor] },
    ),
    bad(
      'self-issued-signer',
      'a self-issued signer that is not below the name that the anchor permits',
      { signer: itself, anchors: [anchor] },
      'anchor',
    ),
    bad(
      'constraints-two-levels',
      'what two authorities permit has nothing in common',
      {
        signer: makeSigner(narrower, { subject: nameOf(['O', 'Elsewhere']) }),
        intermediates: [upper, narrower],
        anchors: [makeAnchor()],
      },
      'O=Elsewhere',
    ),
    bad(
      'name-constraints-not-critical',
      'constraints that are not critical',
      threeOf({ intermediate: loose }),
    ),
    good(
      'constraints-of-signer',
      'the signer has constraints, and issued nothing',
      threeOf({ signer: { extensions: [...endEntity, constraint] } }),
    ),
  ];
}

function forms(): ChainDraft[] {
  const someName = other('1.2.3.4', der(0x0c, Buffer.from('x')));
  const subtree = (base: Uint8Array, ...more: readonly Uint8Array[]) =>
    threeOf({
      intermediate: {
        extensions: [
          ...authority,
          extension('2.5.29.30', der(0x30, der(0xa0, der(0x30, base, ...more))), true),
        ],
      },
      signer: { subject: nameOf(['O', 'Example']) },
    });
  return [
    bad(
      'registered-id',
      'constraints on a form that is not known, and a name of that form',
      under({ permitted: [registered('1.2.3')] }, {}, registered('1.2.3.4')),
    ),
    bad(
      'other-name',
      'constraints on a form that is not known, and another name of that form',
      under({ excluded: [other('1.2.3.5', der(0x0c, Buffer.from('y')))] }, {}, someName),
    ),
    unreadable(
      constrainedHead('minimum', 'names of a minimum depth'),
      subtree(example, der(0x80, Uint8Array.of(1))),
    ),
    unreadable(
      constrainedHead('maximum', 'names of a maximum depth'),
      subtree(example, der(0x81, Uint8Array.of(1))),
    ),
  ];
}

function encodings(): ChainDraft[] {
  const value = (bytes: Uint8Array) =>
    threeOf({ intermediate: { extensions: [...authority, extension('2.5.29.30', bytes, true)] } });
  const broken = (id: string, comment: string, bytes: Uint8Array) =>
    unreadable(constrainedHead(id, comment), value(bytes));
  return [
    broken('constraints-empty', 'constraints without any', der(0x30)),
    broken('constraints-of-another-type', 'constraints that are an integer', integer(1)),
    broken(
      'constraints-of-no-name',
      'constraints on what is no name',
      der(0x30, der(0xa0, der(0x30, oid('1.2.3')))),
    ),
    broken(
      'constraints-bad-mask',
      'a network of five octets',
      der(0x30, der(0xa0, der(0x30, ip(192, 0, 2, 0, 255)))),
    ),
  ];
}
