const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const MASK = (1n << 64n) - 1n;

/**
 * FNV-1a, 64 bits, in base 36 (at most 13 characters of `[0-9a-z]`): short enough for labels and names. It tells things
 * apart; it protects nothing.
 */
export function shortHash(text: string): string {
  let hash = FNV_OFFSET;
  for (const byte of utf8(text)) {
    hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & MASK;
  }
  return hash.toString(36);
}

/** The workflow sandbox has TextEncoder only by courtesy; encodeURIComponent is plain ECMAScript. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  const encoded = encodeURIComponent(text.toWellFormed());
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] === '%') {
      bytes.push(Number.parseInt(encoded.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      bytes.push(encoded.charCodeAt(i));
    }
  }
  return bytes;
}
