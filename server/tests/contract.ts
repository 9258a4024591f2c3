import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

/** An answer, as supertest and fetch have it. */
export interface AnswerToCheck {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

interface Part {
  readonly $ref?: string;
  readonly schema?: object;
  readonly required?: boolean;
}

interface DescribedResponse extends Part {
  readonly headers?: Readonly<Record<string, Part>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** openapi.yaml, as what answers are held to: status, headers, media type and body. */
export class Contract {
  readonly path = `${process.cwd()}/openapi.yaml`;
  readonly #document: Document = parse(readFileSync(this.path, 'utf8'));
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(this.#document, 'openapi');
  readonly #compiled = new Map<string, ValidateFunction>();

  /** Every operation as `method path`, and its id. */
  operations(): readonly { readonly method: string; readonly path: string; readonly id: string }[] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ method, path, id: operationId })),
    );
  }

  /** Every answer of every operation, as `operationId status`. */
  answers(): readonly string[] {
    return Object.values(this.#document.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ operationId, responses }) =>
        Object.keys(responses).map((status) => `${operationId} ${status}`),
      );
  }

  /** Fails if the contract does not say that this operation answers like that. */
  check(method: string, path: string, answer: AnswerToCheck): void {
    const what = `${method} ${path} ${answer.status}`;
    const operation = this.#document.paths[path]?.[method];
    // What no operation takes is answered with a problem, which the contract describes in words.
    const at = `#/paths/${escaped(path)}/${method}/responses/${answer.status}`;
    if (operation === undefined) {
      assert.ok(answer.status === 404 || answer.status === 405, what);
      this.#checkBody(what, '#/components/schemas/Problem', JSON.parse(answer.text));
      return;
    }
    const described = operation.responses[answer.status];
    assert.ok(described !== undefined, `${what} is not in the contract`);
    const [response, pointer] = this.#follow(described, at);
    this.#checkHeaders(what, response, pointer, answer);
    const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
    assert.ok(response.content?.[type] !== undefined, `${what}: ${type} is not in the contract`);
    const body: unknown = /[/+]json$/.test(type) ? JSON.parse(answer.text) : answer.text;
    this.#checkBody(what, `${pointer}/content/${escaped(type)}/schema`, body);
  }

  #checkHeaders(
    what: string,
    { headers = {} }: DescribedResponse,
    pointer: string,
    answer: AnswerToCheck,
  ): void {
    for (const [name, described] of Object.entries(headers)) {
      const [header, at] = this.#follow(described, `${pointer}/headers/${escaped(name)}`);
      const value = answer.headers[name.toLowerCase()];
      if (value === undefined) assert.notEqual(header.required, true, `${what}: no ${name}`);
      else
        this.#checkBody(`${what} ${name}`, `${at}/schema`, /^\d{1,9}$/.test(value) ? Number(value) : value);
    }
  }

  #checkBody(what: string, pointer: string, value: unknown): void {
    const validate = this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: `openapi${pointer}` });
    this.#compiled.set(pointer, validate);
    assert.ok(validate(value), `${what}: ${this.#ajv.errorsText(validate.errors)}`);
  }

  #follow<T extends Part>(part: T, pointer: string): [T, string] {
    if (part.$ref === undefined) return [part, pointer];
    let found: unknown = this.#document;
    for (const name of part.$ref.slice(2).split('/')) {
      assert.ok(typeof found === 'object' && found !== null);
      found = Reflect.get(found, name);
    }
    return [found as T, part.$ref];
  }
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
