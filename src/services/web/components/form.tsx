/** Form fields: a label, a control, and an error message. */
import type { Child } from 'hono/jsx';

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly type: 'email' | 'text';
  readonly value: string;
  readonly hint?: string;
  /** The message; undefined = the value is valid. */
  readonly error: string | undefined;
  readonly autocomplete: string;
}

export function Field(props: FieldProps) {
  const { name, error, hint } = props;
  const notes = [hint !== undefined && `${name}-hint`, error !== undefined && `${name}-error`];
  return (
    <p class="field">
      <label for={name}>{props.label}</label>
      {hint !== undefined && (
        <span class="field-hint" id={`${name}-hint`}>
          {hint}
        </span>
      )}
      <input
        id={name}
        name={name}
        type={props.type}
        value={props.value}
        required
        maxlength={254}
        autocomplete={props.autocomplete}
        aria-invalid={error === undefined ? undefined : 'true'}
        aria-describedby={notes.filter(Boolean).join(' ') || undefined}
      />
      {error !== undefined && <ErrorText id={`${name}-error`} text={error} />}
    </p>
  );
}

interface TickProps {
  readonly name: string;
  readonly checked: boolean;
  readonly error: string | undefined;
  readonly children: Child;
}

export function Tick({ name, checked, error, children }: TickProps) {
  return (
    <p class="field">
      <label class="tick">
        <input
          type="checkbox"
          name={name}
          value="yes"
          required
          checked={checked}
          aria-invalid={error === undefined ? undefined : 'true'}
          aria-describedby={error === undefined ? undefined : `${name}-error`}
        />
        <span>{children}</span>
      </label>
      {error !== undefined && <ErrorText id={`${name}-error`} text={error} />}
    </p>
  );
}

function ErrorText({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <span class="field-error" id={id}>
      {text}
    </span>
  );
}
