/** Majors whose clients the Containerfile holds and exports install: those that PostgreSQL's own packages carry. */
export const supportedMajors = [14, 15, 16, 17, 18, 19] as const;
