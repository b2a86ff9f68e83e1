import { didYouMean } from '../yaml/did-you-mean.ts';
import type { Path } from '../yaml/yaml-document.ts';
import { interpolationsIn, runNames, type Interpolation, type TextKind } from './interpolate.ts';
import type { KnownNames } from './check-names.ts';
import type { Finding, PlacedStep, PlanFile } from './plan-file.ts';

interface PlacedText {
  readonly text: string;
  readonly kind: TextKind;
  readonly path: Path;
}

/** Every `${…}` of a plan's steps that names nothing: parameters, the run, outputs of the steps before. */
export function checkInterpolations(file: PlanFile, known: KnownNames): readonly Finding[] {
  return file.steps.flatMap((placed, index) =>
    textsOf(placed).flatMap(({ text, kind, path }) => {
      const found = interpolationsIn(text, kind).flatMap((interpolation) => {
        const fault = faultOf(interpolation, file, index, known);
        return fault === undefined ? [] : [{ ...fault, path, part: partOf(text, interpolation) }];
      });
      return [...found, ...unclosed(text, kind, path)];
    }),
  );
}

function partOf(text: string, { offset, length }: Interpolation): NonNullable<Finding['part']> {
  return { text: text.slice(offset, offset + length), offset };
}

function unclosed(text: string, kind: TextKind, path: Path): readonly Finding[] {
  const at = kind === 'value' ? /(?<!\$)\$\{[^}]*$/.exec(text) : null;
  if (at === null) return [];
  const part = { text: at[0], offset: at.index };
  return [{ rule: 'unknown-interpolation', message: `'${at[0]}' has no closing brace`, path, part }];
}

/** The texts of a step in which `${…}` has a meaning. */
function textsOf({ step, path }: PlacedStep): readonly PlacedText[] {
  const { action, when, variables = {} } = step;
  const everywhere: PlacedText[] = [
    ...(when === undefined ? [] : [{ text: when, kind: 'value' as const, path: [...path, 'when'] }]),
    ...Object.entries(variables).flatMap(([name, text]): readonly PlacedText[] =>
      typeof text === 'string' ? [{ text, kind: 'value', path: [...path, 'env', name] }] : [],
    ),
  ];
  if (action.kind === 'task') return [...everywhere, ...textsIn(action.parameters, [...path, 'with'])];
  if (action.kind === 'confirm')
    return [...everywhere, { text: action.text, kind: 'value', path: [...path, 'confirm'] }];
  const paths = (['cwd', 'junit'] as const).flatMap((key): PlacedText[] => {
    const text = action[key];
    return text === undefined ? [] : [{ text, kind: 'value', path: [...path, key] }];
  });
  return [...everywhere, { text: action.script, kind: 'script', path: [...path, 'run'] }, ...paths];
}

function textsIn(value: unknown, path: Path): readonly PlacedText[] {
  if (typeof value === 'string') return [{ text: value, kind: 'value', path }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => textsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item as unknown, [...path, key]));
}

type Fault = Pick<Finding, 'rule' | 'message' | 'hint'>;

function faultOf(
  { expression, name }: Interpolation,
  file: PlanFile,
  index: number,
  known: KnownNames,
): Fault | undefined {
  if (name === undefined) return unknownExpression(expression, file);
  switch (name.kind) {
    case 'run':
      return undefined;
    case 'parameter': {
      const names = file.plan.parameters.map((parameter) => parameter.name);
      if (names.includes(name.name)) return undefined;
      const hint =
        names.length === 0 ? "the plan has no 'parameters'" : `the plan's parameters are ${names.join(', ')}`;
      return {
        rule: 'unknown-parameter',
        message: `unknown parameter '${name.name}'${didYouMean(name.name, names)}`,
        hint,
      };
    }
    case 'output':
      return outputFault(name.step, name.output, file, index, known);
  }
}

function outputFault(
  id: string,
  output: string,
  file: PlanFile,
  index: number,
  known: KnownNames,
): Fault | undefined {
  const ids = file.plan.steps.map((step) => step.id);
  const at = ids.indexOf(id);
  if (at === -1) {
    const hint = `the plan's steps are ${ids.join(', ')}`;
    return { rule: 'unknown-step', message: `unknown step '${id}'${didYouMean(id, ids)}`, hint };
  }
  if (at >= index) {
    const message =
      at === index ? `step '${id}' cannot use its own output` : `step '${id}' comes later than this one`;
    return { rule: 'forward-reference', message, hint: 'a step can use outputs of the steps before it' };
  }
  const action = file.plan.steps[at]?.action;
  const task = action?.kind === 'task' ? known.task(action.task) : undefined;
  if (action?.kind === 'task' && task === undefined) return undefined;
  const outputs = task?.outputs ?? [];
  if (outputs.includes(output)) return undefined;
  const hint = outputs.length === 0 ? 'it has no outputs' : `its outputs are ${outputs.join(', ')}`;
  return {
    rule: 'unknown-output',
    message: `step '${id}' has no output '${output}'${didYouMean(output, outputs)}`,
    hint,
  };
}

function unknownExpression(expression: string, file: PlanFile): Fault {
  const candidates = [
    ...runNames.map((name) => `run.${name}`),
    ...file.plan.parameters.map(({ name }) => `parameters.${name}`),
  ];
  const meant = didYouMean(expression, candidates);
  const hint =
    'known are parameters.NAME, run.id, run.scratch and steps.ID.OUTPUT; $${ stands for a plain ${';
  return { rule: 'unknown-interpolation', message: `\${${expression}} means nothing here${meant}`, hint };
}
