/**
 * Where a secret is to be found. Plans, environments, events and records carry only this.
 * `position` is where the operator wrote it (`file:line:column`), for error messages.
 */
export type SecretReference = {
  readonly position: string;
} & (
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'credential'; readonly name: string }
);

/** A resolved secret. It prints, serialises and inspects as `***`; only `reveal()` gives the text. */
export interface Secret {
  reveal(): string;
  toString(): '***';
  toJSON(): '***';
}

/** Resolves references when a process needs them, once a run, and teaches the redactor every value. */
export interface Secrets {
  /** @throws Failure `secret-unavailable` with the reference's position. */
  resolve(reference: SecretReference): Promise<Secret>;
}
