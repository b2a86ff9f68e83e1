import { quoteIdentifier } from './identifier.ts';

/** One privilege that a role has on an object; `grantee` null is everybody. */
export interface Grant {
  readonly grantee: string | null;
  /** As aclexplode spells it: `SELECT`. */
  readonly privilege: string;
  readonly grantable: boolean;
}

/**
 * The SQL expression of an object's grants as jsonb, the defaults written out: an array of `Grant`.
 * `kind` is acldefault's letter.
 */
export function grantsExpression(acl: string, kind: string, owner: string): string {
  return `(select coalesce(jsonb_agg(jsonb_build_object(
             'grantee', case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end,
             'privilege', g.privilege_type, 'grantable', g.is_grantable)), '[]')
             from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) g)`;
}

/**
 * Statements that give `target` the grants `wanted` where it has `present`: only for the roles in which they differ.
 * `target` is SQL: `table "public"."orders"`. `columns` is the column list of column privileges: ` ("name")`.
 */
export function grantStatements(
  target: string,
  wanted: readonly Grant[],
  present: readonly Grant[],
  columns = '',
): string[] {
  const grantees = new Set([...present, ...wanted].map(({ grantee }) => grantee));
  return [...grantees].flatMap((grantee) => {
    const has = ofGrantee(present, grantee);
    const wants = ofGrantee(wanted, grantee);
    if (JSON.stringify(has) === JSON.stringify(wants)) return [];
    const who = grantee === null ? 'public' : quoteIdentifier(grantee);
    const list = (grants: readonly Grant[]): string =>
      grants.map(({ privilege }) => `${privilege}${columns}`).join(', ');
    const plain = wants.filter(({ grantable }) => !grantable);
    const grantable = wants.filter((grant) => grant.grantable);
    return [
      ...(has.length === 0 ? [] : [`revoke ${list(has)} on ${target} from ${who}`]),
      ...(plain.length === 0 ? [] : [`grant ${list(plain)} on ${target} to ${who}`]),
      ...(grantable.length === 0
        ? []
        : [`grant ${list(grantable)} on ${target} to ${who} with grant option`]),
    ];
  });
}

/** As they read once the object has another owner: his place is the new one's. */
export function withOwner(grants: readonly Grant[], from: string, to: string): Grant[] {
  const moved = grants.map((grant) => (grant.grantee === from ? { ...grant, grantee: to } : grant));
  return [...new Map(moved.map((grant) => [`${grant.grantee ?? ''} ${grant.privilege}`, grant])).values()];
}

function ofGrantee(grants: readonly Grant[], grantee: string | null): Grant[] {
  return grants
    .filter((grant) => grant.grantee === grantee)
    .map(({ privilege, grantable }) => ({ grantee, privilege, grantable }))
    .sort((left, right) => (left.privilege < right.privilege ? -1 : 1));
}
