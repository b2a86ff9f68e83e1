import { pointerParts, type SchemaError } from './validator.ts';

/**
 * Reduces what Ajv says of alternatives to what an operator can act on: for each failed `anyOf` and `oneOf` the errors
 * of the branch that came nearest, and no error that only follows from another.
 */
export function bestBranches(errors: readonly SchemaError[]): readonly SchemaError[] {
  const dropped = new Set<SchemaError>();
  // Ajv reports the branches first and the alternative after them, so inner ones come before outer ones.
  for (const [index, error] of errors.entries()) {
    if (isConsequence(error, errors)) dropped.add(error);
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') continue;
    const inside = errors.slice(0, index).filter((other) => !dropped.has(other) && belongsTo(other, error));
    if (inside.length === 0) continue;
    const best = bestOf(inside, error);
    for (const other of inside) if (!best.includes(other)) dropped.add(other);
    if (best.length > 0) dropped.add(error);
  }
  return errors.filter((error) => !dropped.has(error));
}

function isConsequence(error: SchemaError, errors: readonly SchemaError[]): boolean {
  switch (error.keyword) {
    case 'if':
    case 'propertyNames':
      // What is wrong was said by the branch, or by the name's own schema.
      return true;
    case 'maxProperties':
      return errors.some(
        (other) => other.keyword === 'additionalProperties' && other.instancePath === error.instancePath,
      );
    default:
      return false;
  }
}

function belongsTo(error: SchemaError, alternative: SchemaError): boolean {
  const below =
    error.instancePath === alternative.instancePath ||
    error.instancePath.startsWith(`${alternative.instancePath}/`);
  if (!below) return false;
  return (
    error.schemaPath.startsWith(`${alternative.schemaPath}/`) ||
    branchReferences(alternative).some((reference) => error.schemaPath.startsWith(reference))
  );
}

function branchReferences(alternative: SchemaError): readonly string[] {
  return branchesOf(alternative).flatMap((branch) =>
    typeof branch === 'object' && branch !== null && '$ref' in branch && typeof branch.$ref === 'string'
      ? [branch.$ref]
      : [],
  );
}

/** The schemas of an alternative's branches. */
export function branchesOf(alternative: SchemaError): readonly unknown[] {
  const parent = alternative.parentSchema;
  if (typeof parent !== 'object' || parent === null) return [];
  const branches = (parent as Record<string, unknown>)[alternative.keyword];
  return Array.isArray(branches) ? branches : [];
}

/** Nothing when no branch is nearer than another: the alternative then speaks for them all. */
function bestOf(inside: readonly SchemaError[], alternative: SchemaError): readonly SchemaError[] {
  if (inside.every(({ keyword }) => keyword === 'required')) return [];
  const groups = Map.groupBy(inside, (error) => branchOf(error, alternative));
  const candidates = [...groups.values()].filter(
    (group) => !group.some((error) => isMismatch(error, alternative)),
  );
  if (candidates.length === 0) return [];
  return candidates.reduce((best, group) => (closeness(group) > closeness(best) ? group : best));
}

function branchOf(error: SchemaError, alternative: SchemaError): string {
  const prefix = `${alternative.schemaPath}/`;
  if (error.schemaPath.startsWith(prefix))
    return error.schemaPath.slice(prefix.length).split('/', 1)[0] ?? '';
  return branchReferences(alternative).find((reference) => error.schemaPath.startsWith(reference)) ?? '';
}

/** The branch wants another kind of value altogether, or another value of the key that tells the branches apart. */
function isMismatch(error: SchemaError, alternative: SchemaError): boolean {
  if (error.keyword === 'type' && error.instancePath === alternative.instancePath) return true;
  return (
    error.keyword === 'const' &&
    pointerParts(error.instancePath).length === pointerParts(alternative.instancePath).length + 1
  );
}

/** Deep errors mean that much of the value fitted; fewer are better. */
function closeness(group: readonly SchemaError[]): number {
  const depth = Math.max(...group.map((error) => pointerParts(error.instancePath).length));
  return depth * 100 - group.length;
}
