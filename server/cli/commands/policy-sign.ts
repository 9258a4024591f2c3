import { z } from 'zod';

import { loadAppraisalPolicy } from '../../../verifier/appraisal-policy/load-appraisal-policy.ts';
import { policyKind } from '../../../verifier/appraisal-policy/policy-kind.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { loadPolicy } from '../../../verifier/policy/load.ts';
import { parseCertificates } from '../../../verifier/trust/certificate.ts';
import { signDetached } from '../../../verifier/trust/sign-detached.ts';
import { policyFiles } from '../../host/policy-files.ts';
import { writeDurable } from '../../os/durable-file.ts';
import { readUserFile, signaturePath } from '../decision-policy.ts';
import { type ExitCode, exitCodes, jsonText, type Output, printable, UsageError } from '../output.ts';
import { parsePrivateKey } from '../private-key.ts';

const shape = z.object({
  key: z.string(),
  certificate: z.string(),
  output: z.string().optional(),
  json: z.boolean().default(false),
});

/** `touchstone policy sign`: a signature beside the policy, which `--policy-trust` asks for. Only a policy that loads is signed. */
export async function signPolicy(file: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const text = await readUserFile(file);
  const policy =
    policyKind(text, file) === 'AppraisalPolicy'
      ? loadAppraisalPolicy({ text, path: file })
      : await loadPolicy({ text, path: file, files: policyFiles(file, '/') });
  const [certificate, ...others] = parseCertificates(
    await readUserFile(options.certificate),
    options.certificate,
  );
  if (certificate === undefined) throw new UsageError(`${options.certificate} has no certificate`);
  const key = parsePrivateKey(await readUserFile(options.key), options.key);
  const target = options.output ?? signaturePath(file);
  await writeDurable(target, signDetached(text, key, certificate, others), 0o644);
  const { name, version, sha256 } = policy;
  const document = { policy: name, version, sha256, signature: target, signer: certificate.sha256 };
  output.out(
    options.json
      ? jsonText(document)
      : printable(`signed ${name} version ${version} as "${certificate.subject}": ${target}`) + '\n',
  );
  return exitCodes.yes;
}
