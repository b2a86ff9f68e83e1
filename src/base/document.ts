import { defined } from './defined.ts';
import { Failure } from './failure.ts';
import { readBounded, readLines, reasonOf, setAside, writeWhole } from './files.ts';
import { parseJson } from './json.ts';

/**
 * The one door to what run-plan stores and reads again: JSON by a schema, in a file or in a repository. What is read may
 * come from anybody and be of any size and shape, so that it is bounded before it is parsed, and whatever is wrong with one
 * document is told as a finding about that one: no reader throws for it.
 */
export interface Document<Value> {
  /** For people: `run record`. */
  readonly name: string;
  readonly limitBytes: number;
  /** @param where the file or key, for the finding */
  parse(content: Uint8Array | string, where: string): Promise<Present<Value>>;
  /** As it is stored: JSON with two spaces and a final newline. @throws Failure `repository-write` for more than is read again */
  readonly render: (value: Value) => string;
  readFile(path: string): Promise<Reading<Value>>;
  /** Whole or not at all, durably, for this user alone; what is damaged in its place is kept by the name `keptAside`. @throws the system's error */
  writeFile(path: string, value: Value): Promise<void>;
  /** Stops reading behind the limit, whatever the store says of the size. @throws Failure `repository-*` when the store fails */
  get(store: DocumentStore, key: string, signal?: AbortSignal): Promise<Reading<Value>>;
  /** @throws Failure `repository-*`, `key-exists` */
  put(store: DocumentStore, key: string, value: Value, signal?: AbortSignal): Promise<void>;
}

/** What a document needs of a repository. */
export interface DocumentStore {
  get(
    key: string,
    options?: { readonly signal?: AbortSignal; readonly small?: true },
  ): Promise<AsyncIterable<unknown>>;
  put(
    key: string,
    body: string,
    options?: { readonly contentType?: string; readonly signal?: AbortSignal },
  ): Promise<unknown>;
}

/** A document that is there: sound or not. */
export type Present<Value> = Found<Value> | Damaged;

export type Reading<Value> = Present<Value> | Missing;

export interface Found<Value> {
  readonly state: 'sound';
  readonly value: Value;
  /** As they are stored, for sums. */
  readonly bytes: Buffer;
}

export interface Missing {
  readonly state: 'missing';
}

export interface Damaged {
  readonly state: 'damaged';
  readonly damage: Damage;
}

/** `not-json`: also what is empty, not UTF-8, or was cut. `shape`: not what its schema says. */
export type DamageKind = 'unreadable' | 'too-large' | 'too-deep' | 'not-json' | 'shape';

/** What is wrong with one stored document. */
export interface Damage {
  readonly kind: DamageKind;
  /** Its file or key. */
  readonly where: string;
  /** Where in it: `line 3, column 5` or a JSON pointer; absent when it is about the whole. */
  readonly at?: string;
  /** `is not JSON`, a half sentence about the document. */
  readonly problem: string;
  /** What to do. */
  readonly hint: string;
}

/** A validator that is generated from a schema: gives the first thing that is wrong. */
export interface DocumentSchema {
  readonly default: (value: unknown) => boolean;
}

export interface DocumentDeclaration<Value> {
  readonly name: string;
  /** Greatest size in bytes: what the greatest of ours takes, and room; what is behind it is not read. */
  readonly limitBytes: number;
  /** Loads the generated validator: `() => import('…/generated/NAME.validate.ts')`. */
  readonly schema: () => Promise<DocumentSchema>;
  /** The same with less in it, for one that is larger than what is read again; undefined when nothing may be left out. */
  readonly shorter?: (value: Value) => Value | undefined;
  /** What a schema cannot say: in half a sentence why a value of the right shape is none, otherwise undefined. */
  readonly fault?: (value: Value) => string | undefined;
}

/** Declares a kind of stored document. */
export function document<Value>(declaration: DocumentDeclaration<Value>): Document<Value> {
  const { name, limitBytes, schema, shorter, fault } = declaration;
  const damaged = damageOf(name);

  async function parse(content: Uint8Array | string, where: string): Promise<Present<Value>> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : asBuffer(content);
    if (bytes.length > limitBytes) return damaged(where, 'too-large', tooLarge(limitBytes));
    const json = parseJson(bytes);
    if ('problem' in json) return damaged(where, json.kind, json.problem, json.at);
    const { default: validate } = await schema();
    if (!validate(json.value)) {
      const { at, problem } = firstError(validate);
      return damaged(where, 'shape', problem, at);
    }
    const value = json.value as Value;
    const wrong = fault?.(value);
    return wrong === undefined ? { state: 'sound', value, bytes } : damaged(where, 'shape', wrong);
  }

  function render(value: Value): string {
    const text = `${JSON.stringify(value, undefined, 2)}\n`;
    const bytes = Buffer.byteLength(text);
    if (bytes <= limitBytes) return text;
    const less = shorter?.(value);
    if (less !== undefined) return render(less);
    throw new Failure('repository-write', `a ${name} of ${bytes} bytes is more than is read again`, {
      hint: `Not more than ${limitBytes} bytes are read of a ${name}: see what fills it.`,
    });
  }

  async function readFile(path: string): Promise<Reading<Value>> {
    const file = await readBounded(path, limitBytes);
    if (file.state === 'missing') return { state: 'missing' };
    if (file.state === 'too-large') return damaged(path, 'too-large', tooLarge(limitBytes));
    return file.state === 'read'
      ? parse(file.bytes, path)
      : damaged(path, 'unreadable', `cannot be read: ${file.reason}`);
  }

  return {
    name,
    limitBytes,
    parse,
    render,
    readFile,
    writeFile: async (path, value) => {
      const text = render(value);
      const old = await readFile(path);
      if (old.state === 'damaged' && old.damage.kind !== 'unreadable') await setAside(path);
      await writeWhole(path, text);
    },
    get: async (store, key, signal) => {
      const stored = await getBounded(store, key, limitBytes, signal);
      if (stored.state === 'missing') return { state: 'missing' };
      if (stored.state === 'too-large') return damaged(key, 'too-large', tooLarge(limitBytes));
      return stored.state === 'read'
        ? parse(stored.bytes, key)
        : damaged(key, 'unreadable', `cannot be read: ${stored.reason}`);
    },
    put: async (store, key, value, signal) => {
      await store.put(key, render(value), {
        contentType: 'application/json',
        ...defined({ signal }),
      });
    },
  };
}

/** A file of documents, one a line, that is written to its end as things happen: a journal, a report. */
export interface DocumentLines<Value> {
  parse(line: Buffer, where: string, number?: number): Present<Value>;
  /** Its lines in their order, empty ones left out; what cannot be read is the last finding. Missing: none. Never throws. */
  read(path: string): AsyncGenerator<Present<Value>>;
  /** With its newline. */
  render(value: Value): string;
}

export interface LinesDeclaration {
  readonly name: string;
  /** Of one line, bytes. */
  readonly longestBytes: number;
  /** Of the whole file, bytes. */
  readonly limitBytes: number;
  readonly validate: (value: unknown) => boolean;
}

/** Declares a kind of file of one document a line. */
export function documentLines<Value>(declaration: LinesDeclaration): DocumentLines<Value> {
  const { name, longestBytes, limitBytes, validate } = declaration;
  const damaged = damageOf(name);
  const parse: DocumentLines<Value>['parse'] = (bytes, where, number) => {
    const place = (at = ''): string =>
      [...(number === undefined ? [] : [`line ${String(number)}`]), ...(at === '' ? [] : [at])].join(', ');
    if (bytes.length > longestBytes) return damaged(where, 'too-large', tooLarge(longestBytes), place());
    const json = parseJson(bytes);
    if ('problem' in json) return damaged(where, json.kind, json.problem, place());
    if (validate(json.value)) return { state: 'sound', value: json.value as Value, bytes };
    const { at, problem } = firstError(validate);
    return damaged(where, 'shape', problem, place(at));
  };
  return {
    parse,
    render: (value) => `${JSON.stringify(value)}\n`,
    read: async function* read(path) {
      try {
        for await (const { number, bytes } of readLines(path, { longestBytes, limitBytes })) {
          if (bytes === undefined)
            yield damaged(path, 'too-large', tooLarge(longestBytes), `line ${String(number)}`);
          else if (bytes.length > 0) yield parse(bytes, path, number);
        }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EFBIG') yield damaged(path, 'too-large', tooLarge(limitBytes));
        else if (code !== 'ENOENT') yield damaged(path, 'unreadable', `cannot be read: ${reasonOf(error)}`);
      }
    },
  };
}

/** A finding in half a sentence: `runs/a/b.json is not JSON at line 3, column 5`. */
export function describeDamage({ where, at, problem }: Damage, subject = where): string {
  return `${subject} ${problem}${at === undefined ? '' : ` at ${at}`}`;
}

/** The value of a document that is sound; of any other, undefined. */
export function soundValue<Value>(reading: Reading<Value>): Value | undefined {
  return reading.state === 'sound' ? reading.value : undefined;
}

function damageOf(name: string): (where: string, kind: DamageKind, problem: string, at?: string) => Damaged {
  const hint = `it is no ${name} that this version can read: keep a copy if you need it, then move it away or remove it`;
  return (where, kind, problem, at) => ({
    state: 'damaged',
    damage: { kind, where, ...defined({ at }), problem, hint },
  });
}

function tooLarge(limitBytes: number): string {
  return `is larger than the limit of ${String(limitBytes)} bytes`;
}

/** Bytes of a small object, or why they are not there whole. */
export type StoredBytes =
  | { readonly state: 'read'; readonly bytes: Buffer }
  | { readonly state: 'missing' }
  | { readonly state: 'too-large' }
  | { readonly state: 'unreadable'; readonly reason: string };

/**
 * An object of a store, and never more than `limitBytes` of it, whatever the store says or sends.
 * @throws Failure `repository-*` for what is neither there nor missing nor refused
 */
export async function getBounded(
  store: Pick<DocumentStore, 'get'>,
  key: string,
  limitBytes: number,
  signal?: AbortSignal,
): Promise<StoredBytes> {
  const pieces: Buffer[] = [];
  let total = 0;
  try {
    for await (const piece of await store.get(key, { small: true, ...defined({ signal }) })) {
      const bytes = asBuffer(piece as Uint8Array);
      total += bytes.length;
      if (total > limitBytes) return { state: 'too-large' };
      pieces.push(bytes);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'repository-missing') return { state: 'missing' };
    // Of one object: a store that refuses everything has refused the listing before.
    if (error.code === 'repository-denied') return { state: 'unreadable', reason: error.message };
    throw error;
  }
  return { state: 'read', bytes: Buffer.concat(pieces) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Ajv leaves the errors of the last call on the function, which the generated code does not declare. */
function firstError(validate: object): { readonly at?: string; readonly problem: string } {
  const { errors } = validate as {
    errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
  };
  const [first] = errors ?? [];
  // The path holds names out of the document: no control characters of theirs, and no endless ones.
  const path = JSON.stringify(first?.instancePath ?? '').slice(1, -1);
  const at = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return {
    ...(at !== '' && { at }),
    problem: `is not valid: ${first?.message ?? 'it has an unknown shape'}`,
  };
}
