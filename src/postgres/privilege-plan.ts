import { grantStatements, withOwner } from './grants.ts';
import { quoteIdentifier } from './identifier.ts';
import type { ObjectTraits } from './object-traits.ts';

/** An object that both databases have. */
export interface SameObject {
  readonly model: ObjectTraits;
  readonly next: ObjectTraits;
}

/** Objects by what they are called, in the order of `model`. */
export function sameObjects(
  model: readonly ObjectTraits[],
  next: readonly ObjectTraits[],
): readonly SameObject[] {
  const byName = new Map(next.map((object) => [nameOf(object), object]));
  // A column without privileges of its own is listed only where another column of its table has some.
  return model.flatMap((object) => {
    const found = byName.get(nameOf(object));
    if (found !== undefined) return [{ model: object, next: found }];
    const table = object.kind === 'column' ? byName.get(`table ${object.target}`) : undefined;
    return table === undefined ? [] : [{ model: object, next: { ...object, oid: table.oid, grants: [] } }];
  });
}

/**
 * Statements that give each object of the new database the owner and the privileges of the same object in the old one.
 * Schemas come first, because an owner of something in them must be allowed in; then owners, because a change of owner
 * rewrites privileges. Pure.
 */
export function privilegeStatements(objects: readonly SameObject[]): readonly string[] {
  const schemas = objects.filter(({ next }) => next.kind === 'schema');
  const others = objects.filter(({ next }) => next.kind !== 'schema');
  return [schemas, others].flatMap((some) => [...some.flatMap(ownerStatements), ...some.flatMap(grantsOf)]);
}

function ownerStatements({ model, next }: SameObject): readonly string[] {
  if (next.owned === null || model.owner === next.owner) return [];
  return [`alter ${next.owned} owner to ${quoteIdentifier(model.owner)}`];
}

function grantsOf({ model, next }: SameObject): readonly string[] {
  const present = withOwner(next.grants, next.owner, model.owner);
  return grantStatements(next.target, model.grants, present, next.columns);
}

function nameOf({ kind, target, columns }: ObjectTraits): string {
  return `${kind} ${target}${columns}`;
}
