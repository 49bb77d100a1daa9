/** Values that stand in no log, no answer and no list. Filled when the configuration is read; a process has one configuration. */
const secrets = new Set<string>();
const mark = '[secret]';
/** A shorter one would take pieces out of every word. */
const shortest = 4;
let pattern: RegExp | undefined;

const secretKeys = /^(?:password|token|clientSecret|client_secret|secret)$/;
/** Members of a query that are a key to something, in the words of publishers. */
const secretParameter = /key|token|secret|password|passwd|pwd|signature|^sig$|^auth|^code$|^appid$/i;

/** Learns every secret of a configuration: values of secret keys, passwords in URLs, keys in queries; all as they are and encoded. */
export function hideSecretsOf(value: unknown): void {
  const walk = (one: unknown, key: string): void => {
    if (typeof one === 'string') {
      if (secretKeys.test(key)) hide(one);
      else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(one)) hideUrl(one);
    } else if (typeof one === 'object' && one !== null) for (const [name, member] of Object.entries(one)) walk(member, name);
  };
  walk(value, '');
}

/** A text as it may be shown. */
export function shown(text: string): string {
  if (secrets.size === 0) return text;
  pattern ??= new RegExp(
    [...secrets]
      .sort((a, b) => b.length - a.length)
      .map((one) => one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
      .join('|'),
    'g',
  );
  return text.replace(pattern, mark);
}

function hide(secret: string): void {
  if (secret.length < shortest) return;
  for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) secrets.add(form);
  pattern = undefined;
}

function hideUrl(text: string): void {
  if (!URL.canParse(text)) return;
  const { username, password, searchParams } = new URL(text);
  if (password !== '') {
    hide(password);
    hide(decodeURIComponent(password));
    hide(Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64'));
  } else if (username !== '' && /^(?:nats|tls):/.test(text)) hide(decodeURIComponent(username));
  for (const [name, value] of searchParams) if (secretParameter.test(name)) hide(value);
}
