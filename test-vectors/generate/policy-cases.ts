import type { PolicyCase } from './policy-group.ts';

type Facts = NonNullable<PolicyCase['inputs']['facts']>;
type Signature = Facts['signature'];

const [leaf, authority, ops, other] = ['1', '2', '3', '4'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];
