import { createHash, timingSafeEqual } from 'node:crypto';

export interface MqttUser {
  readonly username: string;
  readonly password: string;
}

/** Whether name and password belong to a user. Takes the same time whichever user or letter is wrong. */
export function isUser(users: readonly MqttUser[], username: string | undefined, password: Uint8Array | undefined): boolean {
  let found = false;
  for (const user of users) {
    const nameFits = sameText(user.username, Buffer.from(username ?? ''));
    const passwordFits = sameText(user.password, password ?? Buffer.alloc(0));
    found = (nameFits && passwordFits) || found;
  }
  return found;
}

function sameText(expected: string, given: Uint8Array): boolean {
  return timingSafeEqual(createHash('sha256').update(expected).digest(), createHash('sha256').update(given).digest());
}
