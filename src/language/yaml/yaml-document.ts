import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Problem } from '../problem.ts';
import type { Source } from './source.ts';
import { yamlProblem } from './yaml-problem.ts';

/** Keys and indexes that lead from the top of a document to a value. */
export type Path = readonly (string | number)[];

/** Where something stands in its file; line and column count from 1, in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** A YAML file as plain data that remembers where each value was written. */
export interface YamlDocument {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  /** Of the value at a path, of its nearest parent that exists when it does not; aliases and merge keys are followed. */
  placeOf(path: Path): Place;
  /** Of the key under which the value stands. */
  placeOfKey(path: Path): Place;
  /** Of a part of the text at a path, where the file spells it like the text; otherwise of the whole text. */
  placeOfPart(path: Path, part: string, offset: number): Place;
}

export interface YamlReading {
  /** Absent when the text is no YAML at all. */
  readonly document?: YamlDocument;
  readonly problems: readonly Problem[];
}

/** Far beyond any plan; the parser's time grows with the square of it. */
const greatestFlowDepth = 200;

/** One early mistake makes many later lines wrong; the first few say it all. */
const greatestSyntaxProblems = 10;

/** `file:line:column` of the value at a path. */
export function positionOf(document: YamlDocument, path: Path): string {
  const { line, column } = document.placeOf(path);
  return `${document.file}:${String(line)}:${String(column)}`;
}

/** Parses one YAML 1.2 document with merge keys. Every syntax error becomes a problem; never throws. */
export function readYaml(source: Source): YamlReading {
  if (flowDepth(source.text) > greatestFlowDepth) return { problems: [tooDeep(source.file)] };
  const lines = new LineCounter();
  try {
    const tree = parseDocument(source.text, {
      merge: true,
      stringKeys: true,
      lineCounter: lines,
      prettyErrors: false,
    });
    const found = [...tree.errors, ...tree.warnings];
    // The parser catches its own stack overflow and then reports every bracket that was open.
    if (found.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return { problems: [tooDeep(source.file)] };
    const problems = found
      .slice(0, greatestSyntaxProblems)
      .map((error) => yamlProblem(source, error, placeIn(source.text, lines, error.pos)));
    if (problems.length > 0) return { problems };
    // The limit makes an alias bomb throw before it has grown.
    const value: unknown = tree.toJS({ maxAliasCount: 100 });
    // Without an anchor there is no alias.
    if (source.text.includes('&') && containsItself(value)) return { problems: [aliasCycle(source.file)] };
    return { document: documentOf(source, tree, lines, value), problems };
  } catch (error) {
    return { problems: [refusal(source, lines, error)] };
  }
}

/** Brackets that are open at once, at most; quoted ones count too, which no plan notices. */
function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function tooDeep(file: string): Problem {
  const message = 'the file is nested too deeply';
  return { file, line: 1, column: 1, severity: 'error', rule: 'nested-too-deeply', message };
}

/** Whether a value is a part of itself, through an alias inside its own anchor. */
function containsItself(value: unknown, parents = new Set<object>(), seen = new Set<object>()): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (parents.has(value)) return true;
  if (seen.has(value)) return false;
  seen.add(value);
  parents.add(value);
  const isCycle = Object.values(value).some((item: unknown) => containsItself(item, parents, seen));
  parents.delete(value);
  return isCycle;
}

function aliasCycle(file: string): Problem {
  const message = 'an alias stands inside its own anchor, so the value would contain itself';
  return { file, line: 1, column: 1, severity: 'error', rule: 'alias-cycle', message };
}

function refusal({ file, text }: Source, lines: LineCounter, error: unknown): Problem {
  const place = { file, line: 1, column: 1, severity: 'error' as const };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError) return tooDeep(file);
  if (message.startsWith('Unresolved alias')) {
    const alias = message.split(': ').at(-1) ?? '';
    const at = Math.max(0, text.indexOf(`*${alias}`));
    return {
      ...place,
      ...placeIn(text, lines, [at, at + alias.length + 1]),
      rule: 'unknown-anchor',
      message: `there is no anchor '&${alias}' above the alias '*${alias}'`,
    };
  }
  if (/alias count/i.test(message)) {
    const hint = 'write the repeated parts out, or put them into fewer anchors';
    return { ...place, rule: 'alias-bomb', message: 'the aliases of this file expand to far too much', hint };
  }
  return { ...place, rule: 'yaml-syntax', message: message.split('\n', 1)[0] ?? message };
}

function documentOf(source: Source, tree: Document, lines: LineCounter, value: unknown): YamlDocument {
  const place = (node: Node | null | undefined): Place => {
    const [start, end] = node?.range ?? [0, 1];
    return placeIn(source.text, lines, [start, end]);
  };
  return {
    file: source.file,
    text: source.text,
    value,
    placeOf: (path) => place(follow(tree, path).value),
    placeOfKey: (path) => {
      const { key, value: node } = follow(tree, path);
      return place(key ?? node);
    },
    placeOfPart: (path, part, offset) => {
      const node = follow(tree, path).value;
      const [start, end] = node?.range ?? [0, 1];
      // Quotes and block scalars shift the text a little, so the first place from there on is the one.
      const at = source.text.indexOf(part, start + offset);
      return part === '' || at === -1 || at + part.length > end
        ? place(node)
        : placeIn(source.text, lines, [at, at + part.length]);
    },
  };
}

function placeIn(text: string, lines: LineCounter, [start, end]: readonly [number, number]): Place {
  const { line, col } = lines.linePos(start);
  const lineStart = start - (col - 1);
  const lineEnd = text.indexOf('\n', start);
  const last = Math.max(start + 1, Math.min(end, lineEnd === -1 ? text.length : lineEnd));
  return {
    line,
    column: [...text.slice(lineStart, start)].length + 1,
    length: Math.max(1, [...text.slice(start, last).trimEnd()].length),
  };
}

interface Found {
  readonly key?: Node | undefined;
  readonly value: Node | null | undefined;
}

function follow(tree: Document, path: Path): Found {
  let found: Found = { value: tree.contents };
  for (const part of path) {
    const next = child(tree, found.value, part);
    if (next === undefined) return found;
    found = next.value === null || next.value === undefined ? { ...next, value: next.key } : next;
  }
  return found;
}

function child(tree: Document, parent: Node | null | undefined, part: string | number): Found | undefined {
  const node = isAlias(parent) ? parent.resolve(tree) : parent;
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return isNode(item) ? { value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = pairOf(tree, node, String(part));
  if (pair === undefined) return undefined;
  return {
    key: isNode(pair.key) ? pair.key : undefined,
    value: isNode(pair.value) ? pair.value : undefined,
  };
}

/** The pair of a key: the map's own, otherwise that of the maps it merges, the first one first. */
function pairOf(tree: Document, map: YAMLMap, key: string): Pair | undefined {
  const named = (wanted: string): Pair | undefined =>
    map.items.find((pair) => isPair(pair) && isScalar(pair.key) && keyText(pair.key.value) === wanted);
  const own = named(key);
  if (own !== undefined) return own;
  const merged = named('<<')?.value;
  const sources = isSeq(merged) ? merged.items : [merged];
  for (const source of sources) {
    const node = isAlias(source) ? source.resolve(tree) : source;
    const pair = isMap(node) ? pairOf(tree, node, key) : undefined;
    if (pair !== undefined) return pair;
  }
  return undefined;
}

/** The `yaml` package marks a merge key by a symbol. */
function keyText(key: unknown): string {
  return typeof key === 'symbol' ? (key.description ?? '') : String(key);
}
