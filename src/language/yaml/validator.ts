/** What Ajv says of one violation, as its generated validators give it (`verbose`). */
export interface SchemaError {
  readonly keyword: string;
  /** JSON pointer of the value. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly parentSchema?: unknown;
  readonly data?: unknown;
  readonly propertyName?: string;
}

/** A validator generated from a schema, or compiled from an operator's. Leaves its findings in `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

/** Adds an error to those of a generated validator, where null is none. */
export function withError(errors: SchemaError[] | null, make: () => SchemaError): SchemaError[] {
  if (errors === null) return [make()];
  errors.push(make());
  return errors;
}

/** The violations of a value; empty when it fits. */
export function violations(validate: Validator, value: unknown): readonly SchemaError[] {
  return validate(value) ? [] : namingKeys(validate.errors ?? []);
}

/** A schema of names that is a function of its own does not say whose name it judged; the error after its own does. */
function namingKeys(errors: readonly SchemaError[]): readonly SchemaError[] {
  const named = errors.filter(({ keyword }) => keyword === 'propertyNames');
  return errors.map((error) => {
    const of = named.find(
      ({ instancePath, params }) =>
        instancePath === error.instancePath && params['propertyName'] === error.data,
    );
    return of === undefined ? error : { ...error, propertyName: String(error.data) };
  });
}

/** The parts of a JSON pointer: `/steps/0/with` is `['steps', '0', 'with']`. */
export function pointerParts(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
