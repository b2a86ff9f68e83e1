import { Failure } from '../base/failure.ts';

/**
 * The `--set name=value` of a command line as a record.
 *
 * @throws Failure `usage` for one without `=` or a name given twice.
 */
export function parseAssignments(assignments: readonly string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1) {
      throw new Failure('usage', `--set ${assignment} is not name=value`, {
        hint: 'for example --set artifact=latest',
      });
    }
    const name = assignment.slice(0, equals);
    if (values.has(name)) throw new Failure('usage', `--set gives '${name}' twice`);
    values.set(name, assignment.slice(equals + 1));
  }
  return Object.fromEntries(values);
}
