import {
  type ContractBodies,
  type ContractDocument,
  type ContractOperation,
  type ContractParameter,
  type ContractResponse,
  examplesOf,
  follow,
} from './contract-document.ts';
import { html, type Html } from './html.ts';
import { schemaMarkup } from './schema-markup.ts';
import { exampleMarkup, lineMarkup, proseMarkup } from './text-markup.ts';

/** One operation: what it takes, and every answer that it may give. */
export function operationMarkup(
  { components }: ContractDocument,
  path: string,
  method: string,
  operation: ContractOperation,
): Html {
  const { operationId, summary, description = '', parameters = [], requestBody, responses } = operation;
  const answers = Object.entries(responses).map(([status, one]) => {
    const { part, name } = follow(one, components.responses);
    return name === null
      ? responseMarkup(components, status, part)
      : html`<li><b>${status}</b> <a href="#response-${name}">${lineMarkup(part.description)}</a></li> `;
  });
  const asked = parameters.map((one) => parameterMarkup(follow(one, components.parameters ?? {}).part));
  return html`<section id="${operationId}">
    <h3><code>${method.toUpperCase()} ${path}</code> ${summary}</h3>
    ${proseMarkup(description)}
    ${
      asked.length === 0
        ? ''
        : html`<h4>Parameters</h4>
            <dl>${asked}</dl>`
    }
    ${
      requestBody === undefined
        ? ''
        : html`<h4>Body</h4>
            ${bodiesMarkup(requestBody.content)}`
    }
    <h4>Answers</h4>
    <ul>
      ${answers}
    </ul>
  </section> `;
}

/** An answer that several operations give. */
export function sharedResponseMarkup(
  { components }: ContractDocument,
  name: string,
  response: ContractResponse,
): Html {
  return html`<section id="response-${name}">
    <h3>${name}</h3>
    <ul>
      ${responseMarkup(components, '', response)}
    </ul>
  </section> `;
}

function parameterMarkup({
  name,
  in: where,
  required = false,
  description,
  schema,
  example,
}: ContractParameter): Html {
  return html`<dt><code>${name}</code> in the ${where}${required ? '' : ' (optional)'}</dt>
    <dd>${proseMarkup(description)}${schemaMarkup(schema)}${maybeExample(example)}</dd> `;
}

function responseMarkup(
  { headers: known }: ContractDocument['components'],
  status: string,
  { description, headers = {}, content = {} }: ContractResponse,
): Html {
  const fields = Object.entries(headers).map(([name, one]) => {
    const header = follow(one, known).part;
    return html`<dt><code>${name}</code>${header.required === true ? '' : ' (optional)'}</dt>
      <dd>
        <p>${lineMarkup(header.description)}</p>
        ${schemaMarkup(header.schema)}
      </dd> `;
  });
  return html`<li>
    <b>${status}</b> ${lineMarkup(description)} ${bodiesMarkup(content)}
    ${
      fields.length === 0
        ? ''
        : html`<details>
            <summary>Header fields</summary>
            <dl>${fields}</dl>
          </details>`
    }
  </li> `;
}

function bodiesMarkup(bodies: ContractBodies): Html[] {
  return Object.entries(bodies).map(([type, body]) => {
    const examples = examplesOf(body).map(
      ({ summary = 'For example', value }) =>
        html`<p>${lineMarkup(summary)}:</p>
          ${exampleMarkup(value)}`,
    );
    return html`<p><code>${type}</code></p>
      ${schemaMarkup(body.schema)}${examples} `;
  });
}

function maybeExample(example: unknown): Html {
  return example === undefined
    ? html``
    : html`<p>For example:</p>
        ${exampleMarkup(example)}`;
}
