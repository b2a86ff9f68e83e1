import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkspace, type Workspace } from './workspace.ts';

let workspace: Workspace;

/** Writes down, when the process ends, what it has loaded of Node and read of the build. */
const witness = `const fs = require('node:fs');
const { readFileSync } = fs;
const read = [];
fs.readFileSync = (path, ...rest) => {
  if (/[/]dist[/].*[.]cjs$/.test(String(path))) read.push(path);
  return readFileSync(path, ...rest);
};
process.on('exit', () => {
  fs.writeFileSync(process.env.WITNESS, JSON.stringify({ read, loaded: process.moduleLoadList }));
});
`;

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.write('witness.cjs', witness);
  await workspace.write(
    'plans/environments.yaml',
    'environments: { dev: { postgres: { host: h, database: d, user: u } } }\n',
  );
  await workspace.write(
    'plans/nightly.yaml',
    'environment: dev\ntimeout: 1m\nschedule: [{ calendar: daily }]\nsteps: [{ run: "true" }]\n',
  );
});
afterEach(() => workspace.remove());

test.each(['validate', 'list'])(
  '%s reads few files of the build and no part of Node that takes long to load, also where plans have run',
  async (command) => {
    expect(await workspace.run(['nightly'])).toMatchObject({ code: 0 });
    const witnessed = join(workspace.folder, 'witnessed');
    const variables = {
      NODE_OPTIONS: `--require ${join(workspace.folder, 'witness.cjs')}`,
      WITNESS: witnessed,
    };
    expect(await workspace.start([command], variables).ended).toMatchObject({ code: 0 });
    const { read, loaded } = JSON.parse(await readFile(witnessed, 'utf8')) as Record<string, string[]>;
    expect(read?.length).toBeGreaterThan(2);
    expect(read?.length).toBeLessThan(16);
    const slow =
      /NativeModule (?:child_process|crypto|dns|http|https|tls|internal\/(?:fs\/promises|readline\/interface))$/;
    expect(loaded?.filter((name) => slow.test(name))).toEqual([]);
  },
);
