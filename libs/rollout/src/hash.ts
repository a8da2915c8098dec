/** The 64 bits in two halves: BigInt takes four times as long. */
const FNV_OFFSET = { high: 0xcbf29ce4, low: 0x84222325 };
/** FNV's prime is 2^40 and this; what it makes of 32 bits is exact in a number. */
const FNV_PRIME_LOW = 0x1b3;
const HALF = 2 ** 32;

/**
 * FNV-1a, 64 bits, in base 36 (at most 13 characters of `[0-9a-z]`): short enough for labels and names. It tells things
 * apart; it protects nothing.
 */
export function shortHash(text: string): string {
  let { high, low } = FNV_OFFSET;
  for (const byte of utf8(text)) {
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * FNV_PRIME_LOW;
    high = (high * FNV_PRIME_LOW + Math.floor(product / HALF) + (mixed << 8)) >>> 0;
    low = product >>> 0;
  }
  return ((BigInt(high) << 32n) | BigInt(low)).toString(36);
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
