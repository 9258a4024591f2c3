import { format, resolveConfig } from 'prettier';

import {
  type ContractDocument,
  type ContractOperation,
  follow,
  parseContract,
} from '../../http/contract-page/contract-document.ts';
import { schemaType } from './schema-type.ts';

/** Where the types stand that are made of openapi.yaml. */
export const typesFile = 'server/tests/contract-client/contract-types.ts';

/** What that file says for this text of openapi.yaml. */
export async function generatedTypes(text: string): Promise<string> {
  const contract = parseContract(text);
  const schemas = Object.entries(contract.components.schemas).map(
    ([name, schema]) => `export type ${name} = ${schemaType(schema)};`,
  );
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const file = [
    '// Made of openapi.yaml: npm run build && node dist/server/tests/contract-client/write-types.js',
    '/* eslint-disable @typescript-eslint/no-redundant-type-constituents -- to TypeScript a pattern is any string */',
    ...schemas,
    '/** What each operation takes, and its answers by status. */',
    'export interface Operations {',
    ...operations.map(({ operation }) => operationType(contract, operation)),
    '}',
    'export const operations = {',
    ...operations.map(
      ({ path, method, operation }) =>
        `${operation.operationId}: { method: ${JSON.stringify(method.toUpperCase())}, path: ${JSON.stringify(path)} },`,
    ),
    '} as const satisfies Record<keyof Operations, object>;',
  ];
  return format(file.join('\n'), { ...(await resolveConfig(typesFile)), parser: 'typescript' });
}

function operationType({ components }: ContractDocument, operation: ContractOperation): string {
  const { operationId, requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses).map(([status, one]) => {
    const bodies = Object.entries(follow(one, components.responses).part.content ?? {}).map(
      ([type, { schema }]) => (/[/+]json$/.test(type) ? schemaType(schema) : 'string'),
    );
    return `readonly ${status}: ${bodies.join(' | ')};`;
  });
  return `readonly ${operationId}: {
    readonly body: ${body === undefined ? 'undefined' : schemaType(body)};
    readonly answers: { ${answers.join(' ')} };
  };`;
}
