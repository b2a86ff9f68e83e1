/**
 * Generates what follows from the schemas: types and validators in src/language/generated, and the part of the plan's
 * schema that lists the built-in tasks for editors. Run by `npm run generate`; a test runs it into memory and
 * compares, so that nothing can drift from its schema.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Ajv, type AnySchemaObject } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';
import { format } from 'prettier';
import { ajvOptions } from '../src/language/yaml/ajv-options.ts';
import { editorSteps } from './editor-steps.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'schemas');
const banner = '// Generated from schemas/ by `npm run generate`. Do not edit.\n';

/**
 * What only editors see. An editor meets settings as written: a variable in place of a value, `${…}` in a task's
 * parameters. The loader puts variables in place first and leaves `with` to the task registry, so that its
 * validators and types speak of the values themselves.
 */
const editorOnly = ['variable.schema.json', 'editor/steps.schema.json'];

/** Every generated file as path (relative to the repository) and text. */
export async function generate(): Promise<Map<string, string>> {
  const written = await readSchemas();
  const schemas = [...written.values()].map((schema) => withoutEditorParts(schema) as AnySchemaObject);
  const generated = new Map<string, string>();
  for (const [file, schema] of written) {
    // Shared fragments are part of what refers to them.
    if (file.startsWith('shared/')) continue;
    const name = `src/language/generated/${basename(file, '.schema.json')}`;
    generated.set(`${name}.types.ts`, await typesOf(schema, written));
    generated.set(`${name}.validate.ts`, validatorOf(schemas, String(schema.$id)));
    const defaults = defaultsOf(schema);
    if (defaults !== undefined) generated.set(`${name}.defaults.ts`, await defaultsModule(defaults));
  }
  generated.set('src/language/generated/task-validators.ts', taskValidators([...written.keys()]));
  const steps = JSON.stringify(editorSteps(written));
  generated.set('schemas/editor/steps.schema.json', await format(steps, { parser: 'json', printWidth: 110 }));
  return generated;
}

async function readSchemas(): Promise<Map<string, AnySchemaObject>> {
  const entries = await readdir(folder, { recursive: true });
  const files = entries
    .filter((entry) => entry.endsWith('.schema.json') && !entry.startsWith('editor'))
    .sort();
  const texts = files.map(async (file) => {
    const schema = JSON.parse(await readFile(join(folder, file), 'utf8')) as AnySchemaObject;
    if (schema.$id !== file) throw new Error(`${file} must have the $id ${file}`);
    return [file, schema] as const;
  });
  return new Map(await Promise.all(texts));
}

/** The schema without references to `editorOnly`; an `anyOf` that is left with one branch becomes that branch. */
export function withoutEditorParts(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutEditorParts);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]): object => {
    if ((key !== 'anyOf' && key !== 'allOf') || !Array.isArray(value))
      return { [key]: withoutEditorParts(value) };
    const kept = value.filter((branch) => !isEditorOnly(branch)).map(withoutEditorParts);
    return kept.length > 1 ? { [key]: kept } : (kept[0] ?? {});
  });
  return Object.assign({}, ...entries) as object;
}

function isEditorOnly(branch: unknown): boolean {
  if (typeof branch !== 'object' || branch === null || !('$ref' in branch)) return false;
  const reference = branch.$ref;
  return (
    typeof reference === 'string' &&
    editorOnly.some((file) => reference === file || reference === `../${file}`)
  );
}

async function typesOf(
  schema: AnySchemaObject,
  schemas: ReadonlyMap<string, AnySchemaObject>,
): Promise<string> {
  const text = await compile(plainShape(withoutEditorParts(schema), schemas) as object, String(schema.$id), {
    bannerComment: banner,
    additionalProperties: false,
    format: false,
    strictIndexSignatures: true,
    unreachableDefinitions: false,
  });
  return format(text, { parser: 'typescript', singleQuote: true, printWidth: 110 });
}

/** Rules about which keys go together, and how many: a type says neither in a way that reads well. */
const notInTypes = [
  'oneOf',
  'if',
  'then',
  'else',
  'dependencies',
  'minItems',
  'propertyNames',
  '$id',
  '$schema',
];

/** The schema as types show it: shared fragments in place, under the name of the property that holds them. */
function plainShape(schema: unknown, schemas: ReadonlyMap<string, AnySchemaObject>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => plainShape(item, schemas));
  if (typeof schema !== 'object' || schema === null) return schema;
  const own = schema as Record<string, unknown>;
  const shared =
    typeof own['$ref'] === 'string' ? schemas.get(own['$ref'].replace(/^\.\.\//, '')) : undefined;
  if (shared !== undefined) {
    const { title: _, ...fragment } = shared;
    const { $ref: __, ...rest } = own;
    return plainShape({ ...fragment, ...rest }, schemas);
  }
  const kept = Object.entries(own).filter(([key]) => !notInTypes.includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, plainShape(value, schemas)]));
}

/**
 * Every default that a schema declares, in mappings as deep as it stands, those of a definition under its name. What is
 * said of each item of a list or of a map by name stands in place of the list or map. Undefined when it declares none.
 */
export function defaultsOf(schema: unknown): unknown {
  if (!isMapping(schema)) return undefined;
  const { default: own, properties, definitions, items, additionalProperties } = schema;
  if (own !== undefined && !isMapping(own)) return own;
  const named = Object.entries({ ...asMapping(definitions), ...asMapping(properties) })
    .map(([key, inner]) => [key, defaultsOf(inner)] as const)
    .filter(([, value]) => value !== undefined);
  const ofEach = [items, additionalProperties].map(defaultsOf).map(asMapping);
  const all = Object.assign({}, ...ofEach, own, Object.fromEntries(named)) as object;
  return Object.keys(all).length === 0 ? undefined : all;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asMapping(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}

async function defaultsModule(defaults: unknown): Promise<string> {
  const text = `/** What holds where nothing is said. */\nexport const defaults = ${JSON.stringify(defaults)} as const;`;
  return format(`${banner}\n${text}`, { parser: 'typescript', singleQuote: true, printWidth: 110 });
}

/**
 * What operators write is told with all its mistakes at once; of what run-plan has stored the first one is enough, and a
 * document of a million of them costs no more to look at than a sound one.
 */
const writtenByOperators = /^(?:plan|environments|settings|variable)\.|^tasks\//;

function validatorOf(schemas: readonly AnySchemaObject[], id: string): string {
  const ajv = new Ajv({
    ...ajvOptions,
    allErrors: writtenByOperators.test(id),
    schemas: schemas.map((schema) => withoutDescriptions(schema) as AnySchemaObject),
    inlineRefs: false,
    messages: !writtenByOperators.test(id),
    code: { esm: true, source: true },
  });
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`${id} is not a known schema`);
  return importHelpers(errorsWhenMet(withoutUnread(standalone.default(ajv, validate))));
}

/** No error tells them, and every start would read them. What stands in examples is the operator's. */
function withoutDescriptions(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDescriptions);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => key !== 'description' || typeof value !== 'string',
  );
  return Object.fromEntries(
    kept.map(([key, value]) => [key, key === 'examples' ? value : withoutDescriptions(value)] as const),
  );
}

/** An error names the keyword's own schema, which nobody reads: the schema around it holds it. */
function withoutUnread(source: string): string {
  return source.replaceAll(/,schema:[^,{}]+,parentSchema:/g, ',parentSchema:');
}

/**
 * Each error is made by a function of its own: V8 compiles and keeps only those that were called, and a validator is
 * errors by far the most.
 */
function errorsWhenMet(source: string): string {
  return source.replaceAll(
    /const (err\d+) = (\{.*?\});if\(vErrors === null\)\{vErrors = \[\1\];\}else \{vErrors\.push\(\1\);\}errors\+\+;/gs,
    'vErrors = withError(vErrors, () => ($2));errors++;',
  );
}

/** Ajv's ESM output still says `require(…)` for its run-time helpers; those become imports. */
function importHelpers(source: string): string {
  const imports = source.includes('withError(') ? ["import { withError } from '../yaml/validator.ts';"] : [];
  const body = source.replaceAll(/require\("([^"]+)"\)\.default/g, (_, module: string) => {
    const name = `helper${String(imports.length)}`;
    const path = module.endsWith('.js') || !module.includes('/') ? module : `${module}.js`;
    imports.push(`import ${name} from '${path}';`);
    // Node and vitest differ in what the default import of such a CommonJS module is.
    return `(${name}.default ?? ${name})`;
  });
  return `${banner}// @ts-nocheck\n/* eslint-disable */\n${imports.join('\n')}\n${body}\n`;
}

/** The validators of the built-in tasks' parameters by task, each loaded when it is asked for. */
function taskValidators(files: readonly string[]): string {
  const tasks = files
    .filter((file) => file.startsWith('tasks/'))
    .map((file) => basename(file, '.schema.json'));
  const entries = tasks.map((task) => `  '${task}': () => import('./${task}.validate.ts'),\n`);
  return `${banner}\nexport const taskValidators = {\n${entries.join('')}};\n`;
}

async function write(generated: Map<string, string>): Promise<void> {
  for (const [path, text] of generated) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** Paths of the generated files that are not what their schemas make, also ones whose schema is gone. */
export async function drifted(generated: Map<string, string>): Promise<string[]> {
  const validators = 'src/language/generated';
  const present = (await readdir(join(root, validators))).map((name) => `${validators}/${name}`);
  const paths = [...new Set([...generated.keys(), ...present])].sort();
  const texts = await Promise.all(
    paths.map((path) => readFile(join(root, path), 'utf8').catch(() => undefined)),
  );
  return paths.filter((path, index) => texts[index] !== generated.get(path));
}

async function check(generated: Map<string, string>): Promise<void> {
  const paths = await drifted(generated);
  if (paths.length === 0) return;
  console.error(`Not what the schemas make, run \`npm run generate\`: ${paths.join(', ')}`);
  process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const generated = await generate();
  await (process.argv.includes('--check') ? check(generated) : write(generated));
}
