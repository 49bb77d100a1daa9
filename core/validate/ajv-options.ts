/**
 * For schemas of our own. That each is a valid schema is a test (`test/contract/schemas.test.ts`): to look at it again at every start, Ajv
 * first compiles the schema of schemas, which takes longer than all the rest. Keywords that Ajv does not know are still refused (`strict`).
 */
export const ownSchemas = { meta: false, validateSchema: false } as const;

/** For what is checked a few times only, files that a person edits: to make the compiled code shorter takes longer than to run it. */
export const seldomRun = { ...ownSchemas, code: { optimize: false } } as const;
