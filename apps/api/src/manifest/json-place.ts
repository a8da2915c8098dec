const TOKEN =
  /[ \t\r\n]*(?:(?<mark>[{}[\],:])|(?<text>"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?<word>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y;

/** What may come next, as the characters that marks are and `v` for a value, `k` for a key. */
type Next = 'v' | 'v]' | 'k' | 'k}' | ':' | ',]' | ',}' | '';

/**
 * Where a text stops being JSON, which `JSON.parse` says only of long ones. An offset; the length of a text that is cut off.
 */
export function offsetOfJsonError(text: string): number {
  const open: ('[' | '{')[] = [];
  let next: Next = 'v';
  TOKEN.lastIndex = 0;
  for (;;) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    const kind = groups?.['mark'] ?? (groups?.['text'] === undefined ? 'w' : 't');
    const allowed = groups !== undefined && isAllowed(kind, next);
    if (!allowed) {
      return from + /^[ \t\r\n]*/.exec(text.slice(from, from + 10_000))![0].length;
    }
    next = after(kind, next, open);
  }
}

function isAllowed(kind: string, next: Next): boolean {
  if (kind === '{' || kind === '[' || kind === 'w') {
    return next.startsWith('v');
  }
  return kind === 't' ? /^[vk]/.test(next) : next.includes(kind);
}

function after(kind: string, next: Next, open: ('[' | '{')[]): Next {
  switch (kind) {
    case '{':
      open.push('{');
      return 'k}';
    case '[':
      open.push('[');
      return 'v]';
    case ':':
      return 'v';
    case ',':
      return open.at(-1) === '{' ? 'k' : 'v';
    case '}':
    case ']':
      open.pop();
      return afterValue(open);
    default:
      return next.startsWith('k') ? ':' : afterValue(open);
  }
}

function afterValue(open: readonly ('[' | '{')[]): Next {
  const innermost = open.at(-1);
  return innermost === undefined ? '' : innermost === '{' ? ',}' : ',]';
}
