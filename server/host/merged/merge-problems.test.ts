import assert from 'node:assert/strict';
import { test } from 'node:test';

import { layer, type MergedHost, onHost, overlay } from './tests/merged-host.ts';

const name = 'a';
const upper = ',upperdir=/var/lib/extensions.mutable/usr,workdir=/w';

/** Each says something that does not add up. */
const problems: readonly {
  what: string;
  setUp: (host: MergedHost) => void;
  table: string;
  problem: RegExp;
}[] = [
  {
    what: 'an overlay without a mark',
    setUp: () => undefined,
    table: overlay([name]),
    problem: /^\/usr carries an overlay that systemd did not mark/,
  },
  {
    what: 'an overlay with the mark of another file system',
    setUp: ({ mark, write }) => {
      mark('/usr', [name]);
      write('/usr/.systemd-sysext/dev', '0:4095');
    },
    table: overlay([name]),
    problem: /^\/usr carries an overlay that systemd did not mark/,
  },
  {
    what: 'a mark of another mount than is seen',
    setUp: ({ mark, write }) => {
      mark('/usr', [name]);
      write('/usr/.systemd-sysext/dev', '0:4095');
    },
    table: overlay([name]).replace('%DEV', '0:4095'),
    problem: /^\/usr carries an overlay that systemd did not mark/,
  },
  {
    what: 'one merge over another',
    setUp: ({ mark }) => mark('/usr', [name]),
    table: overlay([name]) + overlay([name]).replace('40 26', '41 40'),
    problem: /^\/usr is merged 2 times/,
  },
  {
    what: 'another file system over a merge',
    setUp: ({ mark }) => mark('/usr', [name]),
    table: `${overlay([name])}41 40 0:4095 / %ROOT/usr rw - tmpfs tmpfs rw\n`,
    problem: /^something else is mounted over what is merged into \/usr/,
  },
  {
    what: 'a layer that is not marked',
    setUp: ({ mark }) => mark('/usr', [name]),
    table: overlay(['evil', name]),
    problem: /^the layers of \/usr are a, evil, not those it is marked with/,
  },
  {
    what: 'a mark without a layer',
    setUp: ({ mark }) => mark('/usr', [name, 'b']),
    table: overlay([name]),
    problem: /^b is marked as merged and has no layer/,
  },
  {
    what: 'layers in another order',
    setUp: ({ mark }) => mark('/usr', [name, 'b']),
    table: overlay([name, 'b']),
    problem: /^the layers of \/usr are b, a,/,
  },
  {
    what: 'a layer of nobody',
    setUp: ({ mark }) => mark('/usr', [name]),
    table: overlay([name]).replace(layer(name), `/home/evil:${layer(name)}`),
    problem: /^\/usr has layers that are of no extension: \/home\/evil$/,
  },
  {
    what: 'a merge that can be written to',
    setUp: ({ mark }) => mark('/usr', [name]),
    table: overlay([name], upper),
    problem: /^\/usr can be written to, what is written goes to \/var\/lib\/extensions.mutable\/usr$/,
  },
  {
    what: 'hierarchies that do not agree',
    setUp: ({ mark }) => {
      mark('/usr', [name]);
      mark('/opt', [name, 'b']);
    },
    table: overlay([name]) + overlay([name, 'b'].toReversed(), '', 'opt'),
    problem: /^what is marked as merged into \/opt is not what is marked elsewhere/,
  },
  {
    what: 'an origin that is not the same everywhere',
    setUp: ({ mark }) => {
      mark('/usr', [name], '{"mutable":{"mode":"no"},"extensions":{"a":{}}}');
      mark('/opt', [name], '{"mutable":{"mode":"no"},"extensions":{"a":{"path":"/x"}}}');
    },
    table: overlay([name]) + overlay([name], '', 'opt'),
    problem: /^what is marked as merged into \/opt is not what is marked elsewhere/,
  },
  {
    what: 'an origin of other names',
    setUp: ({ mark }) => mark('/usr', [name], '{"mutable":{"mode":"no"},"extensions":{}}'),
    table: overlay([name]),
    problem: /^the two lists of what is merged into \/usr differ/,
  },
  {
    what: 'a merge into /opt alone',
    setUp: ({ mark }) => mark('/opt', [name]),
    table: overlay([name], '', 'opt'),
    problem: /^\/opt is merged and \/usr is not/,
  },
  {
    what: 'a merge at another place',
    setUp: () => undefined,
    table: overlay([name]).replace('%ROOT/usr ', '%ROOT/srv '),
    problem: /there is an overlay of sysext at .*\/srv, where nothing is merged/,
  },
];

for (const { what, setUp, table, problem } of problems) {
  test(`${what} is a problem`, () =>
    onHost(async (host) => {
      setUp(host);
      const state = await host.read(table);
      assert.ok(
        state.problems.some((one) => problem.test(one)),
        JSON.stringify(state.problems),
      );
    }));
}
