import { isUtf8 } from 'node:buffer';

/** A value, or why the bytes are none and where. */
export type Json =
  | { readonly value: unknown }
  | { readonly kind: 'not-json' | 'too-deep'; readonly problem: string; readonly at?: string };

/** None of ours is deeper than a dozen; facts of operators' own tasks may be a little. */
const mostNesting = 64;

/** Parses JSON whose depth is looked at before anything is made of it. Never throws. */
export function parseJson(bytes: Buffer): Json {
  if (bytes.length === 0) return { kind: 'not-json', problem: 'is empty' };
  if (!isUtf8(bytes)) return { kind: 'not-json', problem: 'is not UTF-8' };
  const deep = firstTooDeep(bytes);
  if (deep !== undefined) {
    const problem = `is nested deeper than ${String(mostNesting)} levels`;
    return { kind: 'too-deep', problem, at: placeIn(bytes.subarray(0, deep)) };
  }
  const text = bytes.toString('utf8');
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const at = placeIn(Buffer.from(text.slice(0, firstWrong(text))));
    return { kind: 'not-json', problem: 'is not JSON', at };
  }
}

const [quote, backslash, openList, openMapping, closeList, closeMapping] = Buffer.from('"\\[{]}');

/** Offset of the first bracket that opens a level too much. */
function firstTooDeep(bytes: Buffer): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openList || byte === openMapping) {
      depth += 1;
      if (depth > mostNesting) return at;
    } else if (byte === closeList || byte === closeMapping) depth -= 1;
  }
  return undefined;
}

const mark = /[{}[\],:]/y;
const other = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** One token that begins at an offset: where it ends and what it is. Undefined when none does. */
function tokenAt(text: string, from: number): { readonly end: number; readonly what: string } | undefined {
  if (text[from] === '"') {
    const end = endOfText(text, from + 1);
    return end === undefined ? undefined : { end, what: 'text' };
  }
  for (const pattern of [mark, other]) {
    pattern.lastIndex = from;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) return { end: from + found.length, what: pattern === mark ? found : 'other' };
  }
  return undefined;
}

function endOfText(text: string, from: number): number | undefined {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '"') return at + 1;
    if (text.charCodeAt(at) < 0x20) return undefined;
    if (text[at] !== '\\') continue;
    escape.lastIndex = at;
    if (!escape.test(text)) return undefined;
    at = escape.lastIndex - 1;
  }
  return undefined;
}

/** What may come next: a value, also the end of an empty list, a key, also the end of an empty mapping, or what follows. */
type Expected = 'value' | 'first-item' | 'key' | 'first-key' | 'colon' | 'after';

/** Where a text that is no JSON begins to be none: `JSON.parse` says it only sometimes, and in words. */
function firstWrong(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected | undefined = 'value';
  for (let at = 0; ;) {
    while (/[ \t\n\r]/.test(text.charAt(at))) at += 1;
    const token = tokenAt(text, at);
    expected = token && step(expected, token.what, open);
    if (token === undefined || expected === undefined) return at;
    at = token.end;
  }
}

/** What is expected after a token; undefined when it may not stand there. Keeps the list of open brackets. */
function step(expected: Expected, what: string, open: ('{' | '[')[]): Expected | undefined {
  const isValue = expected === 'value' || expected === 'first-item';
  if (what === '{' || what === '[') {
    if (!isValue) return undefined;
    open.push(what);
    return what === '{' ? 'first-key' : 'first-item';
  }
  if (what === '}' || what === ']') {
    const isEmpty = expected === (what === '}' ? 'first-key' : 'first-item');
    const opened = what === '}' ? '{' : '[';
    return (isEmpty || expected === 'after') && open.pop() === opened ? 'after' : undefined;
  }
  if (what === ':') return expected === 'colon' ? 'value' : undefined;
  if (what === ',') {
    const bracket = expected === 'after' ? open.at(-1) : undefined;
    return bracket && (bracket === '{' ? 'key' : 'value');
  }
  if (isValue) return 'after';
  return what === 'text' && (expected === 'key' || expected === 'first-key') ? 'colon' : undefined;
}

/** The place behind a text, in lines and characters. */
function placeIn(before: Buffer): string {
  const start = before.lastIndexOf(0x0a) + 1;
  let line = 1;
  for (let at = before.indexOf(0x0a); at !== -1; at = before.indexOf(0x0a, at + 1)) line += 1;
  return `line ${String(line)}, column ${String([...before.subarray(start).toString('utf8')].length + 1)}`;
}
