import { defined } from '../../base/defined.ts';
import type { Problem } from '../problem.ts';
import { branchesOf } from './best-branch.ts';
import { didYouMean, nearest } from './did-you-mean.ts';
import { asArray, asRecord, exampleHint, foundName, limitInWords, short, typeNames } from './value-words.ts';
import { pointerParts, type SchemaError } from './validator.ts';
import type { Path, YamlDocument, Place } from './yaml-document.ts';

/** A value's place in a document, and the variable that gave it when one did. */
export interface Origin {
  readonly document: YamlDocument;
  /** Where the checked value itself stands in the document; errors are relative to it. */
  readonly base: Path;
  /** Name of the variable that gave the value at a path of the document. Its value is never told. */
  readonly variableAt?: (path: Path) => string | undefined;
}

interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly hint?: string;
  /** The key is marked, not the value. */
  readonly atKey?: boolean;
  readonly path: Path;
  readonly confidential?: boolean;
}

/** One violation of a schema in the operator's words, at its place. */
export function schemaProblem(error: SchemaError, origin: Origin): Problem {
  const parts = [...origin.base.map(String), ...pointerParts(error.instancePath)];
  const { rule, message, hint, atKey, path: full, confidential } = findingOf(error, parts, origin);
  const place: Place = atKey === true ? origin.document.placeOfKey(full) : origin.document.placeOf(full);
  return {
    file: origin.document.file,
    ...place,
    severity: 'error',
    rule,
    message,
    ...defined({ hint }),
    ...(confidential === true && { confidential }),
  };
}

function findingOf(error: SchemaError, path: readonly string[], origin: Origin): Finding {
  const schema = asRecord(error.parentSchema);
  const params = error.params;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(String(params['additionalProperty']), path, schema, error);
    case 'required':
      return missingKey(String(params['missingProperty']), path);
    case 'dependencies': {
      const message = `'${String(params['property'])}' belongs to '${String(params['missingProperty'])}', which is missing here`;
      return { rule: 'missing-key', message, path: [...path, String(params['property'])], atKey: true };
    }
    case 'false schema':
      return forbiddenKey(path, error);
    case 'type':
      return wrongType(params['type'], path, schema, error, origin);
    case 'enum':
      return notAllowed(asArray(params['allowedValues']), path, error, origin);
    case 'const':
      return notAllowed([params['allowedValue']], path, error, origin);
    case 'pattern':
      return badText(path, schema, error, origin);
    case 'propertyNames':
      return {
        ...badName(String(params['propertyName']), schema),
        path: [...path, String(params['propertyName'])],
        atKey: true,
      };
    case 'oneOf':
    case 'anyOf':
      return noBranch(path, error);
    default:
      return { rule: 'bad-value', message: `${subject(path, origin)} ${limitInWords(error)}`, path };
  }
}

function unknownKey(
  key: string,
  path: readonly string[],
  schema: Readonly<Record<string, unknown>>,
  error: SchemaError,
): Finding {
  const known = Object.keys(asRecord(schema['properties']));
  const at = { path: [...path, key], atKey: true };
  if (schema['title'] === 'Secret' && key === 'default') {
    const hint = 'leave the default out; a secret that is missing must stop the run';
    return {
      path: at.path,
      rule: 'secret-in-clear',
      message: `a default for '${path.at(-1) ?? ''}' would be a secret written in clear`,
      hint,
      confidential: true,
    };
  }
  const nearestKey = nearest(key, known);
  // What is given already was not meant again.
  const isUsed = nearestKey !== undefined && nearestKey in asRecord(error.data);
  const meant = nearestKey === undefined || isUsed ? '' : `, did you mean '${nearestKey}'?`;
  const hint = meant === '' && known.length > 0 ? `known here: ${known.join(', ')}` : undefined;
  return {
    ...at,
    rule: 'unknown-key',
    message: `unknown key '${key}'${meant}`,
    ...defined({ hint }),
  };
}

function missingKey(key: string, path: readonly string[]): Finding {
  const where = path.length === 0 ? '' : ` in '${nameOf(path)}'`;
  return { rule: 'missing-key', message: `missing key '${key}'${where}`, path, atKey: true };
}

/** `false` stands in our schemas for keys that another one leaves no room for: `dependencies: { undo: … }`. */
function forbiddenKey(path: readonly string[], { schemaPath }: SchemaError): Finding {
  const [, other] = /\/dependencies\/([^/]+)\/properties\//.exec(schemaPath) ?? [];
  const why = other === undefined ? 'must not be said here' : `cannot be said together with '${other}'`;
  return { rule: 'bad-value', message: `'${nameOf(path)}' ${why}`, path, atKey: true };
}

function wrongType(
  wanted: unknown,
  path: readonly string[],
  schema: Readonly<Record<string, unknown>>,
  error: SchemaError,
  origin: Origin,
): Finding {
  const found = error.data;
  if (schema['title'] === 'Secret' && typeof found !== 'object') {
    return {
      rule: 'secret-in-clear',
      message: `'${nameOf(path)}' is a secret written in clear`,
      hint: 'say where it is to be found: { env: NAME }, { file: /path }, { command: … } or { credential: name }',
      path,
      confidential: true,
    };
  }
  const expected = asArray(wanted)
    .map((type) => typeNames[String(type)] ?? String(type))
    .join(' or ');
  const variable = origin.variableAt?.(path);
  const actual = variable === undefined ? foundName(found) : `the text of the variable ${variable}`;
  const hint = exampleHint(schema);
  const message = `${path.length === 0 ? 'the file' : `'${nameOf(path)}'`} must be ${expected}, not ${actual}`;
  return { rule: 'wrong-type', message, path, ...defined({ hint }) };
}

function notAllowed(
  allowed: readonly unknown[],
  path: readonly string[],
  error: SchemaError,
  origin: Origin,
): Finding {
  const words = allowed.map(String);
  const text = typeof error.data === 'string' ? error.data : JSON.stringify(error.data);
  const isSecretive = origin.variableAt?.(path) !== undefined;
  const meant = isSecretive ? '' : didYouMean(text, words);
  return {
    rule: 'bad-value',
    message: `${subject(path, origin, error.data)} ${words.length === 1 ? 'must be' : 'is none of'} ${words.join(', ')}${meant}`,
    path,
  };
}

/** Rule and noun of texts that a shared fragment describes, by its title. */
const kinds: Readonly<Record<string, { readonly rule: string; readonly noun: string }>> = {
  Duration: { rule: 'bad-duration', noun: 'duration' },
  Days: { rule: 'bad-duration', noun: 'duration in days' },
  Size: { rule: 'bad-size', noun: 'size' },
  Date: { rule: 'bad-date', noun: 'date' },
  Name: { rule: 'bad-name', noun: 'name' },
  BucketName: { rule: 'bad-name', noun: "bucket's name" },
  AgeRecipient: { rule: 'bad-value', noun: 'recipient of age' },
};

function badText(
  path: readonly string[],
  schema: Readonly<Record<string, unknown>>,
  error: SchemaError,
  origin: Origin,
): Finding {
  if (error.propertyName !== undefined) {
    return { ...badName(error.propertyName, schema), path: [...path, error.propertyName], atKey: true };
  }
  const kind = kinds[String(schema['title'])];
  const hint = exampleHint(schema);
  const noun = kind === undefined ? 'not of the right form' : `no ${kind.noun}`;
  return {
    rule: kind?.rule ?? 'bad-value',
    message: `${subject(path, origin, error.data)} is ${noun}`,
    path,
    ...defined({ hint }),
  };
}

function badName(name: string, schema: Readonly<Record<string, unknown>>): Omit<Finding, 'path'> {
  const kind = kinds[String(schema['title'])] ?? { rule: 'bad-name', noun: 'name' };
  const hint = exampleHint(schema);
  return {
    rule: kind.rule,
    message: `'${short(name)}' is no ${kind.noun}`,
    ...defined({ hint }),
  };
}

function noBranch(path: readonly string[], error: SchemaError): Finding {
  const needed = branchesOf(error).flatMap((branch) => {
    const required = asArray(asRecord(branch)['required']);
    return required.length === 0 ? [] : [required.map((key) => `'${String(key)}'`).join(' with ')];
  });
  const where = path.length === 0 ? 'the file' : `'${nameOf(path)}'`;
  if (needed.length === 0)
    return { rule: 'bad-value', message: `${where} has none of the allowed forms`, path };
  const isTooMany = Array.isArray(error.params['passingSchemas']);
  const rule = isTooMany ? 'too-many-keys' : 'missing-key';
  const message = isTooMany
    ? `${where} takes only one of ${listed(needed, 'and')}`
    : `${where} needs ${listed(needed, 'or')}`;
  return { rule, message, path, atKey: true };
}

/** How a message names a value: by its text when that is short and the operator wrote it, otherwise by its key. */
function subject(path: readonly string[], origin: Origin, value?: unknown): string {
  const variable = origin.variableAt?.(path);
  if (variable !== undefined) return `the text of the variable ${variable} for '${nameOf(path)}'`;
  if (typeof value === 'string') return `'${short(value)}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return `'${String(value)}'`;
  return path.length === 0 ? 'the file' : `'${nameOf(path)}'`;
}

/** The last key of a path; an item of a list by its number, counted from 1: `steps 2`. */
export function nameOf(path: readonly string[]): string {
  const last = path.at(-1) ?? '';
  const list = path.at(-2);
  if (!/^\d+$/.test(last) || list === undefined) return last;
  return `${list} ${String(Number(last) + 1)}`;
}

/** `a`, `a or b`, `a, b or c`. */
function listed(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${last} ${String(words.at(-1))}`;
}
