import type { ExportedPlan } from './exported-plan.ts';

/** References to secrets of a plan's environments and parameters, by where each is found; names sorted, each once. */
export interface SecretsUsed {
  readonly variables: readonly string[];
  readonly credentials: readonly string[];
  /** Files and commands of the host: what a scheduler's store cannot give. */
  readonly files: readonly string[];
  readonly commands: readonly string[];
}

interface Reference {
  readonly kind: 'env' | 'credential' | 'file' | 'command';
  readonly name: string;
}

/** Finds every reference, however deep it lies in settings: those of alerts and of tasks' parameters as well. */
export function secretsUsed({ plan, environments }: ExportedPlan): SecretsUsed {
  const parameters = plan.steps.map(({ action }) => (action.kind === 'task' ? action.parameters : {}));
  const variables = plan.steps.map((step) => step.variables);
  const found = [...environments, ...parameters, ...variables].flatMap(referencesIn);
  const names = (kind: Reference['kind']): readonly string[] =>
    [...new Set(found.filter((each) => each.kind === kind).map(({ name }) => name))].sort();
  return {
    variables: names('env'),
    credentials: names('credential'),
    files: names('file'),
    commands: names('command'),
  };
}

function referencesIn(value: unknown): readonly Reference[] {
  if (typeof value !== 'object' || value === null) return [];
  const reference = asRead(value) ?? asWritten(value);
  return reference === undefined ? Object.values(value).flatMap(referencesIn) : [reference];
}

/** A reference of an environment. */
function asRead(value: object): Reference | undefined {
  if (!('kind' in value) || !('position' in value)) return undefined;
  const text =
    'name' in value ? value.name : 'path' in value ? value.path : 'command' in value && value.command;
  return referenceOf(value.kind, text);
}

/** A reference as a task's parameters spell it: a mapping of that one key. */
function asWritten(value: object): Reference | undefined {
  const [[kind, text] = [], second] = Object.entries(value);
  return second === undefined ? referenceOf(kind, text) : undefined;
}

function referenceOf(kind: unknown, text: unknown): Reference | undefined {
  if (typeof text !== 'string') return undefined;
  return kind === 'env' || kind === 'credential' || kind === 'file' || kind === 'command'
    ? { kind, name: text }
    : undefined;
}
