/** The data that the server put in the page, and values kept in localStorage. */

/** The JSON of the page's data block. Our own server wrote it, so callers cast it to its type. */
export function pageData(id: string): unknown {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null');
}

/** Returns null if there is no value, or if the browser denies storage. */
export function stored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** Returns false if the browser denies storage or it is full. */
export function store(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
