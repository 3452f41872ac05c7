/** Tables, counters and times of the studio's pages. */
import type { Child } from 'hono/jsx';

interface TableProps {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Child[])[];
}

export function Table({ head, rows }: TableProps) {
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            {head.map((title) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CountProps {
  readonly label: string;
  readonly count: number;
  readonly bad?: boolean;
}

export function Count({ label, count, bad }: CountProps) {
  return (
    <li class={bad === true ? 'count count-bad' : 'count'}>
      <strong>{count}</strong>
      {label}
    </li>
  );
}

/** In UTC: the studio and its servers may be in different time zones. */
export function Timestamp({ at }: { readonly at: number }) {
  const iso = new Date(at).toISOString();
  return <time datetime={iso}>{`${iso.slice(0, 16).replace('T', ' ')} UTC`}</time>;
}
