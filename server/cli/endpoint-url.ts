import { UsageError } from './output.ts';

/** Where the paths of a host's endpoint begin; its own path ends in a slash. @throws UsageError */
export function parseEndpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${text}" is not an http or https URL`);
  return url.pathname.endsWith('/') ? url : new URL(`${url.origin}${url.pathname}/`);
}
