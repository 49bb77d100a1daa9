/** The tag of a language map that fits an Accept-Language list best: the exact one, a wider or narrower one, @none, then any. */
export function pickLanguage(tags: readonly string[], wished: string): string | undefined {
  const ranges = wished
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((piece) => piece.trim());
      const quality = parameters.find((piece) => piece.startsWith('q='));
      return { tag: tag.toLowerCase(), q: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ tag, q }) => tag !== '' && q > 0)
    .sort((a, b) => b.q - a.q);
  for (const { tag } of ranges) {
    const found =
      tags.find((one) => one.toLowerCase() === tag) ??
      tags.find((one) => tag.startsWith(`${one.toLowerCase()}-`)) ??
      tags.find((one) => one.toLowerCase().startsWith(`${tag}-`));
    if (found !== undefined) return found;
  }
  return tags.find((one) => one === '@none') ?? tags[0];
}
