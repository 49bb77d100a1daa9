const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to do where a connection failed for its certificate; undefined where it failed for something else. */
export function trustAdvice(error: unknown, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { code = '', message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
  if (unknownAuthority.has(code)) {
    const named = environment['NODE_EXTRA_CA_CERTS'] ?? '';
    const where = named === '' ? 'name their file (PEM) in NODE_EXTRA_CA_CERTS' : `NODE_EXTRA_CA_CERTS names ${named}, which lacks them`;
    return `its certificate is signed by itself or by an authority that is not known here; ${where}; klavze up reads it at its start`;
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has ended; renew it there, or set the clock of this machine';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet; set the clock of this machine';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name; use that name in the address';
  // OpenSSL says so when the other side answers in plain text.
  if (/wrong version number|packet length too long/.test(message))
    return 'no TLS is spoken there; check the port, or leave the s of the scheme out';
  return undefined;
}
