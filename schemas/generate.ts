/**
 * Generates the types and validators of every schema into src/schema/generated. Run by `npm run generate`;
 * a test runs it into memory and compares, so that neither can drift from its schema.
 */
import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';
import { format } from 'prettier';

const folder = fileURLToPath(new URL('.', import.meta.url));
const banner = '// Generated from schemas/ by `npm run generate`. Do not edit.\n';

/** Every generated file as path (relative to src/schema/generated) and text. */
export async function generate(): Promise<Map<string, string>> {
  const files = await schemaFiles();
  const schemas = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as { $id: string }),
  );
  const generated = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const name = basename(file, '.schema.json');
    generated.set(`${name}.types.ts`, await typesOf(join(folder, file)));
    const ajv = new Ajv({
      allErrors: true,
      strict: true,
      strictRequired: false,
      allowUnionTypes: true,
      discriminator: true,
      verbose: true,
      schemas,
      code: { esm: true, source: true },
    });
    const validate = ajv.getSchema(schemas[index]?.$id ?? '');
    if (validate === undefined) throw new Error(`${file} has no $id`);
    generated.set(`${name}.validate.ts`, validatorOf(standalone.default(ajv, validate)));
  }
  return generated;
}

async function schemaFiles(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((entry) => entry.endsWith('.schema.json')).sort();
}

async function typesOf(file: string): Promise<string> {
  const text = await compile(JSON.parse(await readFile(file, 'utf8')) as object, basename(file), {
    bannerComment: banner,
    additionalProperties: false,
    cwd: join(file, '..'),
    format: false,
    strictIndexSignatures: true,
    unreachableDefinitions: false,
  });
  return format(text, { parser: 'typescript', singleQuote: true, printWidth: 110 });
}

/** Ajv's ESM output still says `require(…)` for its run-time helpers; those become imports. */
function validatorOf(source: string): string {
  const imports: string[] = [];
  const body = source.replaceAll(/require\("([^"]+)"\)/g, (_, module: string) => {
    const name = `helper${String(imports.length)}`;
    imports.push(
      `import ${name} from '${module.endsWith('.js') || !module.includes('/') ? module : `${module}.js`}';`,
    );
    return name;
  });
  return `${banner}// @ts-nocheck\n/* eslint-disable */\n${imports.join('\n')}\n${body}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const target = fileURLToPath(new URL('../src/schema/generated/', import.meta.url));
  await mkdir(target, { recursive: true });
  for (const [path, text] of await generate()) await writeFile(join(target, path), text);
}
