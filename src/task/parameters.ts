import type { SchemaError, Validator } from '../language/yaml/validator.ts';
import { pointerParts, violations } from '../language/yaml/validator.ts';
import { readAs } from '../language/yaml/shape.ts';
import { bestBranches } from '../language/yaml/best-branch.ts';
import { Failure } from '../base/failure.ts';

/**
 * Gives interpolated parameters the form that the task's schema wants: text becomes a number or a boolean where one
 * is wanted.
 * @throws Failure `plan-invalid` naming the first value that does not fit
 */
export function fitParameters(
  parameters: Readonly<Record<string, unknown>>,
  validate: Validator,
  step: string,
): Readonly<Record<string, unknown>> {
  const fitted = structuredClone(parameters);
  const errors = violations(validate, fitted);
  if (errors.length === 0) return fitted;
  for (const error of errors) convert(fitted, error);
  const [first] = bestBranches(violations(validate, fitted));
  if (first === undefined) return fitted;
  const key = pointerParts(first.instancePath).join('.');
  throw new Failure(
    'plan-invalid',
    `parameter '${key}' of step '${step}' ${first.message ?? 'does not fit'}`,
    {
      hint: 'this value came in through ${…}; look at --set and at the outputs of the steps before',
    },
  );
}

function convert(parameters: object, error: SchemaError): void {
  if (error.keyword !== 'type' || typeof error.data !== 'string') return;
  const value = readAs(error.data, error.params['type']);
  const parts = pointerParts(error.instancePath);
  const last = parts.at(-1);
  if (value === undefined || last === undefined) return;
  const parent = parts
    .slice(0, -1)
    .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], parameters);
  (parent as Record<string, unknown>)[last] = value;
}
