import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { isInstant } from '../decode/instant.ts';
import { reject, type Rejection } from '../rejection.ts';
import { ownSchemas } from './ajv-options.ts';

/** Checks records against their plug-in's JSON Schema. Each schema is compiled once. */
export interface RecordValidator {
  /** The first fault of the record, or undefined when it is fine. */
  fault(schema: object, record: unknown): Rejection | undefined;
}

export function createValidator(): RecordValidator {
  const ajv = new Ajv2020({ ...ownSchemas, strict: true, allowUnionTypes: true });
  addFormats.default(ajv);
  // Nearly every moment has the one form in which they are written here.
  const dateTime = addFormats.default.get('date-time');
  if (typeof dateTime === 'object' && 'validate' in dateTime) {
    const { validate } = dateTime as { readonly validate: (text: string) => boolean };
    ajv.addFormat('date-time', (text: string) => isInstant(text) || validate(text));
  }
  const compiled = new WeakMap<object, ValidateFunction>();

  return {
    fault(schema, record) {
      let validate = compiled.get(schema);
      if (validate === undefined) {
        validate = ajv.compile(schema);
        compiled.set(schema, validate);
      }
      if (validate(record)) return undefined;
      const [error] = validate.errors ?? [];
      const field = error?.params?.['additionalProperty'] ?? error?.params?.['missingProperty'];
      const pointer = (error?.instancePath ?? '') + (typeof field === 'string' ? `/${field}` : '');
      return reject('validate', 'schema_violation', `${pointer || 'the record'} ${error?.message ?? 'is not valid'}`, pointer);
    },
  };
}
