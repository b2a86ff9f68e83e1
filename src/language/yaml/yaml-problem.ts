import type { ErrorCode, YAMLError } from 'yaml';
import type { Problem } from '../problem.ts';
import type { Source } from './source.ts';
import type { Place } from './yaml-document.ts';

interface Wording {
  readonly rule: string;
  readonly message: (marked: string) => string;
  readonly hint?: string;
}

/** The mistakes that operators make, in their words; the parser's own text serves for the rest. */
const wordings: Partial<Record<ErrorCode, Wording>> = {
  DUPLICATE_KEY: {
    rule: 'duplicate-key',
    message: (key) => `the key '${key}' is given twice`,
    hint: 'only one of them would count; remove the other',
  },
  TAB_AS_INDENT: {
    rule: 'tab',
    message: () => 'a tab cannot indent YAML',
    hint: 'indent with spaces',
  },
  MULTIPLE_DOCS: {
    rule: 'multiple-documents',
    message: () => 'the file holds more than one YAML document',
    hint: 'put each plan into a file of its own',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    rule: 'yaml-syntax',
    message: () => 'not valid YAML: a colon and a space start another mapping here',
    hint: 'quote the text if the colon belongs to it',
  },
  BAD_ALIAS: { rule: 'unknown-anchor', message: (alias) => `there is no anchor for '${alias}' above` },
  TAG_RESOLVE_FAILED: {
    rule: 'unknown-tag',
    message: (tag) => `the tag '${tag}' means nothing here`,
    hint: 'quote the text if it is to begin with an exclamation mark',
  },
};

/** A syntax error of the `yaml` package as a problem. */
export function yamlProblem(source: Source, error: YAMLError, place: Place): Problem {
  const wording = wordings[error.code];
  const line = source.text.split('\n', place.line)[place.line - 1] ?? '';
  const rest = [...line].slice(place.column - 1).join('');
  const marked = /^[^\s:,}\]]+/.exec(rest)?.[0] ?? rest.trim();
  return {
    file: source.file,
    line: place.line,
    column: place.column,
    length: Math.max(1, [...marked].length),
    severity: 'error',
    rule: wording?.rule ?? 'yaml-syntax',
    message: wording?.message(marked) ?? `not valid YAML: ${lowerFirst(error.message.replace(/\.$/, ''))}`,
    ...(wording?.hint !== undefined && { hint: wording.hint }),
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
