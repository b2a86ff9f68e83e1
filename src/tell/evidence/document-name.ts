/**
 * Names of what is kept of drills: `evidence/<plan>/<runId>.json` and beside it `.md .html .junit.xml`, then
 * `<runId>.seal.json`; of a later sign-off `<runId>.sign-off-<n>.json` and `<runId>.sign-off-<n>.seal.json`. The same
 * keys in the repository and in the state folder.
 */

/** Documents that are written and sealed together: a drill's, or a sign-off's. */
export interface Batch {
  readonly plan: string;
  readonly runId: string;
  readonly kind: 'drill' | 'sign-off';
  /** `<runId>` or `<runId>.sign-off-<n>`: the start of its documents' names. */
  readonly stem: string;
}

/** A document's name in its parts. */
export interface ParsedDocument {
  readonly runId: string;
  readonly kind: Batch['kind'];
  readonly stem: string;
  /** What follows the stem. */
  readonly suffix: string;
}

const runPattern = /^(?<plan>.+)-\d{8}T\d{6}Z-[0-9a-f]{4}$/;
const documentPattern =
  /^(?<stem>(?<runId>.+-\d{8}T\d{6}Z-[0-9a-f]{4})(?<signOff>\.sign-off-(?<number>\d+))?)(?<suffix>\.[a-z.]+)$/;

/** Name of the plan of a run; undefined when the text is no run's id. */
export function planOfRun(runId: string): string | undefined {
  return runPattern.exec(runId)?.groups?.['plan'];
}

export function drillBatch(plan: string, runId: string): Batch {
  return { plan, runId, kind: 'drill', stem: runId };
}

export function signOffBatch(plan: string, runId: string, number: number): Batch {
  return { plan, runId, kind: 'sign-off', stem: `${runId}.sign-off-${number}` };
}

/** The start of every key of a plan's evidence. */
export function evidencePrefix(plan: string): string {
  return `evidence/${plan}/`;
}

export function documentKey(plan: string, name: string): string {
  return evidencePrefix(plan) + name;
}

export function sealName({ stem }: Pick<Batch, 'stem'>): string {
  return `${stem}.seal.json`;
}

/** The last document to be written of a batch: with it the batch is whole. */
export function mainName({ stem }: Pick<Batch, 'stem'>): string {
  return `${stem}.json`;
}

export function isSealName(name: string): boolean {
  return name.endsWith('.seal.json');
}

/** Undefined for names that evidence never has. */
export function parseDocumentName(name: string): ParsedDocument | undefined {
  const groups = documentPattern.exec(name)?.groups;
  const { runId, stem, suffix } = groups ?? {};
  if (runId === undefined || stem === undefined || suffix === undefined) return undefined;
  return { runId, kind: groups?.['signOff'] === undefined ? 'drill' : 'sign-off', stem, suffix };
}
