import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const scripts = fileURLToPath(new URL('../../../bin', import.meta.url));

let project: string;

/** A checkout, in a path with a space, of which a test chooses files and programs. */
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'check of '));
  await write('package.json', '{ "type": "module" }');
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(project, path)), { recursive: true });
  await writeFile(join(project, path), text, { mode: 0o755 });
}

async function take(...names: readonly string[]): Promise<void> {
  await mkdir(join(project, 'bin'), { recursive: true });
  for (const name of names) await copyFile(join(scripts, name), join(project, 'bin', name));
}

function start(name: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(project, 'bin', name)], { encoding: 'utf8', cwd: '/' });
}

describe('a check', () => {
  beforeEach(async () => {
    await take('check.js', 'long-command.js');
    await mkdir(join(project, 'node_modules', '.bin'), { recursive: true });
    await symlink(process.execPath, join(project, 'node_modules', '.bin', 'node'));
    for (const path of ['node_modules/.bin/tsc', 'node_modules/.bin/prettier'])
      await write(path, '#!/bin/sh\n');
    for (const path of ['bin/lint.js', 'schemas/generate.ts']) await write(path, '');
  });

  test('names its parts with their times', () => {
    const { status, stderr } = start('check.js');
    for (const part of ['linter', 'types', 'format', 'generated files'])
      expect(stderr).toMatch(new RegExp(`check: ${part}: good, \\d`));
    expect(stderr).toContain('check: all good, in ');
    expect(status).toBe(0);
  });

  test('shows all that each failing part said, and fails', async () => {
    const many = 'i=0; while [ $i -lt 1500 ]; do echo "src/a.ts($i): error"; i=$((i+1)); done';
    await write('node_modules/.bin/tsc', `#!/bin/sh\n${many}\nexit 2\n`);
    await write('schemas/generate.ts', 'console.error("drift of plan.types.ts"); process.exit(1)');
    await write('node_modules/.bin/prettier', '#!/bin/sh\nkill -9 $$\n');
    const { status, stderr } = start('check.js');
    expect(stderr).toContain('src/a.ts(0): error');
    expect(stderr).toContain('src/a.ts(1499): error');
    expect(stderr).toContain('check: types failed with exit 2');
    expect(stderr).toContain('check: generated files said:\ndrift of plan.types.ts');
    expect(stderr).toContain('check: format was killed by SIGKILL');
    expect(stderr).toMatch(/check: linter: good/);
    expect(status).toBe(1);
  });
});

describe('the linter', () => {
  beforeEach(async () => {
    await take('lint.js');
    // Tells what it was asked to look at; a file that says FAULT has one.
    await write('node_modules/eslint/package.json', '{ "type": "module", "exports": "./eslint.js" }');
    await write(
      'node_modules/eslint/eslint.js',
      `import { readFileSync } from 'node:fs';
      import { join } from 'node:path';
      export class ESLint {
        constructor({ cwd }) { this.cwd = cwd; }
        async lintFiles(files) {
          console.log(files.sort().join(' '));
          return files.map((file) => join(this.cwd, file)).map((filePath) => ({
            filePath,
            messages: /FAULT/.test(readFileSync(filePath, 'utf8')) ? [{ severity: 1 }] : [],
          }));
        }
        async loadFormatter() { return { format: (wrong) => wrong.length + ' wrong' }; }
      }`,
    );
    for (const name of ['package-lock.json', 'tsconfig.json']) await write(name, '{}');
    await write('eslint.config.js', '');
    await write('src/base.ts', 'export type Base = 1;');
    await write('src/middle.ts', "export type { Base } from './base.ts';");
    await write('src/top.ts', "type Base = import('./middle.ts').Base;");
    await write('src/round.ts', "import './top.ts'; import './round.ts';");
    await write('src/alone.ts', '');
  });

  function looksAt(): string {
    return start('lint.js').stdout.trim();
  }

  test('looks at everything once, then at nothing', () => {
    expect(looksAt()).toBe(
      'bin/lint.js eslint.config.js src/alone.ts src/base.ts src/middle.ts src/round.ts src/top.ts',
    );
    expect(looksAt()).toBe('');
    expect(start('lint.js').status).toBe(0);
  });

  test('looks again at what changed and at all that reaches it', async () => {
    looksAt();
    await write('src/middle.ts', "export type { Base } from './base.ts'; // changed");
    expect(looksAt()).toBe('src/middle.ts src/round.ts src/top.ts');
    await write('src/base.ts', 'export type Base = 2;');
    expect(looksAt()).toBe('src/base.ts src/middle.ts src/round.ts src/top.ts');
    expect(looksAt()).toBe('');
  });

  test.each([
    ['the settings', 'tsconfig.json', '{ "strict": true }'],
    ['the packages', 'package-lock.json', '{ "packages": {} }'],
    ['a declaration of global scope', 'src/alone.ts', "declare module 'vitest' {}"],
    ['a file of declarations', 'src/shapes.d.ts', 'type Shape = 1;'],
  ])('looks at everything when %s changed', async (_, path, text) => {
    looksAt();
    await write(path, text);
    expect(looksAt()).toContain('src/base.ts src/middle.ts src/round.ts');
  });

  test('fails until what is wrong is mended, in the file or in what it reaches', async () => {
    looksAt();
    await write('src/middle.ts', 'FAULT');
    expect(start('lint.js')).toMatchObject({
      status: 1,
      stdout: 'src/middle.ts src/round.ts src/top.ts\n1 wrong\n',
    });
    // Those that are good already are not looked at again.
    expect(start('lint.js')).toMatchObject({ status: 1, stdout: 'src/middle.ts\n1 wrong\n' });
    await write('src/middle.ts', 'mended');
    expect(start('lint.js')).toMatchObject({ status: 0, stdout: 'src/middle.ts src/round.ts src/top.ts\n' });
    expect(start('lint.js')).toMatchObject({ status: 0, stdout: '' });
  });
});
