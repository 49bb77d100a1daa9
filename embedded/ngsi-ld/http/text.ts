import type { Response } from 'express';

/** JSON text under its bare media type: JSON has no charset parameter (RFC 8259, 11), and clients compare the type whole. */
export function sendText(res: Response, mediaType: string, text: string): void {
  res.setHeader('Content-Type', mediaType);
  res.send(Buffer.from(text));
}
