import { inScripts, valueOf, type InterpolationScope } from './interpolate.ts';

/** A script whose values come to bash as variables, so that no value is ever read as code. */
export interface InterpolatedScript {
  readonly script: string;
  /** To be set for bash: one variable for each different expression. */
  readonly environment: Readonly<Record<string, string>>;
}

type Quoting = 'none' | 'double' | 'single' | 'here-document';

/**
 * Puts the scope's values into a bash script. Each `${…}` of run-plan becomes a reference to a variable, quoted as its
 * surroundings need it, so that it stays one word wherever it stands; bash's own `${…}` stays as it is.
 * @throws Failure `plan-invalid` for a name without a value
 */
export function interpolateScript(script: string, scope: InterpolationScope): InterpolatedScript {
  const environment: Record<string, string> = {};
  const names = new Map<string, string>();
  const quotingAt = quotingOf(script);
  const replaced = script.replaceAll(inScripts, (_, expression: string | undefined, offset: number) => {
    if (expression === undefined) return '\\${';
    const name = names.get(expression) ?? `RUN_PLAN_VALUE_${String(names.size + 1)}`;
    names.set(expression, name);
    environment[name] = valueOf(expression, scope);
    return reference(name, quotingAt(offset));
  });
  return { script: replaced, environment };
}

function reference(name: string, quoting: Quoting): string {
  switch (quoting) {
    case 'none':
      return `"\${${name}}"`;
    case 'single':
      return `'"\${${name}}"'`;
    case 'double':
    case 'here-document':
      return `\${${name}}`;
  }
}

/**
 * Tells how bash quotes each offset. It knows quotes, escapes, comments, `$(…)` inside quotes and here documents, which
 * is what scripts of a few lines use; a wrong guess costs a quote too many and never runs a value.
 */
function quotingOf(script: string): (offset: number) => Quoting {
  const states: Quoting[] = [];
  const stack: Quoting[] = ['none'];
  const bodies = hereDocuments(script);
  for (let at = 0; at < script.length; at += 1) {
    const body = bodies.find(({ start, end }) => at >= start && at < end);
    const state = body === undefined ? (stack.at(-1) ?? 'none') : 'here-document';
    states.push(state);
    if (body !== undefined) continue;
    const character = script.charAt(at);
    if (character === '\\' && state !== 'single') {
      at += 1;
      states.push(state);
    } else if (state === 'single') {
      if (character === "'") stack.pop();
    } else if (character === '"') {
      if (state === 'double') stack.pop();
      else stack.push('double');
    } else if (character === "'" && state === 'none') {
      stack.push('single');
    } else if (script.startsWith('$(', at)) {
      stack.push('none');
    } else if (character === ')' && state === 'none' && stack.length > 1) {
      stack.pop();
    } else if (character === '#' && state === 'none' && /^$|\s/.test(script.charAt(at - 1))) {
      const end = script.indexOf('\n', at);
      const last = end === -1 ? script.length : end;
      while (at < last - 1) {
        at += 1;
        states.push('none');
      }
    }
  }
  return (offset) => states[offset] ?? 'none';
}

function hereDocuments(script: string): readonly { readonly start: number; readonly end: number }[] {
  return [...script.matchAll(/(?<!<)<<-?\s*(['"]?)(\w+)\1/g)].flatMap((match) => {
    const start = script.indexOf('\n', match.index) + 1;
    if (start === 0) return [];
    const terminator = new RegExp(`^\\t*${match[2] ?? ''}$`, 'm').exec(script.slice(start));
    return [{ start, end: terminator === null ? script.length : start + terminator.index }];
  });
}
