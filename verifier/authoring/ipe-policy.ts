import { Unsupported } from '../bytes/failures.ts';
import { parseContentAlgorithm } from '../image/content-algorithm.ts';
import type { Approval } from '../image-verdict.ts';
import type { Policy } from '../policy/policy.ts';
import { type CompiledFile, compiledText, plainName, quoted } from './compiled-file.ts';
import { admittedForms } from './image-policy.ts';

/**
 * A policy for the kernel's Integrity Policy Enforcement (Documentation/admin-guide/LSM/ipe.rst) in plain text: it has to be
 * completed by rules for the operating system itself, and signed, before it can be loaded.
 *
 * IPE knows the root hash of the dm-verity device that a file is on, and whether the kernel has verified a signature of it, but
 * not by whom. So the rules of a policy that trust signers become one that trusts whatever the kernel's keyrings vouch for.
 *
 * @throws Unsupported if the policy's version is more than IPE can count to.
 */
export function compileIpePolicy(policy: Policy, approvals: readonly Approval[]): CompiledFile {
  const name = `touchstone-${plainName(policy)}`;
  const body = [
    `policy_name=${name} policy_version=${ipeVersion(policy.version)}`,
    ...['', '# Only execution is decided here.', 'DEFAULT action=ALLOW', 'DEFAULT op=EXECUTE action=DENY'],
    ...denyRevoked(policy),
    ...[
      '',
      '# The initramfs that the kernel was started with.',
      'op=EXECUTE boot_verified=TRUE action=ALLOW',
    ],
    ...['', ...operatingSystemHint],
    ...allowSigned(policy),
    ...allowApproved(approvals),
  ];
  return { path: `ipe/${name}.pol`, content: compiledText(policy, howToLoad(name), body) };
}

/** `DEFAULT` denies what no rule allows, and that would be all of the system. */
const operatingSystemHint = [
  '# The operating system itself is no extension. Allow it here, or nothing of it can be executed any more:',
  '# op=EXECUTE dmverity_roothash=sha256:ROOT_HASH_OF_THE_OPERATING_SYSTEM action=ALLOW',
];

function howToLoad(name: string): string[] {
  const pkcs7 = 'COPY.p7b';
  return [
    'No kernel has loaded this. Complete a copy (compile replaces this file), sign it by a key of the system keyring, load it:',
    `  openssl smime -sign -in COPY -signer CERTIFICATE -inkey KEY -noattr -nodetach -nosmimecap \\`,
    `    -binary -outform der -out ${pkcs7}`,
    `  cat ${pkcs7} >/sys/kernel/security/ipe/new_policy`,
    'and try it with "echo 0 >/sys/kernel/security/ipe/enforce", which only logs what would be denied, before activating it:',
    `  echo 1 >/sys/kernel/security/ipe/policies/${name}/active`,
  ];
}

/** `MAJOR.MINOR.REVISION` of 16 bits each, as the kernel compares them: the digits of the version in base 65536. */
function ipeVersion(version: number): string {
  const base = 65536;
  if (!Number.isSafeInteger(version) || version < 0 || version >= base ** 3)
    throw new Unsupported('version of the policy', `${version} is not below ${base ** 3}, where IPE ends`);
  return [Math.floor(version / base ** 2), Math.floor(version / base) % base, version % base].join('.');
}

/** First of all: rules are taken in order, and no signature makes up for revocation. */
function denyRevoked({ revokedRootHashes, revokedCertificates }: Policy): string[] {
  // A root hash in a policy is that of SHA-256 or of SHA-512, told by its length.
  const rules = [...revokedRootHashes].map((hash) =>
    rule(hash.length === 64 ? 'sha256' : 'sha512', hash, 'DENY'),
  );
  const certificates =
    revokedCertificates.size === 0
      ? []
      : [
          '# IPE cannot deny by signer: take the certificates that the policy revokes out of the keyrings of the kernel.',
        ];
  const all = [...certificates, ...rules];
  return all.length === 0 ? [] : ['', '# Revoked.', ...all];
}

function allowSigned(policy: Policy): string[] {
  if (!admittedForms(policy, 'sysext').signed && !admittedForms(policy, 'confext').signed) return [];
  return [
    '',
    '# Rules of the policy trust signers. IPE trusts every signer whose certificate the kernel knows, whatever the image is named,',
    '# and does not see what systemd alone has verified (certificates in verity.d). Without this line: only the images below.',
    'op=EXECUTE dmverity_signature=TRUE action=ALLOW',
  ];
}

function allowApproved(approvals: readonly Approval[]): string[] {
  return approvals.flatMap((approval) => {
    const about = `# ${approval.class} ${quoted(approval.name)}, version ${quoted(approval.version)}`;
    return hasHashTree(approval)
      ? ['', about, rule(approval.hashAlgorithm, approval.rootHash, 'ALLOW')]
      : ['', `${about}: has no hash tree, so that nothing in it can be executed.`];
  });
}

/** Whether an extension is on a dm-verity device, which is all that IPE can tell apart. */
export function hasHashTree({ hashAlgorithm }: Approval): boolean {
  return parseContentAlgorithm(hashAlgorithm)?.over === 'verity';
}

function rule(algorithm: string, rootHash: string, action: 'ALLOW' | 'DENY'): string {
  return `op=EXECUTE dmverity_roothash=${algorithm}:${rootHash} action=${action}`;
}
