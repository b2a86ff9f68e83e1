import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  getLanguageService,
  type LanguageService,
} from 'yaml-language-server/out/src/languageservice/yamlLanguageService.js';

const root = new URL('../../../../', import.meta.url);
const service = languageService();

function languageService(): LanguageService {
  const created = getLanguageService({
    schemaRequestService: (uri) => readFile(fileURLToPath(uri), 'utf8'),
    workspaceContext: { resolveRelativePath: (relative, resource) => new URL(relative, resource).href },
  });
  created.configure({ validate: true, completion: true, hover: true });
  return created;
}

let version = 0;

/** A file as an editor has it open: the text need not be what is on disk. */
function open(path: string, text: string): TextDocument {
  // The server keeps what it parsed until the version changes.
  version += 1;
  return TextDocument.create(pathToFileURL(fileURLToPath(new URL(path, root))).href, 'yaml', version, text);
}

async function diagnosticsOf(path: string, text: string): Promise<readonly string[]> {
  const found = await service.doValidation(open(path, text), false);
  return found.map(
    ({ message, range }) =>
      `${String(range.start.line + 1)}: ${typeof message === 'string' ? message : message.value}`,
  );
}

async function read(path: string): Promise<string> {
  return readFile(new URL(path, root), 'utf8');
}

const header = '# yaml-language-server: $schema=../schemas/plan.schema.json\n';

test.each(['plans/environments.yaml', 'plans/nightly-prod.yaml', 'plans/nightly-env.yaml'])(
  'an editor finds nothing wrong with %s',
  async (path) => {
    const text = await read(path);
    expect(text).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/schemas\/(plan|environments)\.schema\.json\n/,
    );
    expect(await diagnosticsOf(path, text)).toEqual([]);
  },
);

test('an editor marks a mistyped key', async () => {
  const text = (await read('plans/nightly-prod.yaml')).replace('retention:', 'retenton:');
  expect(await diagnosticsOf('plans/nightly-prod.yaml', text)).toEqual([expect.stringContaining('retenton')]);
});

test('an editor checks the parameters of a built-in task, and takes ${…} and variables for any of them', async () => {
  const step = (parameters: string): string =>
    `${header}environment: prod\nsteps:\n  - task: postgres-dump\n    with: ${parameters}\n`;
  expect(await diagnosticsOf('plans/x.yaml', step('{ fromat: custom }'))).toEqual([
    expect.stringMatching(/^5: .*fromat/),
  ]);
  expect(await diagnosticsOf('plans/x.yaml', step('{ format: tar }'))).not.toEqual([]);
  expect(
    await diagnosticsOf('plans/x.yaml', step('{ format: directory, jobs: "${parameters.jobs}" }')),
  ).toEqual([]);
  expect(
    await diagnosticsOf('plans/x.yaml', step('{ format: directory, jobs: { env: JOBS, default: 4 } }')),
  ).toEqual([]);
});

test("an editor says nothing of the parameters of an operator's task", async () => {
  const text = `${header}environment: prod\nsteps:\n  - task: cache-warm\n    with: { anything: 1 }\n`;
  expect(await diagnosticsOf('plans/x.yaml', text)).toEqual([]);
});

test('an editor offers the keys of a plan and of a retention', async () => {
  const offered = async (text: string, line: number, character: number): Promise<readonly string[]> =>
    (await service.doComplete(open('plans/x.yaml', header + text), { line, character }, false)).items.map(
      ({ label }) => label,
    );
  expect(await offered('environment: prod\n\n', 2, 0)).toEqual(
    expect.arrayContaining(['steps', 'schedule', 'retention']),
  );
  expect(await offered('environment: prod\nretention:\n  \n', 3, 2)).toEqual(
    expect.arrayContaining(['keep-within', 'keep-weekly']),
  );
});

test('an editor explains a key under the pointer', async () => {
  const hover = await service.doHover(open('plans/x.yaml', `${header}environment: prod\ntimeout: 2h\n`), {
    line: 2,
    character: 3,
  });
  expect(JSON.stringify(hover?.contents)).toContain('Deadline of the whole run');
});
