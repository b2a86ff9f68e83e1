import ts from 'typescript';
import { expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** The door, which alone writes to the streams of the process. */
const door = 'src/base/terminal/';

/** Who hands the terminal's own stream to a library that draws or reads there, or asks what it is. */
const handsStreamOn = [
  'src/cli/confirm.ts',
  'src/cli/restore-questions.ts',
  'src/cli/run-host.ts',
  'src/run/view/open-views.ts',
  'src/run/view/terminal.ts',
  'src/run/view/view.ts',
];

/** What lays texts out, colours them or cleans them, each by rules of its own. */
const ownRules = ['styleText', 'stripVTControlCharacters', 'padEnd'];
/** Documents and messages, which are laid out for other readers: files, mails, chats. */
const documents = ['src/tell/alert/format/text.ts', 'src/tell/evidence/text-document.ts'];

interface Finding {
  readonly file: string;
  readonly text: string;
}

async function find(isWrong: (node: ts.Node) => boolean, ...folders: string[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [file, text] of await sourceFiles(...folders)) {
    if (file.startsWith(door)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (isWrong(node)) found.push({ file, text: node.getText(source).slice(0, 80) });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isBindingElement(node)) return (node.propertyName ?? node.name).getText();
  return ts.isIdentifier(node) ? node.text : undefined;
}

/** `process.stdout`, or taken apart: `const { stdout } = process`. */
function isStandardStream(node: ts.Node): boolean {
  const name = nameOf(node) ?? '';
  if (!['stdout', 'stderr'].includes(name)) return false;
  if (ts.isPropertyAccessExpression(node)) return node.expression.getText() === 'process';
  return ts.isBindingElement(node) && /=\s*process\s*$/.test(node.parent.parent.getText());
}

function isConsole(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && node.expression.getText() === 'console';
}

test('nothing but the terminal writes to the streams of the process', async () => {
  expect(await find((node) => isStandardStream(node) || isConsole(node), 'src', 'tasks')).toEqual([]);
});

test('the stream of the terminal is handed to libraries only', async () => {
  const found = await find(
    (node) =>
      (ts.isPropertyAccessExpression(node) || ts.isBindingElement(node)) &&
      nameOf(node) === 'stream' &&
      /(?:output|errorOutput)\b[^]*stream/i.test(
        ts.isBindingElement(node) ? node.parent.parent.getText() : node.getText(),
      ),
    'src/cli',
    'src/run',
  );
  expect([...new Set(found.map(({ file }) => file))].filter((file) => !handsStreamOn.includes(file))).toEqual(
    [],
  );
});

test('commands and views write to no stream by themselves', async () => {
  const found = await find(
    (node) =>
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === 'write',
    'src/cli',
    'src/run/view',
  );
  // The views of a run write what the renderer made of their events, to a console that may break.
  expect(
    [...new Set(found.map(({ file }) => file))].filter((file) => !file.startsWith('src/run/view/')),
  ).toEqual([]);
  expect(found.filter(({ text }) => !text.startsWith('output.write('))).toEqual([]);
});

test('nobody lays out, colours or cleans by rules of their own', async () => {
  const found = await find(
    (node) => ts.isIdentifier(node) && ownRules.includes(node.text) && !ts.isImportSpecifier(node.parent),
    'src',
    'tasks',
  );
  expect(found.filter(({ file }) => !documents.includes(file))).toEqual([]);
});

test('escape sequences are written in the terminal only', async () => {
  const found = await find(
    (node) => ts.isStringLiteralLike(node) && node.text.includes('\u001b'),
    'src/cli',
    'src/run',
    'src/base',
  );
  expect(found).toEqual([]);
});
