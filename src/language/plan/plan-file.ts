import { defined } from '../../base/defined.ts';
import type { Open } from '../yaml/open.ts';
import type { Path, YamlDocument } from '../yaml/yaml-document.ts';
import type { Plan, Step } from './plan.ts';
import type { Problem } from '../problem.ts';

/** A plan together with the file that says it: what checks and rules point into. */
export interface PlanFile {
  readonly plan: Plan;
  readonly document: YamlDocument;
  /** Variables without which the plan cannot run. */
  readonly missing: readonly Open[];
  /** Where each step stands, in the order of `plan.steps`. */
  readonly steps: readonly PlacedStep[];
}

export interface PlacedStep {
  readonly step: Step;
  readonly path: Path;
}

/** What a check says, before it is put in its place. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly hint?: string;
  readonly path: Path;
  /** The key is marked and not its value. */
  readonly atKey?: boolean;
  /** A part of the text at the path, from an offset on. */
  readonly part?: { readonly text: string; readonly offset: number };
  readonly severity?: Problem['severity'];
  /** The marked text may be a secret. */
  readonly confidential?: boolean;
}

/** The keys of a plan as they were read, for what the normalised plan no longer tells: whether a key was given. */
export function writtenKeys(document: YamlDocument): Readonly<Record<string, unknown>> {
  const { value } = document;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A finding as a problem of the document. */
export function placeFinding(document: YamlDocument, finding: Finding): Problem {
  const { path, part, severity = 'error', rule, message, hint, confidential } = finding;
  return {
    file: document.file,
    ...placeOf(document, finding, path, part),
    severity,
    rule,
    message,
    ...defined({ hint }),
    ...(confidential === true && { confidential }),
  };
}

function placeOf(
  document: YamlDocument,
  finding: Finding,
  path: Path,
  part: Finding['part'],
): ReturnType<YamlDocument['placeOf']> {
  if (part !== undefined) return document.placeOfPart(path, part.text, part.offset);
  return finding.atKey === true ? document.placeOfKey(path) : document.placeOf(path);
}
