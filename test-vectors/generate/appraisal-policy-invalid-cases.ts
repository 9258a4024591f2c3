import { digest, invalid } from './appraisal-policy-case.ts';
import type { HostCaseText } from './appraisal-policy-group.ts';

/** Policies that must not load. */
export const invalidCases: readonly HostCaseText[] = [
  invalid(
    ['Closed', 'unknown-requirement', 'a requirement that this version does not know'],
    ['merged: true', 'neverOnFridays: true'],
    '12:7',
  ),
  invalid(
    ['Closed', 'misspelled-switch', 'a misspelled switch that would ask nothing'],
    ['safe: true', 'save: true'],
    '13:16',
  ),
  invalid(
    ['Closed', 'switch-off', 'a switch that is off, which may mean that it must be off'],
    ['merged: true', 'merged: false'],
    '12:15',
  ),
  invalid(
    ['Closed', 'warning-misspelled', 'what only warns is read as strictly'],
    ['warn: { immutable', 'warn: { imutable'],
    '20:13',
  ),
  invalid(
    ['Closed', 'nothing-asked', 'a rule that asks nothing'],
    ['    warn: { immutable: true }\n', '    warn: { immutable: true }\n  - name: empty\n'],
    '21:5',
  ),
  invalid(
    ['Closed', 'other-kind', 'a policy of another kind'],
    ['kind: AppraisalPolicy', 'kind: HostPolicy'],
    '2:7',
  ),
  invalid(
    ['Closed', 'later-version', 'a version of the language that is to come'],
    ['touchstone/v1', 'touchstone/v2'],
    '1:13',
  ),
  invalid(
    ['Closed', 'no-such-update', 'a date of which nobody says what came with it'],
    ['dbxDate: 2023-05-09', 'dbxDate: 2023-05-10'],
    '18:117',
  ),
  invalid(['Closed', 'no-such-pcr', 'a PCR that does not exist'], ['pcrs: { 0:', 'pcrs: { 24:'], '16:15'),
  invalid(
    ['Closed', 'empty-list', 'a list of allowed values without any'],
    [`db: [${digest('a')}],`, 'db: [],'],
    '18:40',
  ),
  invalid(
    ['Closed', 'sha1-value', 'a value of another bank'],
    [`'${digest('1')}'`, `'${'1'.repeat(40)}'`],
    '16:19',
  ),
  invalid(['Closed', 'not-a-range', 'a version without a comparison'], [`'>= 12, < 20'`, `'12'`], '10:47'),
  invalid(
    ['Ambiguous', 'pcr-twice', 'one PCR under two spellings'],
    ['pcrs: { 0: [', `pcrs: { "0": ['${digest('3')}'], 0: [`],
    '16:90',
  ),
  invalid(
    ['Ambiguous', 'octal-pcr', 'a number that two parsers read as two'],
    ['pcrs: { 0:', 'pcrs: { 010:'],
    '16:15',
  ),
  invalid(
    ['Ambiguous', 'hexadecimal-pcr', 'a number that is another text'],
    ['pcrs: { 0:', 'pcrs: { 0x0:'],
    '16:15',
  ),
  invalid(['Ambiguous', 'rule-twice', 'two rules of one name'], ['name: laboratory', 'name: boot'], '21:11'),
  invalid(['Ambiguous', 'merge-key', 'a merge key'], ['merged: true', '<<: { merged: true }'], '12:7'),
];
