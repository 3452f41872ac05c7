/** The order page's script: shows and binds the copy buttons if the browser can write to the clipboard. */
const CONFIRMATION_MS = 2_000;

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
  const input = document.getElementById(button.dataset.copy ?? '');
  if (!(input instanceof HTMLInputElement) || !('clipboard' in navigator)) continue;
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', () => {
    input.select();
    void navigator.clipboard.writeText(input.value).then(() => {
      button.textContent = button.dataset.copied ?? label;
      setTimeout(() => {
        button.textContent = label;
      }, CONFIRMATION_MS);
    });
  });
}
