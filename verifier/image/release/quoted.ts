const maximumShown = 64;

/** Untrusted text for a message: in quotes, at most 64 characters, everything outside printable ASCII as an escape. */
export function quoted(text: string): string {
  const shown = text.length > maximumShown ? `${text.slice(0, maximumShown)}...` : text;
  return JSON.stringify(shown).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
