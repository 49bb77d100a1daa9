/** The stages of the straight way, in order. `source` is everything before a plug-in saw the data. */
export const stages = ['source', 'decode', 'validate', 'map', 'check', 'screen', 'assess', 'deliver'] as const;
export type Stage = (typeof stages)[number];

/** Every reason for which something is refused. Each has a heading in `docs/rejections.md` (a test compares both). */
export const rejectionCodes = [
  // source: the file or message as a whole
  'unreadable_file',
  'not_the_expected_format',
  'truncated_file',
  'too_large',
  'forbidden_markup',
  'forbidden_archive',
  'too_deep',
  'wrong_encoding',
  'unexpected_content',
  'empty_payload',
  'unknown_topic',
  'too_many_messages',
  // decode
  'malformed_payload',
  'truncated_frame',
  'unknown_frame',
  'missing_field',
  'invalid_value',
  'invalid_time',
  'ambiguous_time',
  'unknown_device',
  'retired_device',
  'before_installation',
  'unknown_model',
  'unsupported_unit',
  'id_not_allowed',
  'codec_failure',
  'refused_by_codec',
  // validate
  'schema_violation',
  // map
  'missing_datum',
  'contradiction',
  'missing_location',
  'no_measurement',
  'unmapped_quantity',
  // check
  'unknown_attribute',
  'unknown_type',
  'invalid_attribute',
  'out_of_model_bounds',
  'missing_attribute',
  'invalid_location',
  'future_time',
  // screen
  'personal_data',
  // deliver
  'refused_by_broker',
  'too_large_for_broker',
  'late_value',
  // any stage: a defect of a plug-in, never of the data
  'plugin_failure',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** Why something did not become an entity. A value, not an exception: the caller keeps it with the raw bytes. */
export interface Rejection {
  readonly stage: Stage;
  readonly code: RejectionCode;
  /** One sentence for the operator: what was found and what was expected. */
  readonly message: string;
  /** JSON pointer (RFC 6901) to the field in the payload, row or entity. */
  readonly pointer?: string;
}

export function reject(stage: Stage, code: RejectionCode, message: string, pointer?: string): Rejection {
  return pointer === undefined ? { stage, code, message } : { stage, code, message, pointer };
}
