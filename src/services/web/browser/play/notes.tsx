/** @jsxImportSource preact */
/** The team's notepad: every player can add, change and remove lines; the last edit wins. */
import { useRef, useState } from 'preact/hooks';
import type { Note } from '@escapement/sdk/session-api';
import { shortId } from '../lib/page.real.ts';
import { Drawer } from './drawer.tsx';
import { SeatIcon, Icon, useModel, usePlayer } from './parts.tsx';

const NOTE_LENGTH_MAX = 300;

export function NotesDrawer() {
  const { session, t } = useModel();
  const notes = session.notes();
  // Edits of this page that have not been echoed yet.
  const [mine, setMine] = useState<ReadonlyMap<string, string>>(new Map());
  const write = (id: string, text: string) => {
    setMine(new Map([...mine, [id, text]]));
    session.sendNote(id, text);
  };
  const shown = withOwn(notes, mine, session.seat(), session.unsent() > 0);
  return (
    <Drawer name="notes" title={t('tool_notes')}>
      <p class="quiet">{t('notes_note')}</p>
      <ul class="notes">
        {shown.map((note) => (
          <NoteLine key={note.id} note={note} write={write} />
        ))}
      </ul>
      {!session.observer() && <NewNote write={write} />}
    </Drawer>
  );
}

/** Shows own edits as if they had been echoed, until they are. */
function withOwn(
  notes: readonly Note[],
  mine: ReadonlyMap<string, string>,
  seat: number,
  unsent: boolean,
): Note[] {
  if (!unsent) return [...notes];
  const edited = notes.map((note) => ({ ...note, text: mine.get(note.id) ?? note.text }));
  const added = [...mine]
    .filter(([id]) => !notes.some((note) => note.id === id))
    .map(([id, text]) => ({ id, seat, text }));
  return [...edited, ...added].filter(({ text }) => text !== '');
}

interface NoteLineProps {
  readonly note: Note;
  readonly write: (id: string, text: string) => void;
}

function NoteLine({ note, write }: NoteLineProps) {
  const { session, t } = useModel();
  const player = usePlayer();
  const [editing, setEditing] = useState(false);
  if (editing) {
    return (
      <li class="note">
        <LineForm
          label={t('notes_edit')}
          value={note.text}
          onDone={(text) => {
            setEditing(false);
            if (text !== null && text !== note.text) write(note.id, text);
          }}
        />
      </li>
    );
  }
  return (
    <li class="note">
      <SeatIcon colour={player(note.seat).colour} />
      <span class="note-text">{note.text}</span>
      {!session.observer() && (
        <span class="note-buttons">
          <button type="button" class="icon-button" onClick={() => setEditing(true)}>
            <Icon name="pen" />
            <span class="visually-hidden">{t('notes_edit_one', { text: note.text })}</span>
          </button>
          <button type="button" class="icon-button" onClick={() => write(note.id, '')}>
            <Icon name="bin" />
            <span class="visually-hidden">{t('notes_remove_one', { text: note.text })}</span>
          </button>
        </span>
      )}
    </li>
  );
}

function NewNote({ write }: Pick<NoteLineProps, 'write'>) {
  const { t } = useModel();
  const [round, setRound] = useState(0);
  return (
    <LineForm
      key={round}
      label={t('notes_add')}
      value=""
      again={round > 0}
      onDone={(text) => {
        if (text === null || text === '') return;
        write(shortId(), text);
        setRound(round + 1);
      }}
    />
  );
}

interface LineFormProps {
  readonly label: string;
  readonly value: string;
  /** Takes the focus when it is rendered. */
  readonly again?: boolean;
  /** null = cancelled. */
  readonly onDone: (text: string | null) => void;
}

function LineForm({ label, value, again, onDone }: LineFormProps) {
  const field = useRef<HTMLInputElement>(null);
  const focus = value !== '' || again === true;
  return (
    <form
      class="line-form"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(field.current?.value.trim() ?? null);
      }}
    >
      <input
        ref={(input) => {
          if (input && focus && field.current !== input) input.focus();
          field.current = input;
        }}
        type="text"
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || value === '') return;
          // Cancels the edit; the drawer stays open.
          event.preventDefault();
          onDone(null);
        }}
        aria-label={label}
        placeholder={label}
        defaultValue={value}
        maxLength={NOTE_LENGTH_MAX}
        autoComplete="off"
        enterKeyHint="done"
      />
      <button type="submit" class="icon-button">
        <Icon name="tick" />
        <span class="visually-hidden">{label}</span>
      </button>
    </form>
  );
}
