import { accepts, type ChainDraft, refuses, threeOf, twoOf } from './chain-case.ts';
import type { CertificateEdit } from './chain-certificate.ts';
import {
  basicConstraints,
  endEntity,
  extendedKeyUsage,
  extension,
  keyUsage,
  purposes,
  authority,
} from './chain-extension.ts';
import { der, oid } from './der-writer.ts';

const unfit = 'certificate-unfit' as const;

/** Cases about what certificates say that their keys are for. */
export function usageCases(): ChainDraft[] {
  return [...keyUsages(), ...signersPurposes(), ...authoritiesPurposes()];
}

function keyUsages(): ChainDraft[] {
  const head = (id: string, comment: string) => ['KeyUsage', id, comment] as const;
  const signer = (...usages: readonly Uint8Array[]) =>
    twoOf({ signer: { extensions: [basicConstraints(false), ...usages] } });
  const between = (...usages: readonly Uint8Array[]) =>
    threeOf({ intermediate: { extensions: [basicConstraints(true), ...usages] } });
  const above = (...usages: readonly Uint8Array[]) =>
    twoOf({ anchor: { extensions: [basicConstraints(true), ...usages] } });
  return [
    accepts(head('no-key-usage', 'a signer without key usage'), signer(), 2),
    accepts(
      head('non-repudiation', 'a signer with nonRepudiation alone'),
      signer(keyUsage('nonRepudiation')),
      2,
    ),
    refuses(
      head('key-encipherment', 'a signer with keyEncipherment alone'),
      signer(keyUsage('keyEncipherment')),
      [unfit, 'signer'],
    ),
    refuses(head('key-cert-sign-alone', 'a signer with keyCertSign alone'), signer(keyUsage('keyCertSign')), [
      unfit,
      'signer',
    ]),
    refuses(head('key-usage-empty', 'a signer whose key is for nothing'), signer(keyUsage()), [
      unfit,
      'signer',
    ]),
    accepts(head('authority-without-key-usage', 'an intermediate without key usage'), between(), 3),
    refuses(
      head('no-cert-sign', 'an intermediate without keyCertSign'),
      between(keyUsage('cRLSign', 'digitalSignature')),
      [unfit, 'intermediate'],
    ),
    refuses(head('anchor-no-cert-sign', 'an anchor without keyCertSign'), above(keyUsage('cRLSign')), [
      unfit,
      'anchor',
    ]),
    accepts(head('anchor-without-key-usage', 'an anchor without key usage'), above(), 2),
  ];
}

const forMail = { extendedKeyUsage: [purposes.emailProtection] };
const mail = extendedKeyUsage('emailProtection');
const client = extendedKeyUsage('clientAuth');
const criticalMail = extension('2.5.29.37', der(0x30, oid(purposes.emailProtection)), true);

function signersPurposes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ExtendedKeyUsage', id, comment] as const;
  const signer = (...usages: readonly Uint8Array[]) =>
    twoOf({ signer: { extensions: [...endEntity, ...usages] } });
  const both = { extendedKeyUsage: [purposes.emailProtection, purposes.clientAuth] };
  return [
    accepts(head('usage-there', 'the usage that is required'), signer(mail), 2, forMail),
    accepts(head('usage-critical', 'the usage that is required, critical'), signer(criticalMail), 2, forMail),
    accepts(
      head('usage-among-others', 'the usage that is required, and another'),
      signer(extendedKeyUsage('clientAuth', 'emailProtection')),
      2,
      forMail,
    ),
    accepts(
      head('usages-both', 'both usages that are required'),
      signer(extendedKeyUsage('clientAuth', 'emailProtection')),
      2,
      both,
    ),
    refuses(
      head('usages-one-of-two', 'one of two usages that are required'),
      signer(mail),
      [unfit, 'signer'],
      both,
    ),
    refuses(
      head('usage-other', 'another usage than the one that is required'),
      signer(client),
      [unfit, 'signer'],
      forMail,
    ),
    refuses(head('usage-none', 'no usages, and one is required'), signer(), [unfit, 'signer'], forMail),
    refuses(
      head('usage-any', 'any usage, and one is required by name'),
      signer(extendedKeyUsage('any')),
      [unfit, 'signer'],
      forMail,
    ),
    accepts(
      head('usage-any-beside', 'any usage and the required one'),
      signer(extendedKeyUsage('any', 'emailProtection')),
      2,
      forMail,
    ),
    accepts(head('usage-not-required', 'a usage, and none is required'), signer(client), 2),
  ];
}

function authoritiesPurposes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ExtendedKeyUsage', id, comment] as const;
  const signer: CertificateEdit = { extensions: [...endEntity, mail] };
  const between = (...usages: readonly Uint8Array[]) =>
    threeOf({ intermediate: { extensions: [...authority, ...usages] }, signer });
  const above = (...usages: readonly Uint8Array[]) =>
    threeOf({ anchor: { extensions: [...authority, ...usages] }, signer });
  return [
    accepts(
      head('usage-above-there', 'an intermediate for the usage that is required'),
      between(mail),
      3,
      forMail,
    ),
    accepts(head('usage-above-none', 'an intermediate without usages'), between(), 3, forMail),
    accepts(
      head('usage-above-any', 'an intermediate for any usage'),
      between(extendedKeyUsage('any')),
      3,
      forMail,
    ),
    refuses(
      head('usage-above-other', 'an intermediate for another usage'),
      between(client),
      [unfit, 'intermediate'],
      forMail,
    ),
    refuses(
      head('usage-of-anchor-other', 'an anchor for another usage'),
      above(client),
      [unfit, 'anchor'],
      forMail,
    ),
    accepts(
      head('usage-of-anchor-there', 'an anchor for the usage that is required'),
      above(mail),
      3,
      forMail,
    ),
    accepts(
      head('usage-above-not-required', 'an intermediate for a usage, and none is required'),
      between(client),
      3,
    ),
  ];
}
