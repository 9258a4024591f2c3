import { createHash } from 'node:crypto';

import { type ContractDocument, parseContract } from './contract-document.ts';
import { html, type Html } from './html.ts';
import { operationMarkup, sharedResponseMarkup } from './operation-markup.ts';
import { schemaMarkup } from './schema-markup.ts';
import { lineMarkup, proseMarkup } from './text-markup.ts';

/** A page, and the content security policy under which it is whole. */
export interface ContractPage {
  readonly text: string;
  readonly contentSecurityPolicy: string;
}

const style = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { border: 1px solid; overflow-x: auto; padding: 0.75rem; }
section { border-top: 1px solid; margin-top: 2rem; }
dl { border-left: 2px solid; margin: 0.5rem 0; padding-left: 1rem; }
dd { margin-left: 1rem; }
dd p, li p { margin: 0.25rem 0; }
.type { font-style: italic; }
`;

// It has no character that HTML would escape; the policy names exactly these bytes.
// prettier-ignore
const styleElement = html`<style>${style}</style>`;

/**
 * The contract as a page for people: one file, without scripts and without anything from elsewhere.
 *
 * @param text openapi.yaml. @throws Malformed
 */
export function contractPage(text: string): ContractPage {
  const contract = parseContract(text);
  const { title, summary } = contract.info;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p>${lineMarkup(summary)}</p>
        </header>
        <nav aria-label="Contents">${contents(contract)}</nav>
        <main>
          ${introduction(contract)} ${operations(contract)} ${answers(contract)} ${schemas(contract)}
        </main>
      </body>
    </html> `;
  const hash = createHash('sha256').update(style).digest('base64');
  return {
    text: page.toString(),
    // The style by its digest: were anything of the contract to become markup, it could still load and run nothing.
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  };
}

function contents({ tags, paths }: ContractDocument): Html[] {
  return tags.map(({ name, description }) => {
    const entries = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags.includes(name))
        .map(
          ([method, { operationId, summary }]) =>
            html`<li>
              <a href="#${operationId}"><code>${method.toUpperCase()} ${path}</code></a> ${summary}
            </li> `,
        ),
    );
    return html`<p>${description}</p>
      <ul>
        ${entries}
      </ul> `;
  });
}

function introduction({ info, servers, components }: ContractDocument): Html {
  const schemes = Object.entries(components.securitySchemes).map(
    ([name, { type, description }]) =>
      html`<dt>${name} (${type})</dt>
        <dd>${lineMarkup(description)}</dd> `,
  );
  const places = servers.map(
    ({ url, description }) =>
      html`<dt><code>${url}</code></dt>
        <dd>${lineMarkup(description)}</dd> `,
  );
  return html`<p>Version ${info.version}, <a href="openapi.yaml">openapi.yaml</a>, ${info.license.name}.</p>
    ${proseMarkup(info.description)}
    <dl>${places}${schemes}</dl>`;
}

function operations(contract: ContractDocument): Html[] {
  return Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationMarkup(contract, path, method, operation)),
  );
}

function answers(contract: ContractDocument): Html {
  const shared = Object.entries(contract.components.responses).map(([name, response]) =>
    sharedResponseMarkup(contract, name, response),
  );
  return html`<h2>Problems</h2>
    ${shared}`;
}

function schemas({ components }: ContractDocument): Html {
  const all = Object.entries(components.schemas).map(
    ([name, schema]) =>
      html`<section id="schema-${name}">
        <h3>${name}</h3>
        ${schemaMarkup(schema)}
      </section> `,
  );
  return html`<h2>Schemas</h2>
    ${all}`;
}
