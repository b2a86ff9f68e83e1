import { inspect } from 'node:util';
import type { Secret } from '../../language/secret-reference.ts';

const mask = '***';

/**
 * Wraps a secret's text so that printing, serialising, spreading and inspecting it give `***`; only `reveal()` gives the
 * text. The value lives in a closure: there is no property that a logger could walk into.
 */
export function createSecret(value: string): Secret {
  const secret = {
    reveal: (): string => value,
    toString: (): '***' => mask,
    toJSON: (): '***' => mask,
    [inspect.custom]: (): string => mask,
    [Symbol.toPrimitive]: (): string => mask,
  };
  return Object.freeze(secret);
}
