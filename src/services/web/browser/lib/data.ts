/** What the server left for a page's script, and what this browser keeps. */

/** The page's own data block; our server wrote it, so its shape is the caller's to name. */
export function pageData(id: string): unknown {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null');
}

/** null when there is nothing, or storage is forbidden. */
export function stored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** False when storage is forbidden or full: nothing depends on it. */
export function store(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
