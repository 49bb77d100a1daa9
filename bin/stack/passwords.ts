import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** 32 letters and digits, 190 bits: long enough that its hash needs no slow function. */
export function newPassword(): string {
  return randomBytes(24).toString('base64').replaceAll('+', 'x').replaceAll('/', 'y');
}

/** A line of Mosquitto's password file: PBKDF2 over SHA-512 with 101 rounds and a salt of 12 bytes, as `mosquitto_passwd` writes it. */
export function mosquittoLine(user: string, password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512');
  return `${user}:$7$101$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** `text` with the line of that user in place of the one before, the others untouched. */
export function withUser(text: string, line: string): string {
  const user = line.slice(0, line.indexOf(':') + 1);
  const others = text.split('\n').filter((other) => other !== '' && !other.startsWith(user));
  return `${[...others, line].join('\n')}\n`;
}
