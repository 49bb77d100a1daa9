/**
 * What the project does against each attack that it knows of, and where that is tried: a text of each file, by which the test is found.
 * `docs/security.md` and `docs/security.sl.md` have the same rows.
 */
export const attacks: Readonly<Record<string, readonly (readonly [file: string, test: string])[]>> = {
  'gzip/zip bomb': [
    ['test/core/source/formats/zip.test.ts', 'a file that is packed too well'],
    ['test/core/source/formats/xlsx.test.ts', 'a zip bomb'],
    ['test/core/source/fetch.test.ts', 'packed small'],
    ['test/core/service/ingest.test.ts', 'also one that only unpacks to it'],
  ],
  'XXE / billion laughs': [
    ['test/core/source/formats/xml.test.ts', 'an external entity'],
    ['test/contract/adapters.test.ts', '<!ENTITY c'],
  ],
  'CSV injection': [['test/security/inputs.test.ts', 'a cell that is a formula']],
  '__proto__/constructor keys': [
    ['test/security/inputs.test.ts', 'a name that reaches into JavaScript'],
    ['test/contract/agents.test.ts', 'ownProperties'],
    ['test/core/source/formats/json.test.ts', 'keeps a member called __proto__ to itself'],
  ],
  'SSRF by @context, csource or dataset URL': [
    ['test/security/reach.test.ts', 'a request names an address inside'],
    ['test/security/redirects.test.ts', 'of a public publisher is not followed'],
  ],
  'Path traversal in config, zip slip': [
    ['test/core/source/formats/zip.test.ts', 'a path out of it'],
    ['test/security/inputs.test.ts', 'a name that is a path'],
  ],
  'JSON depth 10 000 / size': [['test/security/inputs.test.ts', 'nested 10,000 deep is refused before it is parsed']],
  'ReDoS in mapping patterns': [['test/security/limits.test.ts', 'ends soon on a text that is made for it']],
  'Topic injection (+ # / in device id)': [['test/security/inputs.test.ts', 'may not name a device']],
  'Device writes as other device': [
    ['test/security/inputs.test.ts', 'of the payload may not be another one than that of the topic'],
    ['test/deploy/mosquitto.test.ts', 'under its own name only'],
  ],
  Secrets: [['test/security/secrets.test.ts', 'shows none of them']],
  'Token to broker': [
    ['test/security/inputs.test.ts', 'the token of the broker goes to the broker alone'],
    ['test/sharing/apply.test.ts', 'receiverInfo'],
  ],
  'Rate limit': [['test/security/limits.test.ts', 'a device that sends too many messages']],
  GDPR: [['test/security/persons.test.ts', 'publishes no person']],
  'Supply chain': [['test/security/stack.test.ts', 'every package of the lockfile']],
  Container: [['test/security/stack.test.ts', 'read-only, without capabilities']],
  Audit: [['test/security/audit.test.ts', 'the audit log']],
};
